// Robust mutexes between processes.
#include "os/mutex.hpp"

#include <sys/mman.h>

#include <cstring>

#include <gtest/gtest.h>

#include "children.hpp"

namespace holdfast::os {
namespace {

using test::child;
using test::signal_pipe;
using namespace std::chrono_literals;

class robust_mutex : public ::testing::Test {
protected:
    robust_mutex()
        : mutex_(*static_cast<pthread_mutex_t*>(
              ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
        EXPECT_EQ(init_mutex(mutex_), 0);
    }
    ~robust_mutex() override { ::munmap(&mutex_, 4096); }

    void die_holding_it() {
        child holder([&] {
            static_cast<void>(try_lock_mutex(mutex_));
            ::raise(SIGKILL);
        });
        EXPECT_EQ(holder.wait(), -SIGKILL);
    }

    pthread_mutex_t& mutex_;
};

TEST_F(robust_mutex, the_next_one_is_told_of_a_dead_owner) {
    die_holding_it();
    ASSERT_EQ(lock_mutex_until(mutex_, deadline_after(10s)), mutex_result::owner_died);
    mark_consistent(mutex_);
    unlock_mutex(mutex_);
    EXPECT_EQ(try_lock_mutex(mutex_), mutex_result::locked);
    unlock_mutex(mutex_);
}

TEST_F(robust_mutex, unlocked_without_consistency_it_is_lost_until_made_anew) {
    die_holding_it();
    ASSERT_EQ(try_lock_mutex(mutex_), mutex_result::owner_died);
    unlock_mutex(mutex_);
    EXPECT_EQ(try_lock_mutex(mutex_), mutex_result::not_recoverable);
    ASSERT_EQ(init_mutex(mutex_), 0);
    EXPECT_EQ(try_lock_mutex(mutex_), mutex_result::locked);
    unlock_mutex(mutex_);
}

TEST_F(robust_mutex, waiting_is_timed) {
    signal_pipe locked;
    child holder([&] {
        static_cast<void>(try_lock_mutex(mutex_));
        locked.send();
        ::pause();
    });
    locked.wait();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(lock_mutex_until(mutex_, deadline_after(60ms)), mutex_result::timed_out);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 60ms);
    EXPECT_EQ(lock_mutex_until(mutex_, deadline_after(0ms)), mutex_result::timed_out);
    holder.kill();
    EXPECT_EQ(lock_mutex_until(mutex_, deadline_after(10s)), mutex_result::owner_died);
    mark_consistent(mutex_);
    unlock_mutex(mutex_);
}

TEST_F(robust_mutex, is_made_anew_over_a_word_that_was_copied_while_held) {
    ASSERT_EQ(try_lock_mutex(mutex_), mutex_result::locked);
    pthread_mutex_t copy;
    std::memcpy(&copy, &mutex_, sizeof copy);
    unlock_mutex(mutex_);
    EXPECT_EQ(try_lock_mutex(copy), mutex_result::timed_out);
    ASSERT_EQ(init_mutex(copy), 0);
    EXPECT_EQ(try_lock_mutex(copy), mutex_result::locked);
    unlock_mutex(copy);
}

} // namespace
} // namespace holdfast::os
