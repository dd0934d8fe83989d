// Simulated power cuts notice when an order of sync points is missing; else their silence would mean nothing.
#include <algorithm>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "cut_scene.hpp"

namespace holdfast::crash {
namespace {

struct missing_order {
    const char* name;
    std::uint64_t seed; ///< one that is fast: any finds it, sooner or later
    std::uint64_t images_max;
};

void PrintTo(const missing_order& one, std::ostream* to) { *to << one.name; }

class cuts_without : public testing::TestWithParam<missing_order> {};

TEST_P(cuts_without, fail) {
    cut_settings settings;
    settings.images = GetParam().images_max;
    settings.seed = GetParam().seed;
    settings.without = GetParam().name;
    const cut_result result = run_cuts(settings);
    EXPECT_FALSE(result.failure.empty()) << "not noticed in " << result.counts.images << " images";
    RecordProperty("images", std::to_string(result.counts.images));
    RecordProperty("noticed", result.failure);
}

constexpr missing_order orders[] = {{"sync.flush_first", 1, 500}, {"reclaim.durable", 1, 500}};

INSTANTIATE_TEST_SUITE_P(orders, cuts_without, testing::ValuesIn(orders), [](const auto& each) {
    std::string name = each.param.name;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
});

} // namespace
} // namespace holdfast::crash
