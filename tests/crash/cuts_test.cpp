// Simulated power cuts notice when an order of the protocol, a check or a barrier is missing; else their silence would
// mean nothing.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cut_run.hpp"

namespace holdfast::crash {
namespace {

struct missing_order {
    const char* name;
    std::vector<std::string> only; ///< steps that break it soon; all of them do, later
};

void PrintTo(const missing_order& one, std::ostream* to) { *to << one.name; }

class cuts_without : public testing::TestWithParam<missing_order> {};

TEST_P(cuts_without, fail) {
    cut_settings settings;
    settings.images = 100'000;
    settings.seconds_max = 120;
    settings.only = GetParam().only;
    settings.without = GetParam().name;
    const cut_result result = run_cuts(settings);
    EXPECT_FALSE(result.failure.empty())
        << "not noticed in " << result.counts[cut_count::images] << " images";
    RecordProperty("images", std::to_string(result.counts[cut_count::images]));
    RecordProperty("noticed", result.failure);
}

const missing_order orders[] = {
    {"sync.candidate_first", {"sync elsewhere"}},
    {"sync.flush_first", {}},
    {"sync.slot_first", {"sync"}},
    {"sync.take_over", {"sync elsewhere"}},
    {"sync.settle_first", {"sync elsewhere"}},
    {"reclaim.durable", {}},
    {"log.flush_first", {"transact durably", "write durably elsewhere"}},
    {"log.erase_undone", {"transact durably", "write durably elsewhere"}},
    {"check.log_record", {"transact durably"}},
    {"check.record", {}},
    {"check.digest", {}},
    {"barrier.file", {}},
    {"barrier.heap", {}},
    {"barrier.slot", {}},
    {"barrier.log", {"transact durably", "write durably elsewhere"}},
};

INSTANTIATE_TEST_SUITE_P(orders, cuts_without, testing::ValuesIn(orders), [](const auto& each) {
    std::string name = each.param.name;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
});

} // namespace
} // namespace holdfast::crash
