// Random look-ups by one thread.
#include <array>

#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool reads(const abilities& can) { return can.reads; }

[[nodiscard]] bool knows_absence(const abilities& can) { return can.reads && can.absence; }

/// Look-ups one by one by `get(key, position)`; the latencies in a second run, because measuring them takes time.
template <class Get>
[[nodiscard]] measurements single_gets(const bench& with, const key_sequence& keys, value_check& check,
                                       Get&& get) {
    check.expect(keys.entries());
    std::size_t next = 0;
    const auto once = [&](std::uint64_t) {
        get(keys.key(next), next);
        next = next + 1 == keys.size() ? 0 : next + 1;
    };
    const timed rate = repeat(with.until(), once);
    latencies each;
    const timed slower = repeat({with.given.seconds / 2}, each, once);
    (void)slower;
    return {{"", rate.each(), "ns", each}};
}

[[nodiscard]] measurements get(const bench& with, state) {
    value_check check = with.on.check();
    measurements result =
        single_gets(with, with.on.keys().drawn(with.seed), check,
                    [&](std::string_view key, std::size_t at) { with.on.main().get(key, at, check); });
    require_all(check, check.taken(), "get");
    require(check.taken() > 0, "get found nothing");
    return result;
}

[[nodiscard]] measurements get_absent(const bench& with, state) {
    value_check check = with.on.check();
    measurements result =
        single_gets(with, with.on.keys().twins(with.seed, std::uint64_t{1} << 20), check,
                    [&](std::string_view key, std::size_t at) { with.on.main().get(key, at, check); });
    require_all(check, 0, "get of absent keys");
    return result;
}

using many_gets = void (session::*)(std::span<const std::string_view>, value_check&);

/// Look-ups so many at a time.
[[nodiscard]] measurements get_groups(const bench& with, std::size_t a_group, many_gets get) {
    const key_sequence keys = with.on.keys().drawn(with.seed);
    std::vector<std::string_view> views(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        views[i] = keys.key(i);
    }
    value_check check = with.on.check();
    std::size_t next = 0;
    const timed groups = repeat(with.until(), [&](std::uint64_t) {
        next = next + a_group <= keys.size() ? next : 0;
        check.expect(std::span(keys.entries()).subspan(next, a_group));
        (with.on.main().*get)(std::span(views).subspan(next, a_group), check);
        next += a_group;
    });
    require_all(check, groups.operations * a_group, "gets of a group");
    return {{"", groups.each() / static_cast<double>(a_group)}};
}

} // namespace

void add_reads(std::vector<workload>& all) {
    const std::vector<state> both = {state::loaded, state::in_use};
    all.push_back({"get", "random look-ups, each consistent by itself", both, false, false, reads, get});
    all.push_back({"get-absent",
                   "look-ups of keys that are not there, each between two that are",
                   {state::loaded},
                   false,
                   false,
                   knows_absence,
                   get_absent});
    all.push_back({"get-in-one", "random look-ups, 1000 in one snapshot or transaction", both, false, false,
                   reads,
                   [](const bench& with, state) { return get_groups(with, 1000, &session::get_in_one); }});
    for (const std::size_t a_group : {std::size_t{8}, std::size_t{100}}) {
        all.push_back(
            {"get-many-" + std::to_string(a_group),
             "random look-ups, " + std::to_string(a_group) + " at once, each",
             {state::loaded},
             false,
             false,
             reads,
             [a_group](const bench& with, state) { return get_groups(with, a_group, &session::get_many); }});
    }
}

} // namespace compare
