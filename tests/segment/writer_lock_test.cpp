// The writer lock: exclusion, death, time limits, nesting, failing recovery.
#include <sys/time.h>

#include <csignal>
#include <stop_token>
#include <thread>
#include <vector>

#include "fake_store.hpp"
#include "os/byte_lock.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

using segment_writer = segment_test;

TEST_F(segment_writer, the_next_one_recovers_what_a_dead_one_left) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    hook_calls::reset();
    EXPECT_EQ(child([&] {
                  arm_failpoints("fake.written=kill@1");
                  set_number(*open_fake(path_), 6);
              }).wait(),
              -SIGKILL);
    EXPECT_EQ(cell(*s).value, 6U);
    s->lock_writer(10s);
    EXPECT_EQ(cell(*s).value, 5U);
    EXPECT_EQ(hook_calls::recover, 1);
    EXPECT_EQ(s->control().recoveries, 1U);
    s->unlock_writer();
    s->lock_writer(10s);
    EXPECT_EQ(hook_calls::recover, 1);
    s->unlock_writer();
}

TEST_F(segment_writer, a_published_transaction_of_a_dead_writer_stays) {
    const auto s = open_fake(path_);
    EXPECT_EQ(child([&] {
                  arm_failpoints("fake.published=kill@1");
                  set_number(*open_fake(path_), 6);
              }).wait(),
              -SIGKILL);
    s->lock_writer(10s);
    EXPECT_EQ(cell(*s).value, 6U);
    EXPECT_EQ(s->control().recoveries, 0U);
    s->unlock_writer();
}

TEST_F(segment_writer, a_timeout_names_the_holder) {
    const auto s = open_fake(path_);
    signal_pipe locked;
    child holder([&] {
        const auto mine = open_fake(path_);
        mine->lock_writer(10s);
        locked.send();
        ::pause();
    });
    locked.wait();
    std::string message;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of([&] { s->lock_writer(80ms); }, &message), errc::timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 80ms);
    EXPECT_NE(message.find("process " + std::to_string(holder.pid()) + ";"), std::string::npos) << message;
    EXPECT_EQ(error_of([&] { s->lock_writer(0ms); }), errc::timed_out);
    EXPECT_FALSE(s->writing_here());
    holder.kill();
    s->lock_writer(10s);
    s->unlock_writer();
}

TEST_F(segment_writer, nesting_in_one_thread_is_an_error_and_in_two_a_wait) {
    const auto s = open_fake(path_);
    s->lock_writer(1s);
    EXPECT_TRUE(s->writing_here());
    EXPECT_EQ(error_of([&] { s->lock_writer(1s); }), errc::nested_write);
    EXPECT_EQ(error_of([&] { open_fake(path_)->lock_writer(1s); }), errc::nested_write)
        << "another handle, one segment";
    std::thread([&] {
        EXPECT_FALSE(s->writing_here());
        EXPECT_EQ(error_of([&] { s->lock_writer(20ms); }), errc::timed_out);
    }).join();
    EXPECT_TRUE(s->writing_here());
    s->unlock_writer();
    EXPECT_FALSE(s->writing_here());
    s->lock_writer(1s);
    s->unlock_writer();
}

// What went wrong with a lock that was a thread's: ended on another thread it was never released, and the end of the
// thread that had it handed a running transaction to the next writer, who "recovered" it.
TEST_F(segment_writer, the_lock_is_the_processs_whichever_thread_takes_and_releases_it) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    std::thread([&] {
        s->lock_writer(1s);
        cell(*s).before = 5;
        cell(*s).running = visible(*s) + 1;
        cell(*s).value = 6;
    }).join();
    EXPECT_EQ(child([&] {
                  EXPECT_EQ(error_of([&] { open_fake(path_)->lock_writer(50ms); }), errc::timed_out);
                  ::_exit(::testing::Test::HasFailure() ? 2 : 0);
              }).wait(),
              0);
    EXPECT_EQ(error_of([&] { s->lock_writer(50ms); }), errc::timed_out) << "it is another thread's";
    EXPECT_EQ(cell(*s).value, 6U) << "nobody undid what the ended thread had begun";
    publish(*s, visible(*s) + 1);
    cell(*s).running = 0;
    s->unlock_writer();
    EXPECT_EQ(child([&] {
                  set_number(*open_fake(path_), 7);
                  ::_exit(0);
              }).wait(),
              0);
    EXPECT_EQ(cell(*s).value, 7U);
    EXPECT_EQ(s->control().recoveries, 0U);
}

TEST_F(segment_writer, who_last_used_the_open_transaction_gets_nested_write) {
    const auto s = open_fake(path_);
    std::thread([&] { s->lock_writer(1s); }).join();
    EXPECT_EQ(error_of([&] { s->lock_writer(0ms); }), errc::timed_out);
    s->note_writing_thread();
    EXPECT_EQ(error_of([&] { s->lock_writer(1s); }), errc::nested_write);
    s->unlock_writer();
}

TEST_F(segment_writer, a_wait_can_be_cancelled) {
    const auto s = open_fake(path_);
    s->lock_writer(1s);
    std::stop_source stop;
    std::thread([&] {
        std::thread canceller([&] {
            std::this_thread::sleep_for(30ms);
            stop.request_stop();
        });
        EXPECT_EQ(error_of([&] { s->lock_writer(60s, stop.get_token()); }), errc::cancelled);
        canceller.join();
    }).join();
    s->unlock_writer();
}

// A line that was given to another process must not make its dead holder look alive, nor the other way round.
TEST_F(segment_writer, a_dead_holder_whose_line_lives_again_is_dead) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    std::uint32_t line = 0;
    const auto line_of_child = [&] {
        for (const segment::attached_process& process : s->processes()) {
            line = process.self ? line : process.line;
        }
        return line;
    };
    signal_pipe begun;
    child holder([&] {
        const auto mine = open_fake(path_);
        mine->lock_writer(10s);
        cell(*mine).before = 5;
        cell(*mine).running = visible(*mine) + 1;
        cell(*mine).value = 6;
        begun.send();
        ::pause();
    });
    begun.wait();
    const std::uint32_t dead_line = line_of_child();
    holder.kill();
    EXPECT_EQ(s->reap(), 1U);
    signal_pipe attached;
    child heir([&] {
        const auto mine = open_fake(path_);
        attached.send();
        ::pause();
    });
    attached.wait();
    ASSERT_EQ(line_of_child(), dead_line) << "the lowest free line is given first";
    s->lock_writer(10s);
    EXPECT_EQ(cell(*s).value, 5U);
    EXPECT_EQ(s->control().recoveries, 1U);
    s->unlock_writer();
}

// What went wrong: a signal ends a sleep early, and only who slept through asked whether the holder lives.
TEST_F(segment_writer, a_dead_holder_is_noticed_under_steady_signals) {
    const auto s = open_fake(path_);
    crash_after([](segment& mine) { mine.lock_writer(10s); });
    struct sigaction ignoring {};
    ignoring.sa_handler = [](int) {};
    struct sigaction before {};
    ASSERT_EQ(::sigaction(SIGALRM, &ignoring, &before), 0);
    const itimerval often = {{0, 50}, {0, 50}};
    ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
    const auto start = std::chrono::steady_clock::now();
    s->lock_writer(20s);
    const auto waited = std::chrono::steady_clock::now() - start;
    const itimerval never{};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    ::sigaction(SIGALRM, &before, nullptr);
    s->unlock_writer();
    EXPECT_LT(waited, 2s);
}

TEST_F(segment_writer, a_reader_that_locks_the_dead_holders_byte_keeps_nobody_out) {
    const auto s = open_fake(path_);
    crash_after([](segment& mine) { mine.lock_writer(10s); });
    os::file reader;
    ASSERT_EQ(reader.open(path_, false), 0);
    ASSERT_EQ(os::try_lock(reader, os::lock_mode::shared, {format::lock_byte::process + 2, 1}), 0);
    set_number(*s, 3);
}

// Where a mapping keeps no lock, as on overlayfs, a descriptor does.
TEST_F(segment_writer, deaths_are_noticed_also_where_a_descriptor_keeps_the_byte) {
    arm_failpoints("os.keep_by_mapping=fail");
    const auto s = open_fake(path_);
    set_number(*s, 5);
    EXPECT_EQ(child([&] {
                  arm_failpoints("os.keep_by_mapping=fail,fake.written=kill@1");
                  set_number(*open_fake(path_), 6);
              }).wait(),
              -SIGKILL);
    s->lock_writer(10s);
    EXPECT_EQ(cell(*s).value, 5U);
    s->unlock_writer();
}

TEST_F(segment_writer, a_failing_recovery_locks_nobody_out_and_is_tried_again_by_the_next_one) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    EXPECT_EQ(child([&] {
                  arm_failpoints("fake.written=kill@1");
                  set_number(*open_fake(path_), 6);
              }).wait(),
              -SIGKILL);
    hook_calls::recover_fails = true;
    EXPECT_EQ(error_of([&] { s->lock_writer(10s); }), errc::corrupt);
    EXPECT_EQ(error_of([&] { s->lock_writer(10s); }), errc::io_error) << "poisoned";
    EXPECT_FALSE(s->writing_here());
    EXPECT_EQ(child([&] {
                  EXPECT_EQ(error_of([&] { open_fake(path_)->lock_writer(10s); }), errc::corrupt);
              }).wait(),
              0);
    hook_calls::recover_fails = false;
    EXPECT_EQ(child([&] {
                  const auto healthy = open_fake(path_);
                  healthy->lock_writer(10s);
                  const bool recovered = cell(*healthy).value == 5 && cell(*healthy).running == 0;
                  healthy->unlock_writer();
                  ::_exit(recovered ? 0 : 2);
              }).wait(),
              0);
}

TEST_F(segment_writer, is_refused_to_read_only_handles) {
    static_cast<void>(open_fake(path_));
    EXPECT_EQ(error_of([&] { open_fake(path_, segment_mode::read_only)->lock_writer(1s); }), errc::read_only);
}

TEST_F(segment_writer, threads_over_two_mappings_exclude_each_other) {
    const auto one = open_separate(path_);
    const auto two = open_separate(path_);
    EXPECT_NE(one->base(), two->base());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&s = i % 2 == 0 ? *one : *two] {
            for (int round = 0; round < 500; ++round) {
                s.lock_writer(20s);
                const std::uint64_t value = std::atomic_ref(cell(s).value).load(std::memory_order_relaxed);
                std::atomic_ref(cell(s).value).store(value + 1, std::memory_order_relaxed);
                s.unlock_writer();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(cell(*one).value, 2000U);
}

// What is written to a file without a name is lost, and nobody noticed.
TEST_F(segment_writer, a_file_that_was_deleted_or_replaced_is_noticed_within_a_second) {
    for (const bool replaced : {false, true}) {
        auto s = open_fake(path_);
        set_number(*s, 3);
        const std::filesystem::path moved = folder_ / "moved";
        std::filesystem::rename(path_, moved);
        std::this_thread::sleep_for(1100ms);
        set_number(*s, 4); // it only has another name
        std::filesystem::remove(moved);
        if (replaced) {
            static_cast<void>(open_separate(path_));
        }
        std::string message;
        EXPECT_TRUE(
            eventually([&] { return error_of([&] { set_number(*s, 5); }, &message) == errc::not_found; }));
        EXPECT_NE(message.find(replaced ? "replaced" : "deleted"), std::string::npos) << message;
        EXPECT_EQ(error_of([&] { set_number(*s, 5); }), errc::not_found) << "from then on always";
        s.reset();
        set_number(*open_fake(path_), 6); // the path has a store of its own again
        std::filesystem::remove(path_);
    }
}

} // namespace
} // namespace holdfast
