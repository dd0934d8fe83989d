// Failpoints: programs, counting, syntax.
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include <gtest/gtest.h>

#include "children.hpp"
#include "os/failpoint.hpp"

namespace holdfast {
namespace {

using test::child;

class failpoint_test : public ::testing::Test {
protected:
    ~failpoint_test() override { arm_failpoints(""); }
};

TEST_F(failpoint_test, nothing_happens_while_nothing_is_armed) {
    arm_failpoints("");
    failpoint("test.point");
    EXPECT_EQ(failpoint_error("test.point"), 0);
    EXPECT_TRUE(protocol_order("test.point"));
    EXPECT_EQ(failpoints_passed(), "");
}

TEST_F(failpoint_test, fails_at_the_passage_that_is_named) {
    arm_failpoints("test.a=fail@2,test.b=fail:EIO,test.c=fail:28@1");
    EXPECT_EQ(failpoint_error("test.a"), 0);
    EXPECT_EQ(failpoint_error("test.a"), ENOSPC);
    EXPECT_EQ(failpoint_error("test.a"), 0);
    EXPECT_EQ(failpoint_error("test.b"), EIO);
    EXPECT_EQ(failpoint_error("test.b"), EIO);
    EXPECT_EQ(failpoint_error("test.c"), ENOSPC);
}

TEST_F(failpoint_test, kills_at_the_passage_that_is_named) {
    child victim([] {
        arm_failpoints("test.kill=kill@3");
        failpoint("test.kill");
        failpoint("test.other");
        failpoint("test.kill");
        EXPECT_EQ(failpoints_passed().find("test.kill 2") != std::string::npos, true);
        failpoint("test.kill");
    });
    EXPECT_EQ(victim.wait(), -SIGKILL);
}

TEST_F(failpoint_test, a_star_kills_at_the_nth_passage_of_any_point) {
    const auto passages = [](const char* program) {
        return child([program] {
                   arm_failpoints(program);
                   failpoint("test.one");
                   failpoint("test.two");
               })
            .wait();
    };
    EXPECT_EQ(passages("*=kill@2"), -SIGKILL);
    EXPECT_EQ(passages("*=kill@3"), 0);
}

TEST_F(failpoint_test, counts_since_arming) {
    arm_failpoints("*=count");
    failpoint("test.counted");
    failpoint("test.counted");
    EXPECT_EQ(failpoints_passed(), "test.counted 2\n");
    arm_failpoints("*=count");
    EXPECT_EQ(failpoints_passed(), "");
}

TEST_F(failpoint_test, an_ordering_is_removed_by_off) {
    arm_failpoints("test.order=off");
    EXPECT_FALSE(protocol_order("test.order"));
    EXPECT_TRUE(protocol_order("test.other"));
}

TEST_F(failpoint_test, is_read_from_the_environment_at_first_use) {
    child victim([] {
        // A new program image, whose first passage reads the variable.
        ::setenv("HOLDFAST_FAILPOINTS", "failpoint.from_environment=kill@1", 1);
        ::execl("/proc/self/exe", "self", "--gtest_filter=*passes_the_point_of_the_environment",
                "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
    });
    EXPECT_EQ(victim.wait(), -SIGKILL);
}

TEST(failpoint_child, disabled_passes_the_point_of_the_environment) {
    failpoint("failpoint.from_environment");
}

TEST_F(failpoint_test, bad_syntax_is_refused) {
    for (const char* bad :
         {"x", "=kill@1", "x=kill", "x=kill@0", "x=kill@y", "x=fail:NOPE", "x=off@1", "x=fall", "*=off"}) {
        EXPECT_THROW(arm_failpoints(bad), std::invalid_argument) << bad;
    }
}

} // namespace
} // namespace holdfast
