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
    format::commit_slot newest{};
    ASSERT_TRUE(s->commits().copy_newest(newest));
    EXPECT_TRUE(now.says_clean());
    EXPECT_TRUE(now.is_at(newest));
    EXPECT_EQ(now.newest->header_sum, header_sum(s->base()));
    EXPECT_EQ(now.newest->commit.txn, 2U);
    EXPECT_EQ(now.newest->sequence, 3U);
    EXPECT_EQ(now.newest->version_limit, 2U) << "what was promised and not used is taken back";
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
    EXPECT_EQ(error_of([&] { s->expect_usable(); }), errc::io_error);
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

// What went wrong: a flipped bit of the head hid the last commit, one in the undo log's header undid it, and nobody
// noticed. What a clean close left is compared before anything is believed.
TEST_F(segment_durable, each_flipped_bit_in_front_of_the_heap_of_a_closed_store_is_noticed) {
    for (std::uint64_t value = 2; value < 6; ++value) {
        set_number(*open_fake(path_), value);
    }
    os::file f;
    ASSERT_EQ(f.open(path_, true), 0);
    const auto expect_noticed = [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t at = begin; at < end; ++at) {
            std::uint8_t byte = 0;
            std::size_t got = 0;
            ASSERT_EQ(f.read_at(&byte, 1, at, got), 0);
            const auto flipped = static_cast<std::uint8_t>(byte ^ 1U << at % 8);
            ASSERT_EQ(f.write_at(&flipped, 1, at), 0);
            EXPECT_EQ(error_of([&] { open_fake(path_, segment_mode::write); }), errc::corrupt) << at;
            ASSERT_EQ(f.write_at(&byte, 1, at), 0);
        }
    };
    expect_noticed(format::heap_header_offset, format::heap_header_offset + sizeof(format::heap_header));
    // The heads of sync points are not believed: the durable slot says what they are.
    expect_noticed(format::heads_offset, format::heads_offset + offsetof(format::heads, durable));
    expect_noticed(format::directory_offset, format::directory_offset + 256);
    expect_noticed(format::undo_log_offset, format::undo_log_offset + offsetof(format::undo_log, first));
    format::commit_slot newest{};
    const std::uint64_t slot = [&] {
        const auto s = open_fake(path_, segment_mode::read_only);
        EXPECT_TRUE(s->commits().copy_newest(newest));
        return format::commit_slots_offset + newest.sequence % format::commit_slots * sizeof newest;
    }();
    expect_noticed(slot, slot + format::used_bytes(newest));
    EXPECT_EQ(cell(*open_fake(path_)).value, 5U);
}

TEST_F(segment_durable, a_reader_notices_that_the_head_is_not_the_one_of_the_clean_close) {
    set_number(*open_fake(path_), 4);
    set_number(*open_fake(path_), 5);
    const std::uint64_t before = format::checked_word(txn_id{2}, 1).raw(); // a commit that was, and is whole
    for (const std::uint64_t line : {std::uint64_t{0}, std::uint64_t{64}}) {
        patch(path_, format::heads_offset + line, &before, sizeof before);
    }
    {
        const auto reader = open_fake(path_, segment_mode::read_only);
        ASSERT_TRUE(reader->unrestored());
        EXPECT_FALSE(reader->unrestored()->same_file) << "the slot is no better than the head";
    }
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::corrupt);
}

// --- Numbers ----------------------------------------------------------------------------------------------

TEST_F(segment_durable, numbers_are_promised_before_they_are_used) {
    const auto s = open_fake(path_);
    EXPECT_EQ(state(*s).version_limit(), 1U);
    s->lock_writer(1s);
    const std::uint64_t promised = state(*s).version_limit();
    EXPECT_GT(promised, 1'000'000U);
    s->promise_version(txn_id{promised});
    EXPECT_EQ(state(*s).version_limit(), promised);
    s->promise_version(txn_id{promised + 1});
    EXPECT_GT(state(*s).version_limit(), promised + 1);
    EXPECT_FALSE(state(*s).says_clean());
    arm_failpoints("os.write_durably=fail");
    EXPECT_EQ(error_of([&] { s->promise_version(txn_id{std::uint64_t{1} << 40}); }), errc::no_space);
    arm_failpoints("");
    s->unlock_writer();
}

TEST_F(segment_durable, after_a_reboot_without_a_clean_close_numbers_go_on_above_all_that_were_promised) {
    {
        const pretended_boot first("first");
        crash_after([](segment& s) { set_number(s, 5); });
        EXPECT_EQ(open_fake(path_, segment_mode::read_only)->control().version_floor, 1U);
    }
    const pretended_boot second("second");
    const auto s = open_fake(path_);
    EXPECT_GT(state(*s).version_limit(), s->control().version_floor) << "promised anew";
    EXPECT_GT(s->control().version_floor, 1'000'000U);
}

// What went wrong: the second opening after the reboot forgot what the first one had found out.
TEST_F(segment_durable, the_numbers_of_a_lost_history_stay_taken_whoever_opens_next) {
    for (const bool killed : {false, true}) {
        {
            const pretended_boot first("first");
            crash_after([](segment& s) { set_number(s, 5); });
        }
        const pretended_boot second("second");
        std::uint64_t floor = 0;
        if (killed) {
            crash_after([](segment&) {});
        }
        {
            const auto s = open_fake(path_);
            floor = s->control().version_floor;
        }
        EXPECT_GT(floor, 1'000'000U);
        EXPECT_GE(open_fake(path_)->control().version_floor, floor);
        std::filesystem::remove(path_);
    }
}

// What went wrong: with the newer slot damaged, the older one, of the last clean close, was believed, and
// contradicted the
// store: it could not even be read.
TEST_F(segment_durable, a_damaged_newer_slot_is_not_replaced_by_what_an_older_one_says) {
    crash_after([](segment& s) {
        set_number(s, 5);
        set_number(s, 6);
    });
    const durable_state before = state(*open_fake(path_, segment_mode::read_only));
    ASSERT_FALSE(before.says_clean());
    const std::uint64_t at =
        (before.newest_is_a ? format::durable_slot_a_offset : format::durable_slot_b_offset) + 300;
    const std::uint64_t nonsense = 0xDEAD;
    patch(path_, at, &nonsense, sizeof nonsense);
    EXPECT_EQ(cell(*open_fake(path_, segment_mode::read_only)).value, 6U);
    hook_calls::reset();
    const auto s = open_fake(path_);
    EXPECT_EQ(cell(*s).value, 6U);
    EXPECT_EQ(hook_calls::verify, 1) << "nobody knows what the lost slot said";
    set_number(*s, 7);
}

} // namespace
} // namespace holdfast
