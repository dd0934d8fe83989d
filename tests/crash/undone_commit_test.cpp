// A commit that follows an undone transaction.
//
// What went wrong: transaction t writes commit slot t mod 2, and t was one more than the last number given out.
// After an
// undone transaction that was two more than the visible commit, so its slot was written over: readers span until the
// new commit was published, and a kill in between left a store without any commit.
#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast {
namespace {

class undone_commit : public testing::TestWithParam<const char*> {};

/// Undoes a transaction, then dies at a point of the commit that follows.
int die_after_undo(const test::temporary_store& file, const char* point) {
    store in = file.open();
    write_transaction undone = in.begin_write();
    undone.put("key", "undone");
    std::move(undone).abort();
    arm_failpoints(std::string(point) + "=kill@1");
    in.put("key", "killed");
    return 1;
}

TEST_P(undone_commit, killed_in_the_next_one_leaves_the_commit_before) {
    const test::temporary_store file;
    store watching = file.open(); // keeps the store attached, as a reader that must never wait
    static_cast<void>(watching.get("key"));
    for (const char* const number : {"odd", "even"}) {
        const pid_t putting = test::start_child([&] { file.open().put("key", number); });
        ASSERT_EQ(test::wait_for_child(putting), test::child_end::finished);
        const pid_t dying = test::start_child([&] { die_after_undo(file, GetParam()); });
        ASSERT_EQ(test::wait_for_child(dying), test::child_end::killed);
        EXPECT_EQ(watching.get("key").value().text(), number);
        test::expect_sound(watching);
    }
}

INSTANTIATE_TEST_SUITE_P(points, undone_commit, testing::Values("commit.half_slot", "commit.before_publish"),
                         [](const auto& each) { return each.index == 0 ? "half_slot" : "before_publish"; });

} // namespace
} // namespace holdfast
