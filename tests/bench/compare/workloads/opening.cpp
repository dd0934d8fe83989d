// Stores that were closed: opened by other processes, or by this one after their files left the page cache.
#include "run/children.hpp"
#include "run/page_cache.hpp"
#include "workloads/workload.hpp"

namespace compare {

namespace {

/// The first 20,000, where that does not take for ever: beyond them the page cache is not cold any more.
[[nodiscard]] limits cold_limits(const bench& with) noexcept { return {20 * with.given.seconds, 20'000}; }

[[nodiscard]] bool is_file(const abilities& can) { return can.file && can.reads; }
[[nodiscard]] bool is_ordered_file(const abilities& can) { return is_file(can) && can.ordered; }
[[nodiscard]] bool has_readers(const abilities& can) { return can.readers; }

/// The time of one get of all processes together.
[[nodiscard]] measurements get_by_processes(const bench& with, state) {
    with.on.close();
    const measurement result = run_children(with, "get", 2);
    with.on.open();
    return {result};
}

/// In a process of its own: open and first get; close after reading 20,000; memory meanwhile.
[[nodiscard]] measurements open_by_process(const bench& with, bool cold) {
    with.on.close();
    if (cold) {
        drop_page_cache(with.on.folder());
    }
    measurements result = run_opener(with);
    with.on.open();
    if (cold) {
        result.resize(1);
    }
    return result;
}

/// As after a reboot, or nearly.
void open_cold(const bench& with) {
    with.on.close();
    drop_page_cache(with.on.folder());
    with.on.open();
}

[[nodiscard]] measurements cold_scan(const bench& with, state) {
    open_cold(with);
    value_check check = with.on.check();
    const steady::time_point begin = steady::now();
    with.on.main().scan(check);
    const double nanoseconds = nanoseconds_since(begin);
    require_all(check, with.on.keys().entries(), "cold scan");
    return {{"", nanoseconds / static_cast<double>(with.on.keys().entries())}};
}

[[nodiscard]] measurements cold_gets(const bench& with, state) {
    open_cold(with);
    const key_sequence keys = with.on.keys().drawn(with.seed);
    value_check check = with.on.check();
    check.expect(keys.entries());
    latencies each;
    const timed done = repeat(cold_limits(with), each, [&](std::uint64_t i) {
        with.on.main().get(keys.key(i % keys.size()), i % keys.size(), check);
    });
    require_all(check, done.operations, "cold gets");
    return {{"", done.each(), "ns", each}};
}

[[nodiscard]] measurements cold_puts(const bench& with, state) {
    open_cold(with);
    latencies each;
    const timed done = with.on.put_randomly(with.on.keys().drawn(with.seed), cold_limits(with), &each);
    with.on.verify(with.seed);
    return {{"", done.each(), "ns", each}};
}

} // namespace

void add_opening(std::vector<workload>& all) {
    const std::vector<state> used = {state::in_use};
    all.push_back({"get-2-processes",
                   "random look-ups by 2 processes together",
                   {state::loaded},
                   false,
                   false,
                   has_readers,
                   get_by_processes});
    all.push_back({"open", "open and first get in a process of its own; close and memory after reading", used,
                   false, false, is_file,
                   [](const bench& with, state) { return open_by_process(with, false); }});
    all.push_back({"cold-open", "open and first get, the files not in the page cache", used, false, false,
                   is_file, [](const bench& with, state) { return open_by_process(with, true); }});
    all.push_back({"cold-scan", "a first scan, the files not in the page cache", used, false, false,
                   is_ordered_file, cold_scan});
    all.push_back({"cold-gets", "the first 20,000 gets, the files not in the page cache", used, false, false,
                   is_file, cold_gets});
    all.push_back({"cold-puts", "the first 20,000 puts, the files not in the page cache", used, true, false,
                   is_file, cold_puts});
}

} // namespace compare
