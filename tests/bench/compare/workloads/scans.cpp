// Walking in the order of keys.
#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool ordered(const abilities& can) { return can.ordered; }
[[nodiscard]] bool reversible(const abilities& can) { return can.reverse; }
[[nodiscard]] bool have_prefixes(const key_set& keys, std::size_t) { return keys.has_prefixes(); }

/// Whole scans; each one met every entry once.
[[nodiscard]] measurements scan_all(const bench& with, void (session::*scan)(value_check&)) {
    const std::uint64_t entries = with.on.keys().entries();
    value_check check = with.on.check();
    std::uint64_t scans = 0;
    const steady::time_point begin = steady::now();
    do {
        (with.on.main().*scan)(check);
        ++scans;
    } while (nanoseconds_since(begin) < with.given.seconds * 1e9);
    const double nanoseconds = nanoseconds_since(begin);
    require_all(check, scans * entries, "scan");
    require(check.sum() == scans * (entries * (entries - 1) / 2),
            "a scan met an entry twice, and missed another");
    return {{"", nanoseconds / static_cast<double>(scans * entries)}};
}

[[nodiscard]] measurements scan_prefixes(const bench& with, state) {
    const key_set& keys = with.on.keys();
    const key_sequence drawn = keys.drawn(with.seed);
    std::vector<std::string> prefixes;
    for (std::size_t i = 0; i < std::min<std::size_t>(drawn.size(), 1U << 16); ++i) {
        prefixes.push_back(keys.prefix(drawn.entries()[i]));
    }
    value_check check = with.on.check();
    std::uint64_t expected = 0;
    const timed done = repeat(with.until(), [&](std::uint64_t i) {
        with.on.main().scan_prefix(prefixes[i % prefixes.size()], check);
        expected += keys.entries_of_prefix(drawn.entries()[i % prefixes.size()]);
    });
    require_all(check, expected, "scan of a prefix");
    return {{"", done.nanoseconds / static_cast<double>(expected)}};
}

} // namespace

void add_scans(std::vector<workload>& all) {
    const std::vector<state> both = {state::loaded, state::in_use};
    all.push_back({"scan", "all entries in order, each", both, false, false, ordered,
                   [](const bench& with, state) { return scan_all(with, &session::scan); }});
    all.push_back({"scan-reverse", "all entries in reverse order, each", both, false, false, reversible,
                   [](const bench& with, state) { return scan_all(with, &session::scan_reverse); }});
    all.push_back({"scan-prefix", "the 100 entries whose keys begin alike, each", both, false, false, ordered,
                   scan_prefixes, have_prefixes});
}

} // namespace compare
