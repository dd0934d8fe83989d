// Puts into a named map and of structs, to be read beside those of `put`; and puts beside held snapshots.
#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool has_named_maps(const abilities& can) { return can.named_maps; }
[[nodiscard]] bool has_types(const abilities& can) { return can.typed; }
[[nodiscard]] bool has_snapshots(const abilities& can) { return can.snapshots && can.batches; }

using start = std::unique_ptr<session> (store::*)();

/// The store is empty: its map is filled and used here, through the session that is asked for.
[[nodiscard]] measurements put_into(const bench& with, state in, start session) {
    with.on.use((with.on.opened().*session)());
    with.on.load(with.on.keys().sorted());
    if (in == state::in_use) {
        with.on.put_randomly(with.on.keys().drawn(with.seed + 77), {with.given.use_seconds});
    }
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), with.few(in), &each);
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

/// Each snapshot holds another commit. Tiny data sets, which measure nothing, have fewer.
[[nodiscard]] measurements put_beside_snapshots(const bench& with, std::size_t count) {
    std::vector<std::shared_ptr<void>> held;
    const key_sequence keys = with.on.keys().drawn(with.seed + 7);
    for (std::size_t i = 0; i < std::min<std::uint64_t>(count, with.on.keys().entries() / 10); ++i) {
        with.on.put_randomly(keys, {1e9, 1});
        held.push_back(with.on.main().hold_snapshot());
    }
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), with.until(), &each);
    held.clear();
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

} // namespace

void add_maps(std::vector<workload>& all) {
    const std::vector<state> both = {state::loaded, state::in_use};
    all.push_back(
        {"put-named-map", "put, into a named map", both, true, false, has_named_maps,
         [](const bench& with, state in) { return put_into(with, in, &store::start_named_session); }});
    all.back().fills = true;
    all.push_back(
        {"put-struct", "put of a struct into a typed map", both, true, false, has_types,
         [](const bench& with, state in) { return put_into(with, in, &store::start_typed_session); }});
    all.back().fills = true;
    all.back().fits = [](const key_set&, std::size_t bytes) {
        return bytes == 8 || bytes == 100 || bytes == 1000;
    };
    for (const std::size_t count : {std::size_t{1}, std::size_t{100}, std::size_t{1000}}) {
        all.push_back({"put-beside-" + std::to_string(count) + (count == 1 ? "-snapshot" : "-snapshots"),
                       "put, while snapshots of as many commits are held",
                       {state::loaded},
                       true,
                       false,
                       has_snapshots,
                       [count](const bench& with, state) { return put_beside_snapshots(with, count); }});
    }
}

} // namespace compare
