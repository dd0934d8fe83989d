// Maps are ordered: ranges, prefixes, backwards, standard algorithms.
#include <holdfast/store.hpp>

#include <algorithm>
#undef NDEBUG // the assertions are the point
#include <cassert>
#include <iterator>
#include <string>
#include <vector>

int main() {
    auto store = holdfast::store::open("ranges.hold");
    store.update([](holdfast::write_transaction& tx) {
        for (int day = 10; day < 20; ++day) {
            tx.map("log").put("2026-11-" + std::to_string(day), "entry " + std::to_string(day));
        }
    });

    const holdfast::snapshot now = store.snapshot();
    const holdfast::map_view log = now.map("log");

    std::vector<std::string> keys;
    for (auto&& [key, value] : log.range("2026-11-12", "2026-11-15")) { // the end is excluded
        keys.emplace_back(key);
    }
    assert((keys == std::vector<std::string>{"2026-11-12", "2026-11-13", "2026-11-14"}));

    auto newest = std::prev(log.end());
    assert(newest->first == "2026-11-19");

    auto found = log.lower_bound("2026-11-155");
    assert(found->first == "2026-11-16");

    const auto long_ones =
        std::ranges::count_if(log, [](const holdfast::entry& one) { return one.second.size() > 7; });
    assert(long_ones == 10);
}
