// Open-file-description locks, as Holdfast relies on them.
#include "os/byte_lock.hpp"

#include <fcntl.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "children.hpp"

namespace holdfast::os {
namespace {

using test::child;
using test::signal_pipe;
using test::temporary_folder;
using namespace std::chrono_literals;

class byte_lock : public ::testing::Test {
protected:
    byte_lock() {
        EXPECT_EQ(one_.create(folder_ / "f"), 0);
        EXPECT_EQ(two_.open(folder_ / "f", true), 0);
    }
    temporary_folder folder_;
    file one_;
    file two_;
};

constexpr std::uint64_t far = std::uint64_t{1} << 61;

TEST_F(byte_lock, excludes_other_open_files_also_of_this_process) {
    EXPECT_EQ(try_lock(one_, lock_mode::exclusive, {far, 1}), 0);
    EXPECT_EQ(try_lock(two_, lock_mode::shared, {far, 1}), EAGAIN);
    EXPECT_EQ(try_lock(two_, lock_mode::exclusive, {far + 1, 1}), 0);
    EXPECT_EQ(unlock(one_, {far, 1}), 0);
    EXPECT_EQ(try_lock(two_, lock_mode::shared, {far, 1}), 0);
}

TEST_F(byte_lock, shared_becomes_exclusive_only_alone) {
    ASSERT_EQ(try_lock(one_, lock_mode::shared, {far, 1}), 0);
    ASSERT_EQ(try_lock(two_, lock_mode::shared, {far, 1}), 0);
    EXPECT_EQ(try_lock(one_, lock_mode::exclusive, {far, 1}), EAGAIN);
    EXPECT_EQ(try_lock(two_, lock_mode::exclusive, {far, 1}), EAGAIN);
    ASSERT_EQ(unlock(two_, {far, 1}), 0);
    EXPECT_EQ(try_lock(one_, lock_mode::exclusive, {far, 1}), 0);
    EXPECT_EQ(try_lock(one_, lock_mode::shared, {far, 1}), 0);
    EXPECT_EQ(try_lock(two_, lock_mode::shared, {far, 1}), 0);
}

TEST_F(byte_lock, waiting_ends_with_the_time_or_the_holder) {
    signal_pipe locked;
    child holder([&] {
        file own;
        const bool right =
            own.open(folder_ / "f", true) == 0 && try_lock(own, lock_mode::exclusive, {far, 1}) == 0;
        locked.send();
        if (right) {
            ::pause();
        }
    });
    locked.wait();
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(lock_until(one_, lock_mode::exclusive, {far, 1}, deadline_after(50ms)), ETIMEDOUT);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 50ms);
    holder.kill();
    EXPECT_EQ(lock_until(one_, lock_mode::exclusive, {far, 1}, deadline_after(10s)), 0);
}

TEST_F(byte_lock, closing_another_descriptor_releases_nothing) {
    ASSERT_EQ(try_lock(one_, lock_mode::exclusive, {far, 1}), 0);
    {
        file third;
        ASSERT_EQ(third.open(folder_ / "f", true), 0);
    }
    EXPECT_EQ(try_lock(two_, lock_mode::exclusive, {far, 1}), EAGAIN);
}

TEST_F(byte_lock, all_are_released_in_one_step) {
    ASSERT_EQ(try_lock(one_, lock_mode::exclusive, {far, 1}), 0);
    ASSERT_EQ(try_lock(one_, lock_mode::shared, {far * 2 + 7, 1}), 0);
    ASSERT_EQ(unlock_all(one_), 0);
    EXPECT_EQ(try_lock(two_, lock_mode::exclusive, {far, 0}), 0);
}

TEST_F(byte_lock, a_reader_may_lock_shared_and_be_found) {
    file reader;
    ASSERT_EQ(reader.open(folder_ / "f", false), 0);
    ASSERT_EQ(try_lock(reader, lock_mode::shared, {far * 2 + 5, 1}), 0);
    std::optional<byte_range> found;
    ASSERT_EQ(find_lock(one_, lock_mode::exclusive, {far * 2, 100}, found), 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->start, far * 2 + 5);
    EXPECT_EQ(found->bytes, 1U);
    ASSERT_EQ(find_lock(one_, lock_mode::exclusive, {far * 2, 5}, found), 0);
    EXPECT_FALSE(found);
    ASSERT_EQ(find_lock(reader, lock_mode::exclusive, {far * 2, 100}, found), 0);
    EXPECT_FALSE(found) << "one's own locks are never in the way";
}

// What a search for all locks has to cope with.
TEST_F(byte_lock, the_lock_found_need_not_be_the_first_and_neighbours_are_merged) {
    file reader_a;
    file reader_b;
    ASSERT_EQ(reader_a.open(folder_ / "f", false), 0);
    ASSERT_EQ(reader_b.open(folder_ / "f", false), 0);
    ASSERT_EQ(try_lock(reader_a, lock_mode::shared, {far + 50, 1}), 0);
    ASSERT_EQ(try_lock(reader_b, lock_mode::shared, {far + 10, 1}), 0);
    ASSERT_EQ(try_lock(reader_b, lock_mode::shared, {far + 11, 1}), 0);
    std::optional<byte_range> found;
    ASSERT_EQ(find_lock(one_, lock_mode::exclusive, {far, 100}, found), 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->start, far + 50)
        << "ordered by owner before place; if not, one question a lock would do";
    ASSERT_EQ(find_lock(one_, lock_mode::exclusive, {far, 50}, found), 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->start, far + 10);
    EXPECT_EQ(found->bytes, 2U);
}

} // namespace
} // namespace holdfast::os
