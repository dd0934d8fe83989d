// Reader slots, pins of read-only processes, the reaping of both, and the barrier.
#include <sched.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "fake_store.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

using segment_readers = segment_test;

std::multiset<std::uint64_t> pinned(const segment& s) {
    std::multiset<std::uint64_t> found;
    for (const held_pin& held : s.pins()) {
        found.insert(raw(held.pin));
    }
    return found;
}

TEST_F(segment_readers, a_slot_pins_what_is_stored_in_it) {
    const auto s = open_fake(path_);
    const reader_slot slot = s->claim_slot();
    ASSERT_TRUE(slot);
    EXPECT_EQ(slot.pin->load(), 0U);
    EXPECT_TRUE(s->pins().empty());
    slot.pin->store(7);
    slot.since_ns->store(99);
    s->reader_barrier();
    ASSERT_EQ(s->pins().size(), 1U);
    EXPECT_EQ(s->pins()[0].pin, txn_id{7});
    EXPECT_EQ(s->pins()[0].pid, static_cast<std::uint64_t>(::getpid()));
    EXPECT_EQ(s->pins()[0].since_ns, 99U);
    s->release_slot(slot);
    EXPECT_TRUE(s->pins().empty());
    const reader_slot again = s->claim_slot();
    EXPECT_EQ(again.line, slot.line) << "slots stay dense";
    EXPECT_EQ(again.pin->load(), 0U);
    EXPECT_EQ(again.since_ns->load(), 0U);
}

TEST_F(segment_readers, thousands_of_slots_are_had_and_given_back_at_death) {
    const auto s = open_fake(path_);
    signal_pipe claimed;
    child reader([&] {
        const auto mine = open_fake(path_);
        std::set<std::uint32_t> lines;
        for (std::uint64_t i = 1; i <= 5000; ++i) {
            const reader_slot slot = mine->claim_slot();
            slot.pin->store(i);
            lines.insert(slot.line);
        }
        if (lines.size() == 5000) {
            claimed.send();
        }
        ::pause();
    });
    claimed.wait();
    EXPECT_EQ(s->pins().size(), 5000U);
    EXPECT_EQ(s->processes().size(), 2U);
    EXPECT_EQ(s->reap(), 0U);
    EXPECT_EQ(s->pins().size(), 5000U);
    reader.kill();
    EXPECT_EQ(s->processes().size(), 1U);
    EXPECT_EQ(s->reap(), 1U);
    EXPECT_TRUE(s->pins().empty());
    EXPECT_EQ(s->reap(), 0U);
    const std::uint64_t allocated = s->control().lines_allocated;
    for (int i = 0; i < 5000; ++i) {
        static_cast<void>(s->claim_slot());
    }
    EXPECT_EQ(s->control().lines_allocated, allocated) << "the lines of the dead are used again";
}

TEST_F(segment_readers, the_table_ends_somewhere_with_an_error) {
    const auto s = open_fake(path_);
    std::size_t claimed = 0;
    std::string message;
    EXPECT_EQ(error_of(
                  [&] {
                      for (;;) {
                          static_cast<void>(s->claim_slot());
                          ++claimed;
                      }
                  },
                  &message),
              errc::no_space);
    EXPECT_EQ(claimed, format::attachment_lines_max - 2);
    EXPECT_GE(claimed, 1'000'000U);
    EXPECT_NE(message.find("full"), std::string::npos);
    EXPECT_NE(message.find("process " + std::to_string(::getpid()) + " holds " + std::to_string(claimed)),
              std::string::npos)
        << message;
}

TEST_F(segment_readers, a_full_disk_while_growing_is_an_error_and_no_more) {
    const auto s = open_fake(path_);
    arm_failpoints("segment.grow=fail");
    EXPECT_EQ(error_of([&] {
                  for (int i = 0; i < 2000; ++i) {
                      static_cast<void>(s->claim_slot());
                  }
              }),
              errc::no_space);
    arm_failpoints("");
    EXPECT_TRUE(s->claim_slot());
}

TEST_F(segment_readers, threads_of_two_mappings_never_share_a_slot) {
    const auto one = open_separate(path_);
    const auto two = open_separate(path_);
    std::vector<std::thread> threads;
    std::vector<std::set<std::uint32_t>> lines(4);
    for (std::size_t i = 0; i < 4; ++i) {
        threads.emplace_back([&s = i % 2 == 0 ? *one : *two, &mine = lines[i]] {
            for (int round = 0; round < 600; ++round) {
                mine.insert(s.claim_slot().line);
                const reader_slot brief = s.claim_slot();
                brief.pin->store(1);
                s.release_slot(brief);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::set<std::uint32_t> all;
    for (const auto& some : lines) {
        EXPECT_EQ(some.size(), 600U);
        all.insert(some.begin(), some.end());
    }
    EXPECT_EQ(all.size(), 2400U);
    EXPECT_TRUE(one->pins().empty());
}

TEST_F(segment_readers, closing_gives_all_slots_of_the_process_back) {
    const auto s = open_separate(path_);
    {
        const auto other = open_separate(path_);
        for (int i = 0; i < 100; ++i) {
            other->claim_slot().pin->store(1);
        }
        EXPECT_EQ(s->pins().size(), 100U);
    }
    EXPECT_TRUE(s->pins().empty());
    EXPECT_EQ(s->reap(), 0U) << "nobody died";
}

// --- Read-only processes ----------------------------------------------------------------------------------

TEST_F(segment_readers, a_read_only_handle_changes_no_byte_and_takes_no_slot) {
    set_number(*open_fake(path_), 5);
    const auto written = std::filesystem::last_write_time(path_);
    const auto reader = open_fake(path_, segment_mode::read_only);
    EXPECT_TRUE(reader->read_only());
    EXPECT_EQ(cell(*reader).value, 5U);
    EXPECT_EQ(error_of([&] { static_cast<void>(reader->claim_slot()); }), errc::read_only);
    EXPECT_TRUE(reader->pins().empty());
    EXPECT_TRUE(reader->processes().empty());
    EXPECT_EQ(reader->reap(), 0U);
    reader->reader_barrier();
    EXPECT_EQ(std::filesystem::last_write_time(path_), written);
    EXPECT_EQ(child([&] {
                  *reinterpret_cast<volatile char*>(open_fake(path_, segment_mode::read_only)->base()) = 1;
              }).wait() == 0,
              false);
}

TEST_F(segment_readers, a_writer_is_alone_beside_read_only_handles) {
    set_number(*open_fake(path_), 5);
    const auto reader = open_fake(path_, segment_mode::read_only);
    set_number(*open_fake(path_), 6);
    EXPECT_TRUE(durable_of(path_, reader->incarnation()).says_clean());
    EXPECT_EQ(cell(*reader).value, 6U);
}

TEST_F(segment_readers, a_read_only_opening_notices_that_nobody_restored_the_store_after_a_reboot) {
    crash_after([](segment& s) { set_number(s, 5); });
    hook_calls::reset();
    EXPECT_FALSE(open_fake(path_, segment_mode::read_only)->unrestored()) << "the same boot";
    const pretended_boot next("next");
    {
        const auto reader = open_fake(path_, segment_mode::read_only);
        ASSERT_TRUE(reader->unrestored());
        EXPECT_TRUE(reader->unrestored()->same_file);
        EXPECT_EQ(reader->unrestored()->visible, reader->commits().visible());
    }
    const auto writer = open_fake(path_);
    EXPECT_EQ(hook_calls::restore, 1);
    EXPECT_FALSE(open_fake(path_, segment_mode::read_only)->unrestored())
        << "somebody restored it and is there";
    EXPECT_EQ(hook_calls::verify, 0);
}

TEST_F(segment_readers, pins_by_lock_are_seen_across_processes_in_any_pattern_and_vanish_at_death) {
    const auto s = open_fake(path_);
    for (int i = 0; i < 200; ++i) {
        publish(*s, visible(*s) + 1);
    }
    // Neighbours, gaps, pins of several processes on one transaction, and owners out of order.
    const std::vector<std::vector<std::uint64_t>> patterns = {
        {100, 101, 102, 7}, {50, 101, 200}, {1, 2, 4, 8, 199, 201}};
    std::set<std::uint64_t> all;
    signal_pipe ready;
    std::vector<child> readers;
    for (const auto& pattern : patterns) {
        readers.emplace_back([&] {
            const auto mine = open_fake(path_, segment_mode::read_only);
            for (const std::uint64_t pin : pattern) {
                mine->pin_by_lock(txn_id{pin});
            }
            ready.send();
            ::pause();
        });
        ready.wait();
        all.insert(pattern.begin(), pattern.end());
    }
    const auto seen = pinned(*s);
    EXPECT_EQ(std::set<std::uint64_t>(seen.begin(), seen.end()), all);
    EXPECT_EQ(s->pins().front().pid, 0U);
    readers[2].kill();
    readers[0].kill();
    const auto left = pinned(*s);
    EXPECT_EQ(std::set<std::uint64_t>(left.begin(), left.end()), (std::set<std::uint64_t>{50, 101, 200}));
    readers[1].kill();
    EXPECT_TRUE(s->pins().empty());
}

TEST_F(segment_readers, pins_by_lock_are_counted) {
    const auto s = open_fake(path_);
    publish(*s, 2);
    const auto reader = open_fake(path_, segment_mode::read_only);
    reader->pin_by_lock(txn_id{2});
    reader->pin_by_lock(txn_id{2});
    reader->pin_by_lock(txn_id{1});
    reader->unpin_by_lock(txn_id{2});
    EXPECT_EQ(pinned(*s), (std::multiset<std::uint64_t>{1, 2}));
    reader->unpin_by_lock(txn_id{2});
    EXPECT_EQ(pinned(*s), (std::multiset<std::uint64_t>{1}));
    reader->unpin_by_lock(txn_id{1});
    reader->unpin_by_lock(txn_id{1});
    EXPECT_TRUE(s->pins().empty());
    EXPECT_EQ(error_of([&] { reader->pin_by_lock(txn_id{std::uint64_t{1} << 62}); }), errc::corrupt);
}

// --- Other PID namespaces ---------------------------------------------------------------------------------

TEST_F(segment_readers, of_another_pid_namespace_are_told_alive_from_dead) {
    const auto s = open_fake(path_);
    signal_pipe ready;
    signal_pipe end;
    // The first child of a process that unshared its PID namespace is process 1 of the new one.
    child outer([&] {
        if (::unshare(CLONE_NEWPID) != 0) {
            ready.send();
            ::_exit(77);
        }
        child inner([&] {
            const auto mine = open_fake(path_);
            mine->claim_slot().pin->store(1);
            mine->lock_writer(1s);
            ready.send();
            ::pause();
        });
        end.wait();
        ::_exit(inner.kill() == -SIGKILL ? 0 : 2);
    });
    ready.wait();
    if (s->processes().size() == 1) {
        EXPECT_EQ(outer.wait(), 77);
        GTEST_SKIP() << "unshare(CLONE_NEWPID) is not permitted here";
    }
    EXPECT_EQ(s->processes()[1].pid, 1U) << "its id in its own namespace";
    EXPECT_EQ(s->reap(), 0U);
    EXPECT_EQ(s->pins().size(), 1U);
    std::string message;
    EXPECT_EQ(error_of([&] { s->lock_writer(30ms); }, &message), errc::timed_out);
    EXPECT_NE(message.find("process 1 of another PID namespace"), std::string::npos) << message;
    end.send();
    EXPECT_EQ(outer.wait(), 0);
    EXPECT_EQ(s->reap(), 1U);
    EXPECT_TRUE(s->pins().empty());
    s->lock_writer(10s);
    s->unlock_writer();
}

// --- The barrier ------------------------------------------------------------------------------------------

TEST_F(segment_readers, fence_themselves_where_the_barrier_is_refused) {
    const auto s = open_fake(path_);
    s->reader_barrier();
    if (s->control().fenced == 0) { // else this machine refuses it by itself
        arm_failpoints("os.barrier.issue=fail");
        s->reader_barrier();
        EXPECT_EQ(s->control().fenced, 1U);
    }
    arm_failpoints("os.barrier.register=fail");
    const auto other = open_separate(path_);
    EXPECT_EQ(other->control().fenced, 1U);
}

TEST_F(segment_readers, no_longer_fence_once_the_refusing_process_is_gone) {
    {
        arm_failpoints("os.barrier.register=fail");
        EXPECT_EQ(open_fake(path_)->control().fenced, 1U);
        arm_failpoints("");
    }
    const auto s = open_fake(path_);
#ifndef HOLDFAST_TSAN
    EXPECT_EQ(s->control().fenced, 0U);
#endif
}

} // namespace
} // namespace holdfast
