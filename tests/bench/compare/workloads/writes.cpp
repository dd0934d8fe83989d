// Writes by one thread. The process may be killed after each; what else it survives, the row says.
#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool writes(const abilities& can) { return can.batches; }

[[nodiscard]] bool erases(const abilities& can) { return can.batches && can.absence; }

[[nodiscard]] measurements put(const bench& with, state in) {
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), with.few(in), &each);
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

[[nodiscard]] measurements put_batches(const bench& with, state in) {
    const std::size_t a_batch = std::min<std::size_t>(batch_entries, with.on.keys().entries());
    const key_sequence keys = with.on.keys().drawn(with.seed);
    batch some(a_batch, with.on.keys().key_bytes(), with.on.value_bytes());
    const limits until = with.few(in);
    timed sum;
    std::size_t next = 0;
    while (sum.nanoseconds < until.seconds * 1e9 && sum.operations < until.operations_max) {
        some.clear();
        while (!some.full()) {
            some.add(keys.key(next), with.on.values().next(keys.entries()[next]));
            with.on.note(keys.entries()[next]);
            next = next + 1 == keys.size() ? 0 : next + 1;
        }
        const steady::time_point begin = steady::now();
        with.on.main().put_batch(some.entries());
        sum.nanoseconds += nanoseconds_since(begin);
        sum.operations += a_batch;
    }
    with.on.verify(with.seed);
    return {{"", sum.each()}};
}

/// New keys one by one, and away with them again: afterwards there are as many as before.
[[nodiscard]] measurements insert_and_erase(const bench& with, state in) {
    const key_sequence keys = with.on.keys().twins(with.seed, with.few(in).operations_max);
    session& to = with.on.main();
    latencies each_insert;
    const timed inserted = repeat({with.given.seconds, keys.size()}, each_insert, [&](std::uint64_t i) {
        to.put(keys.key(i), with.on.values().next(keys.entries()[i]));
    });
    value_check found = with.on.check();
    found.expect(keys.entries());
    to.get(keys.key(0), 0, found);
    require_all(found, 1, "a key that was inserted");
    latencies each_erase;
    const timed erased =
        repeat({1e9, inserted.operations}, each_erase, [&](std::uint64_t i) { to.erase(keys.key(i)); });
    to.get(keys.key(0), 0, found);
    require_all(found, 1, "a key that was erased again");
    with.on.verify(with.seed);
    return {{"insert", inserted.each(), "ns", each_insert}, {"erase", erased.each(), "ns", each_erase}};
}

} // namespace

void add_writes(std::vector<workload>& all) {
    const std::vector<state> both = {state::loaded, state::in_use};
    all.push_back(
        {"put", "another value for a random key, a transaction each", both, true, false, writes, put});
    all.push_back({"put-batch", "other values for 1000 random keys in one transaction, each", both, true,
                   false, writes, put_batches});
    all.push_back({"put-new",
                   "new keys in random order, a transaction each; and then their erasure, likewise", both,
                   true, false, erases, insert_and_erase});
}

} // namespace compare
