// The undo log: void and valid, over several chunks, and killed at every point of doing and undoing.
#include <random>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"

namespace holdfast::test {
namespace {

using undo_test = heap_test;

/// A transaction with something of everything; the same each time.
void do_a_bit_of_everything(heap& changed, const std::vector<ref>& existing) {
    for (std::size_t i = 0; i < existing.size(); i += 2) {
        changed.free(existing[i]);
    }
    std::vector<ref> fresh;
    for (const std::uint64_t size : {48, 100, 512, 1024, 8192, 20'000, 70'000, 300'000, 1'000'000}) {
        fresh.push_back(changed.allocate(size));
    }
    for (std::size_t i = 0; i < fresh.size(); i += 3) {
        changed.free(fresh[i]);
    }
    std::vector<format::list_entry> entries(100, format::list_entry{1, 2});
    changed.append(changed.header().retired, entries.data(), entries.size());
    (void)changed.consume(
        changed.header().retired, 70, [](const format::list_entry&) { return true; }, [](ref) {});
    changed.refill_reserve();
}

[[nodiscard]] std::vector<ref> prepare(heap_user& user) {
    std::vector<ref> existing;
    user.begin();
    for (int i = 0; i < 40; ++i) {
        existing.push_back(user.heap().allocate(i % 8 == 7 ? 40'000 : 100 + 300 * (i % 5)));
    }
    user.commit();
    return existing;
}

TEST_F(undo_test, a_log_is_valid_only_between_begin_and_the_publication) {
    const undo_log& log = user_.heap().undo();
    EXPECT_FALSE(log.active(txn_id{user_.visible()}));
    user_.begin();
    EXPECT_FALSE(log.active(txn_id{user_.visible()})) << "nothing was changed yet";
    (void)user_.heap().allocate(100);
    EXPECT_TRUE(log.active(txn_id{user_.visible()}));
    EXPECT_FALSE(log.active(log.last_begun())) << "published";
    user_.commit();
    EXPECT_FALSE(log.active(txn_id{user_.visible()}));
}

TEST_F(undo_test, undoing_twice_changes_nothing_more) {
    user_.begin();
    const account_image before(user_.heap());
    (void)user_.heap().allocate(100);
    user_.abort();
    EXPECT_EQ(before.first_difference(), 0U);
    user_.abort();
    EXPECT_EQ(before.first_difference(), 0U);
    EXPECT_FALSE(user_.recover());
}

TEST_F(undo_test, a_log_of_several_chunks_restores_every_bit_and_owns_nothing_after_a_commit) {
    heap& tested = user_.heap();
    for (const std::uint64_t objects : {3'000, 30'000}) {
        for (const bool commit : {false, true, false}) {
            user_.begin();
            const account_image before(tested);
            const heap_report report_before = check_heap(tested);
            std::vector<ref> made;
            for (std::uint64_t i = 0; i < objects; ++i) {
                made.push_back(tested.allocate(64));
            }
            EXPECT_GT(tested.undo().chunks(), objects / 10'000 + 1);
            for (const ref place : made) {
                tested.free(place);
            }
            if (commit) {
                user_.commit();
                EXPECT_EQ(check_heap(tested).objects, report_before.objects) << "the log kept a chunk";
            } else {
                user_.abort();
                EXPECT_EQ(before.first_difference(), 0U);
            }
            expect_sound();
        }
    }
}

TEST_F(undo_test, another_process_undoes_what_this_one_began) {
    const std::vector<ref> existing = prepare(user_);
    user_.begin();
    const account_image before(user_.heap());
    for (int i = 0; i < 5'000; ++i) {
        (void)user_.heap().allocate(64); // several chunks
    }
    do_a_bit_of_everything(user_.heap(), existing);
    EXPECT_EQ(run_child([&] {
                  heap_user other(memory_, user_.visible());
                  if (!other.recover()) {
                      throw std::runtime_error("nothing to recover");
                  }
              }),
              child_end::finished);
    EXPECT_EQ(before.first_difference(), 0U);
    EXPECT_FALSE(user_.recover());
}

TEST_F(undo_test, a_full_disk_stops_the_log_and_the_reserve_helps_who_may_break_it) {
    heap& tested = user_.heap();
    memory_.set_limit(initial_end_bytes);
    user_.begin();
    (void)tested.allocate(15 * format::block_bytes); // leaves fewer blocks than a chunk of the log has
    std::uint64_t done = 0;
    const auto toggle_for_ever = [&] {
        for (;; ++done) {
            tested.free(tested.allocate(64));
        }
    };
    EXPECT_EQ(reason_of(toggle_for_ever), errc::no_space);
    EXPECT_GT(done, 100U);
    const std::uint64_t done_before = done;
    tested.allocation_policy().may_break_reserve = true;
    EXPECT_EQ(reason_of(toggle_for_ever), errc::no_space);
    EXPECT_GT(done, done_before + 100);
    expect_sound();
    user_.abort();
    expect_sound();
}

// --- Kills ------------------------------------------------------------------------------------------------

/// Every `step`th of the points that a kill may come at.
constexpr std::uint64_t kill_step = effort_divisor == 1 ? 3 : 4 * effort_divisor + 1;

TEST_F(undo_test, a_transaction_killed_at_any_point_is_undone) {
    const std::vector<ref> existing = prepare(user_);
    const account_image before(user_.heap());
    std::uint64_t kills = 0;
    for (std::uint64_t point = 1;; point += kill_step) {
        const child_end end = run_child([&] {
            arm_failpoints("*=kill@" + std::to_string(point));
            user_.begin();
            do_a_bit_of_everything(user_.heap(), existing);
            user_.heap().before_commit();
        });
        heap_user next(memory_, user_.visible());
        if (end == child_end::finished) {
            EXPECT_TRUE(next.recover()) << "it was never published";
        } else {
            ASSERT_EQ(end, child_end::killed);
            (void)next.recover();
            ++kills;
        }
        ASSERT_EQ(before.first_difference(), 0U) << "killed at point " << point;
        if (end == child_end::finished) {
            break;
        }
    }
    EXPECT_GT(kills, 2U);
    RecordProperty("kills", static_cast<int>(kills));
    expect_sound();
}

TEST_F(undo_test, undoing_killed_at_any_step_is_begun_again) {
    const std::vector<ref> existing = prepare(user_);
    user_.begin();
    const account_image before(user_.heap());
    do_a_bit_of_everything(user_.heap(), existing);
    for (int i = 0; i < 1'200; ++i) {
        user_.heap().free(user_.heap().allocate(64)); // into the second chunk
    }
    ASSERT_GT(user_.heap().undo().chunks(), 1U);
    ASSERT_GT(user_.heap().undo().entries(), format::undo_log::first_capacity);
    const account_image done(user_.heap());
    std::uint64_t tail = user_.heap().undo().entries();
    for (std::uint64_t step = 1; step <= tail; step += 7 * kill_step) {
        // Two deaths in a row, the second at an earlier place than the first.
        for (const std::uint64_t kill : {step, step / 2 + 1}) {
            ASSERT_EQ(run_child([&] {
                          arm_failpoints("undo.step=kill@" + std::to_string(kill));
                          heap_user(memory_, user_.visible()).recover();
                      }),
                      child_end::killed);
        }
        EXPECT_TRUE(heap_user(memory_, user_.visible()).recover());
        ASSERT_EQ(before.first_difference(), 0U) << "killed at step " << step;
        // Once more from the same log.
        done.restore();
        reinterpret_cast<format::undo_log*>(memory_.base() + format::undo_log_offset)->tail =
            format::counted_word(tail);
    }
    for (const char* point : {"undo.before_empty", "undo.done"}) {
        ASSERT_EQ(run_child([&] {
                      arm_failpoints(std::string(point) + "=kill@1");
                      heap_user(memory_, user_.visible()).recover();
                  }),
                  child_end::killed);
        ASSERT_EQ(before.first_difference(), 0U);
    }
    EXPECT_FALSE(heap_user(memory_, user_.visible()).recover());
    expect_sound();
}

/// A log of a store that was closed cleanly was taken for that of a dead transaction, and undid the last commit, when a
/// bit of its number had flipped.
TEST_F(undo_test, no_flipped_bit_of_the_header_makes_a_void_log_count) {
    user_.begin();
    (void)user_.heap().allocate(100);
    user_.commit();
    const account_image committed(user_.heap());
    auto& log = *reinterpret_cast<format::undo_log*>(memory_.base() + format::undo_log_offset);
    for (std::uint64_t* const word : {&log.txn, &log.tail}) {
        for (unsigned bit = 0; bit < 64; ++bit) {
            *word ^= std::uint64_t{1} << bit;
            heap_user other(memory_, user_.visible());
            EXPECT_FALSE(other.recover()) << bit;
            EXPECT_FALSE(other.heap().undo().is_sound()) << bit;
            EXPECT_EQ(reason_of([&] { other.heap().roll_back(); }), errc::corrupt) << bit;
            EXPECT_EQ(committed.first_difference(), 0U);
            *word ^= std::uint64_t{1} << bit;
        }
    }
    EXPECT_TRUE(user_.heap().undo().is_sound());
}

TEST_F(undo_test, entries_of_earlier_transactions_are_not_taken_for_those_of_a_longer_log) {
    for (int i = 0; i < 3; ++i) {
        user_.begin();
        (void)user_.heap().allocate(i == 0 ? 100'000 : 100);
        user_.commit();
    }
    user_.begin();
    (void)user_.heap().allocate(100);
    auto& log = *reinterpret_cast<format::undo_log*>(memory_.base() + format::undo_log_offset);
    log.tail = format::counted_word(format::counted_number(log.tail) + 1);
    EXPECT_EQ(reason_of([&] { user_.abort(); }), errc::corrupt);
    log.tail = format::counted_word(format::counted_number(log.tail) - 1);
    user_.abort();
    expect_sound();
}

TEST(counted_word, shows_each_flipped_bit) {
    for (const std::uint64_t number : {0U, 1U, 0xFFFFU, 123'456'789U, 0xFFFF'FFFFU}) {
        const std::uint64_t count = format::counted_word(number);
        EXPECT_TRUE(format::is_counted(count));
        for (unsigned bit = 0; bit < 64; ++bit) {
            EXPECT_FALSE(format::is_counted(count ^ std::uint64_t{1} << bit));
        }
    }
    EXPECT_FALSE(format::is_counted(0));
    EXPECT_EQ(format::counted_word(41) + format::counted_step, format::counted_word(42));
}

/// The orders that the log depends on: without them a kill must be able to do harm, or these tests prove nothing.
TEST_F(undo_test, without_logging_first_a_kill_does_harm) {
    const std::vector<ref> existing = prepare(user_);
    const account_image before(user_.heap());
    ASSERT_EQ(run_child([&] {
                  arm_failpoints("undo.log_first=off,undo.before_change=kill@1");
                  user_.begin();
                  do_a_bit_of_everything(user_.heap(), existing);
              }),
              child_end::killed);
    (void)heap_user(memory_, user_.visible()).recover();
    EXPECT_NE(before.first_difference(), 0U);
}

TEST_F(undo_test, without_emptying_the_log_first_a_kill_does_harm) {
    const std::vector<ref> existing = prepare(user_);
    const account_image before(user_.heap());
    ASSERT_EQ(run_child([&] {
                  arm_failpoints("undo.reset_first=off,undo.begin.reset=kill@1");
                  user_.begin();
              }),
              child_end::killed);
    // The entries are seen to be of another transaction: nothing is undone in silence, but nobody can write any more.
    EXPECT_EQ(reason_of([&] { (void)heap_user(memory_, user_.visible()).recover(); }), errc::corrupt);
    EXPECT_EQ(before.first_difference(), 0U);
}

} // namespace
} // namespace holdfast::test
