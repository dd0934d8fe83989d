// The durable marks: dirty before the first change, clean after the last, poisoned by a failing sync.
#include "fake_store.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

class segment_durable : public segment_test {
protected:
    durable_state state(segment& s) const { return durable_of(path_, s.incarnation()); }
};

TEST_F(segment_durable, opening_and_reading_marks_nothing) {
    static_cast<void>(open_fake(path_));
    const auto s = open_fake(path_);
    s->release_slot(s->claim_slot());
    EXPECT_EQ(state(*s).newest->sequence, 1U);
    EXPECT_TRUE(state(*s).says_clean());
}

TEST_F(segment_durable, the_first_writer_marks_dirty_once_and_the_last_close_clean) {
    const auto s = open_fake(path_);
    s->lock_writer(1s);
    EXPECT_FALSE(state(*s).says_clean()) << "before anything is changed";
    EXPECT_EQ(state(*s).newest->sequence, 2U);
    EXPECT_EQ(state(*s).newest->commit.txn, 1U);
    s->unlock_writer();
    set_number(*s, 4);
    EXPECT_EQ(child([&] { set_number(*open_fake(path_), 5); }).wait(), 0);
    EXPECT_EQ(state(*s).newest->sequence, 2U)
        << "neither the second write nor another process's close mark anything";
}

TEST_F(segment_durable, the_clean_mark_holds_the_newest_commit) {
    set_number(*open_fake(path_), 4);
    const auto s = open_fake(path_);
    const durable_state now = state(*s);
    EXPECT_TRUE(now.clean_at(s->head().slots[visible(*s) % 2]));
    EXPECT_EQ(now.newest->commit.txn, 2U);
    EXPECT_EQ(now.newest->sequence, 3U);
    EXPECT_GE(now.newest->version_limit, 2U);
}

TEST_F(segment_durable, the_last_of_several_processes_marks_clean) {
    auto mine = open_fake(path_);
    const incarnation_id incarnation = mine->incarnation();
    signal_pipe opened;
    signal_pipe closed;
    child other([&] {
        auto s = open_fake(path_);
        set_number(*s, 5);
        opened.send();
        closed.wait();
    });
    opened.wait();
    mine.reset();
    EXPECT_FALSE(durable_of(path_, incarnation).says_clean());
    closed.send();
    EXPECT_EQ(other.wait(), 0);
    EXPECT_TRUE(durable_of(path_, incarnation).says_clean());
}

TEST_F(segment_durable, a_process_that_dies_leaves_the_mark_dirty_and_the_next_one_need_not_mark_again) {
    crash_after([](segment& s) { set_number(s, 5); });
    {
        const auto s = open_fake(path_);
        EXPECT_EQ(s->control().dirty, 1U);
        const std::uint64_t sequence = state(*s).newest->sequence;
        set_number(*s, 6);
        EXPECT_EQ(state(*s).newest->sequence, sequence);
    }
    const auto s = open_fake(path_);
    EXPECT_TRUE(state(*s).says_clean());
}

TEST_F(segment_durable, a_last_close_recovers_what_a_dead_writer_left_before_it_marks_clean) {
    {
        const auto s = open_fake(path_);
        set_number(*s, 5);
        EXPECT_EQ(child([&] {
                      arm_failpoints("fake.written=kill@1");
                      set_number(*open_fake(path_), 6);
                  }).wait(),
                  -SIGKILL);
        hook_calls::reset();
    }
    EXPECT_EQ(hook_calls::recover, 1);
    const pretended_boot next("next");
    const auto s = open_fake(path_); // trusts the mark
    EXPECT_EQ(hook_calls::verify, 0);
    EXPECT_EQ(cell(*s).value, 5U);
    EXPECT_EQ(cell(*s).running, 0U);
}

TEST_F(segment_durable, a_dirty_mark_that_fails_poisons_before_anything_is_changed) {
    auto s = open_fake(path_);
    const auto second_handle = s;
    arm_failpoints("os.write_durably=fail:EIO");
    EXPECT_EQ(error_of([&] { s->lock_writer(1s); }), errc::io_error);
    arm_failpoints("");
    EXPECT_FALSE(s->writing_here());
    EXPECT_EQ(error_of([&] { s->lock_writer(1s); }), errc::io_error);
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::io_error) << "while any handle of it is open";
    EXPECT_EQ(child([&] { set_number(*open_fake(path_), 5); }).wait(), 0) << "others are not concerned";
}

TEST_F(segment_durable, after_all_handles_are_closed_a_poisoned_store_opens_again) {
    auto s = open_fake(path_);
    s->poison();
    EXPECT_EQ(error_of([&] { s->check_usable(); }), errc::io_error);
    s.reset();
    set_number(*open_fake(path_), 5);
    EXPECT_EQ(cell(*open_fake(path_)).value, 5U);
}

TEST_F(segment_durable, a_full_disk_while_marking_dirty_is_no_poison) {
    const auto s = open_fake(path_);
    arm_failpoints("os.write_durably=fail:ENOSPC");
    EXPECT_EQ(error_of([&] { s->lock_writer(1s); }), errc::no_space);
    arm_failpoints("");
    set_number(*s, 5);
}

TEST_F(segment_durable, a_failing_sync_at_the_last_close_leaves_the_mark_dirty) {
    for (const char* failing : {"os.sync=fail:EIO", "os.write_durably=fail:EIO"}) {
        auto s = open_fake(path_);
        const incarnation_id incarnation = s->incarnation();
        set_number(*s, 5);
        arm_failpoints(failing);
        s.reset();
        arm_failpoints("");
        EXPECT_FALSE(durable_of(path_, incarnation).says_clean());
        set_number(*open_fake(path_), 6);
        EXPECT_TRUE(durable_of(path_, incarnation).says_clean());
    }
}

TEST_F(segment_durable, slots_alternate_and_survive_a_torn_write) {
    static_cast<void>(open_fake(path_));
    for (int i = 0; i < 4; ++i) {
        set_number(*open_fake(path_), static_cast<std::uint64_t>(i));
    }
    const incarnation_id incarnation = open_fake(path_)->incarnation();
    const durable_state before = durable_of(path_, incarnation);
    ASSERT_TRUE(before.newest);
    const std::uint64_t torn =
        before.newest_is_a ? format::durable_slot_a_offset : format::durable_slot_b_offset;
    patch(path_, torn + 100, "torn", 4);
    const durable_state after = durable_of(path_, incarnation);
    ASSERT_TRUE(after.newest);
    EXPECT_EQ(after.newest->sequence, before.newest->sequence - 1);
    EXPECT_NE(after.newest_is_a, before.newest_is_a);
}

} // namespace
} // namespace holdfast
