// The campaign notices when any ordering of the protocol is missing; else its silence would mean nothing.
//
// "reclaim.barrier" is the one that no kill can break; see barrier_test.cpp.
#include <algorithm>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "orders.hpp"

namespace holdfast::crash {

void PrintTo(const proof& one, std::ostream* to) { *to << one.without.order; }

namespace {

class campaign_without : public testing::TestWithParam<proof> {};

TEST_P(campaign_without, fails) {
    const campaign_result result = run_without(GetParam(), campaign_settings{});
    EXPECT_FALSE(result.failure.empty()) << "not noticed in " << result.kills << " kills";
    RecordProperty("kills", std::to_string(result.kills));
    RecordProperty("noticed", result.failure);
}

std::string test_name(const testing::TestParamInfo<proof>& each) {
    std::string name = each.param.without.order;
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(orders, campaign_without, testing::ValuesIn(proofs()), test_name);

} // namespace
} // namespace holdfast::crash
