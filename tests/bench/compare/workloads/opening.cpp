// Stores that were closed: opened by other processes, or by this one after their files left the page cache.
#include "run/children.hpp"
#include "run/memory.hpp"
#include "run/page_cache.hpp"
#include "workloads/workload.hpp"

namespace compare {

namespace {

/// The first 20,000, where that does not take for ever: beyond them the page cache is not cold any more.
[[nodiscard]] limits cold_limits(const bench& with) noexcept { return {20 * with.given.seconds, 20'000}; }

[[nodiscard]] bool is_file(const abilities& can) { return can.file && can.reads; }
[[nodiscard]] bool is_ordered_file(const abilities& can) { return is_file(can) && can.ordered; }
[[nodiscard]] bool has_memory(const abilities& can) { return is_file(can) || can.server; }
[[nodiscard]] bool has_readers(const abilities& can) { return can.readers; }

/// The time of one get of all processes together.
[[nodiscard]] measurements get_by_processes(const bench& with, state) {
    with.on.close();
    const measurement result = run_children(with, "get", 2);
    with.on.open();
    return {result};
}

/// In a process of its own.
[[nodiscard]] opened_and_read open_by_process(const bench& with, bool reads_on, bool cold) {
    with.on.close();
    if (cold) {
        drop_page_cache(with.on.folder());
    }
    const opened_and_read result = run_opener(with, reads_on);
    with.on.open();
    return result;
}

[[nodiscard]] measurements open_and_close(const bench& with, state) {
    return {{"", open_by_process(with, false, false).open_ns},
            {"close", open_by_process(with, true, false).close_ns}};
}

[[nodiscard]] measurements open_cold_by_process(const bench& with, state) {
    return {{"", open_by_process(with, false, true).open_ns}};
}

/// Of a process that opened the store and read as often as it has entries; or of the server that holds it.
[[nodiscard]] measurements memory(const bench& with, state) {
    if (const int server = with.on.of().server_of(with.on.folder()); server != 0) {
        return {{"own", memory_of(server, "RssAnon"), "bytes"},
                {"file", memory_of(server, "RssFile"), "bytes"}};
    }
    const opened_and_read found = open_by_process(with, true, false);
    return {{"own", found.own_bytes, "bytes"}, {"file", found.file_bytes, "bytes"}};
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
    all.push_back({"open", "open and first get in a process of its own; close after reading all", used, false,
                   false, is_file, open_and_close});
    all.push_back(
        {"memory", "of a process that read all, or of the server", used, false, false, has_memory, memory});
    all.push_back({"cold-open", "open and first get, the files not in the page cache", used, false, false,
                   is_file, open_cold_by_process});
    all.push_back({"cold-scan", "a first scan, the files not in the page cache", used, false, false,
                   is_ordered_file, cold_scan});
    all.push_back({"cold-gets", "the first 20,000 gets, the files not in the page cache", used, false, false,
                   is_file, cold_gets});
    all.push_back({"cold-puts", "the first 20,000 puts, the files not in the page cache", used, true, false,
                   is_file, cold_puts});
}

} // namespace compare
