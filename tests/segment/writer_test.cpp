// The writer lock: exclusion, death, time limits, nesting, failing recovery.
#include <thread>
#include <vector>

#include "fake_store.hpp"
#include "os/mutex.hpp"

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

TEST_F(segment_writer, a_thread_that_ends_in_a_transaction_is_a_dead_writer) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    std::thread([&] {
        s->lock_writer(1s);
        cell(*s).before = 5;
        cell(*s).running = visible(*s) + 1;
        cell(*s).value = 6;
    }).join();
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

TEST_F(segment_writer, a_mutex_that_is_lost_is_reported_and_made_anew_by_the_next_opening) {
    {
        const auto s = open_fake(path_);
        EXPECT_EQ(child([&] {
                      const auto mine = open_fake(path_);
                      mine->lock_writer(10s);
                      ::raise(SIGKILL);
                  }).wait(),
                  -SIGKILL);
        ASSERT_EQ(os::try_lock_mutex(s->control().writer), os::mutex_result::owner_died);
        os::unlock_mutex(s->control().writer); // what Boost's own mutexes do
        EXPECT_EQ(error_of([&] { s->lock_writer(10s); }), errc::io_error);
    }
    set_number(*open_fake(path_), 7);
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

} // namespace
} // namespace holdfast
