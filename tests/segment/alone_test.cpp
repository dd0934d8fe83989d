// Who is alone, what that allows, and when a file is trusted: crashes, reboots, copies.
#include <fstream>
#include <thread>

#include "fake_store.hpp"
#include "os/byte_lock.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

class segment_alone : public segment_test {
protected:
    /// A store that was being written when all its processes died, the writer lock held.
    void leave_a_crashed_store() {
        set_number(*open_fake(path_), 1);
        crash_after([](segment& s) {
            set_number(s, 2);
            s.claim_slot().pin->store(2);
            s.lock_writer(1s);
        });
        hook_calls::reset();
    }
};

TEST_F(segment_alone, a_clean_store_is_trusted_after_a_reboot) {
    set_number(*open_fake(path_), 1);
    hook_calls::reset();
    const pretended_boot next("next");
    EXPECT_EQ(cell(*open_fake(path_)).value, 1U);
    EXPECT_EQ(hook_calls::recover, 0);
    EXPECT_EQ(hook_calls::verify, 0);
}

TEST_F(segment_alone, after_a_crash_it_is_recovered_but_not_verified) {
    leave_a_crashed_store();
    const auto s = open_fake(path_);
    EXPECT_EQ(hook_calls::recover, 1);
    EXPECT_EQ(hook_calls::verify, 0);
    EXPECT_EQ(cell(*s).value, 2U);
    EXPECT_TRUE(s->pins().empty());
    EXPECT_EQ(s->processes().size(), 1U);
    EXPECT_EQ(s->control().dirty, 1U);
    s->lock_writer(1s);
    s->unlock_writer();
}

TEST_F(segment_alone, after_a_reboot_it_is_restored_and_its_held_lock_is_made_anew) {
    leave_a_crashed_store();
    const pretended_boot next("next");
    const auto s = open_fake(path_);
    EXPECT_EQ(hook_calls::recover, 0) << "an undo log says what was in memory, not what reached the medium";
    EXPECT_EQ(hook_calls::restore, 1);
    EXPECT_TRUE(s->pins().empty());
    s->lock_writer(1s);
    s->unlock_writer();
}

TEST_F(segment_alone, a_lock_word_that_nobody_will_ever_release_is_made_anew_after_a_reboot) {
    set_number(*open_fake(path_), 1);
    {
        const auto s = open_fake(path_);
        s->lock_writer(1s);
        std::filesystem::copy(path_, folder_ / "copy"); // the live file, the lock held by a living thread
        s->unlock_writer();
    }
    const auto copy = open_fake(folder_ / "copy");
    EXPECT_EQ(cell(*copy).value, 1U);
    EXPECT_EQ(hook_calls::restore, 1) << "it is another file, and was not closed cleanly";
    set_number(*copy, 2);
}

TEST_F(segment_alone, a_damaged_store_is_refused_after_a_reboot_each_time) {
    leave_a_crashed_store();
    const std::uint64_t broken = 1;
    patch(path_, format::heap_offset + 4096 + offsetof(number_cell, broken), &broken, sizeof broken);
    const pretended_boot next("next");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::corrupt);
    }
    EXPECT_EQ(hook_calls::restore, 3);
}

TEST_F(segment_alone, a_clean_mark_of_another_commit_is_not_trusted) {
    set_number(*open_fake(path_), 1);
    {
        const auto s = open_fake(path_);
        publish(*s, visible(*s) + 1); // behind the back of the dirty mark
    }
    hook_calls::reset();
    const pretended_boot next("next");
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::corrupt);
    EXPECT_EQ(hook_calls::recover, 0) << "nothing is undone before that is known";
}

TEST_F(segment_alone, one_lost_durable_slot_is_enough_to_be_careful_and_not_to_fail) {
    set_number(*open_fake(path_), 1);
    const std::array<char, 512> nothing{};
    patch(path_, format::durable_slot_a_offset, nothing.data(), nothing.size());
    patch(path_, format::durable_slot_b_offset, nothing.data(), nothing.size());
    hook_calls::reset();
    const pretended_boot next("next");
    set_number(*open_fake(path_), 2);
    EXPECT_EQ(hook_calls::restore, 1);
    const auto s = open_fake(path_);
    EXPECT_TRUE(durable_of(path_, s->incarnation()).says_clean());
}

// What would go wrong: with both slots lost, the next one claimed that a commit was on the medium that was not.
TEST_F(segment_alone, a_slot_made_up_from_memory_does_not_claim_that_its_commit_is_on_the_medium) {
    const auto s = open_fake(path_);
    set_number(*s, 1);
    const std::array<char, 2048> nothing{};
    patch(path_, format::durable_slot_a_offset, nothing.data(), nothing.size());
    patch(path_, format::durable_slot_b_offset, nothing.data(), nothing.size());
    s->lock_writer(1s);
    s->promise_version(txn_id{std::uint64_t{1} << 40});
    s->unlock_writer();
    EXPECT_EQ(durable_of(path_, s->incarnation()).newest->root_guarded, 0U);
    s->lock_sync(os::deadline_after(1s));
    s->make_sync_point();
    s->unlock_sync();
    EXPECT_EQ(durable_of(path_, s->incarnation()).newest->root_guarded, 1U);
}

// What would go wrong: restoring wrote over a damaged slot first, and was killed; the next one took the older commit,
// of which parts may have been used again, for whole.
TEST_F(segment_alone, a_killed_restoring_does_not_forget_that_a_durable_slot_was_damaged) {
    leave_a_crashed_store();
    const std::uint64_t newest =
        durable_of(path_, open_fake(path_, segment_mode::read_only)->incarnation()).newest_is_a
            ? format::durable_slot_a_offset
            : format::durable_slot_b_offset;
    patch(path_, newest + 100, "damage", 6);
    const pretended_boot next("next");
    EXPECT_EQ(child([&] {
                  arm_failpoints("segment.open.reset=kill@1");
                  static_cast<void>(open_fake(path_));
              }).wait(),
              -SIGKILL);
    const auto s = open_fake(path_, segment_mode::read_only);
    const durable_state found = durable_of(path_, s->incarnation());
    EXPECT_FALSE(found.other_is_damaged);
    EXPECT_EQ(found.newest->root_guarded, 0U);
}

TEST_F(segment_alone, a_second_process_joins_without_recovery) {
    const auto first = open_fake(path_);
    set_number(*first, 1);
    first->lock_writer(1s);
    EXPECT_EQ(child([&] {
                  hook_calls::reset();
                  const auto s = open_fake(path_);
                  if (hook_calls::recover != 0 || hook_calls::verify != 0 || s->processes().size() != 2) {
                      ::_exit(2);
                  }
              }).wait(),
              0);
    first->unlock_writer();
}

TEST_F(segment_alone, a_joiner_that_can_not_tell_the_boot_joins_all_the_same) {
    const auto first = open_fake(path_);
    const reader_slot slot = first->claim_slot();
    slot.pin->store(1);
    const pretended_boot next("next");
    const auto second = open_separate(path_);
    EXPECT_EQ(second->pins().size(), 1U);
    EXPECT_EQ(hook_calls::verify, 0);
    set_number(*second, 9);
    EXPECT_EQ(cell(*first).value, 9U);
}

TEST_F(segment_alone, opening_waits_at_the_gate_and_gives_up_in_time) {
    static_cast<void>(open_fake(path_));
    os::file holder;
    ASSERT_EQ(holder.open(path_, true), 0);
    ASSERT_EQ(os::try_lock(holder, os::lock_mode::exclusive, {format::lock_byte::gate, 1}), 0);
    for (const segment_mode mode : {segment_mode::create, segment_mode::read_only}) {
        segment_options options = fake_options(mode);
        options.timeout = 50ms;
        EXPECT_EQ(error_of([&] { static_cast<void>(segment::open(path_, options)); }), errc::timed_out);
    }
    std::thread opener([&] { set_number(*open_fake(path_), 3); });
    std::this_thread::sleep_for(30ms);
    os::unlock(holder, {format::lock_byte::gate, 1});
    opener.join();
    EXPECT_EQ(cell(*open_fake(path_)).value, 3U);
}

TEST_F(segment_alone, many_processes_open_and_close_at_once) {
    static_cast<void>(open_fake(path_));
    std::vector<child> crowd;
    for (int i = 0; i < 8; ++i) {
        crowd.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const auto s = open_fake(path_);
                s->lock_writer(20s);
                const std::uint64_t value = cell(*s).value + 1;
                s->unlock_writer();
                set_number(*s, std::max(value, cell(*s).value));
            }
        });
    }
    for (child& one : crowd) {
        EXPECT_EQ(one.wait(), 0);
    }
    const auto s = open_fake(path_);
    EXPECT_EQ(visible(*s), 161U);
    EXPECT_TRUE(durable_of(path_, s->incarnation()).says_clean());
}

/// Zero pages of `from` become holes of `to`, which keeps its inode if it is there.
void copy_sparsely(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::ifstream in(from, std::ios::binary);
    std::ofstream out(to, std::ios::binary);
    std::vector<char> page(4096);
    for (std::uint64_t at = 0; in.read(page.data(), 4096); at += 4096) {
        if (std::count(page.begin(), page.end(), '\0') != 4096) {
            out.seekp(static_cast<std::streamoff>(at));
            out.write(page.data(), 4096);
        }
    }
    out.close();
    std::filesystem::resize_file(to, std::filesystem::file_size(from));
}

TEST_F(segment_alone, a_sparse_copy_gets_its_disk_space_before_it_is_used) {
    set_number(*open_fake(path_), 1);
    const std::filesystem::path copy = folder_ / "sparse";
    copy_sparsely(path_, copy);
    EXPECT_EQ(cell(*open_fake(copy, segment_mode::read_only)).value, 1U);
    arm_failpoints("segment.back=fail");
    EXPECT_EQ(error_of([&] { open_fake(copy); }), errc::no_space);
    arm_failpoints("");
    const auto s = open_fake(copy);
    EXPECT_EQ(cell(*s).value, 1U);
    EXPECT_GE(s->allocated_bytes(), segment_initial_bytes - format::heap_offset);
}

// What went wrong: more was expected in front of the heap than has disk space there, so every opening allocated the
// whole
// file again: O(n) on tmpfs, and impossible on XFS with less than the store's size free.
TEST_F(segment_alone, a_store_that_has_all_its_disk_space_is_not_allocated_again) {
    for (const std::filesystem::path& folder : {folder_.path(), std::filesystem::path("/dev/shm")}) {
        const std::filesystem::path path = folder / ("holdfast-backed-" + std::to_string(::getpid()));
        {
            const auto s = open_fake(path);
            for (int i = 0; i < 2'000; ++i) {
                static_cast<void>(s->claim_slot()); // the table grows
            }
            set_number(*s, 1);
        }
        arm_failpoints("segment.back=fail");
        EXPECT_EQ(cell(*open_fake(path)).value, 1U) << path;
        arm_failpoints("");
        std::filesystem::remove(path);
    }
}

/// Boot, device and inode are those of its stamp: nothing tells that it is another file.
TEST_F(segment_alone, a_sparse_copy_restored_over_the_original_gets_its_disk_space_too) {
    set_number(*open_fake(path_), 1);
    std::filesystem::copy(path_, folder_ / "dense");
    copy_sparsely(folder_ / "dense", path_);
    arm_failpoints("segment.back=fail");
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::no_space);
    arm_failpoints("");
    const auto s = open_fake(path_);
    EXPECT_EQ(cell(*s).value, 1U);
    EXPECT_GE(s->allocated_bytes(), segment_initial_bytes - format::heap_offset);
}

} // namespace
} // namespace holdfast
