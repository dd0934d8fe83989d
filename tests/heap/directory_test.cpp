// Large heaps: many block tables, several leaves of the directory, in sparse memory.
#include <memory>
#include <vector>

#include "fixture.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t gib = 1024 * format::mib;

class directory_test : public testing::Test {
protected:
    void SetUp() override {
        try {
            memory_ = std::make_unique<memory_backing>(100 * gib, initial_end_bytes);
        } catch (const std::bad_alloc&) {
            GTEST_SKIP() << "100 GiB of addresses are not to be had here";
        }
        heap::format(*memory_, initial_end_bytes);
        user_ = std::make_unique<heap_user>(*memory_);
    }

    std::unique_ptr<memory_backing> memory_;
    std::unique_ptr<heap_user> user_;
};

TEST_F(directory_test, one_run_may_be_larger_than_a_leaf_of_the_directory_describes) {
    heap& tested = user_->heap();
    user_->begin();
    const ref huge = tested.allocate(40 * gib); // a leaf describes 32 GiB
    tested.base()[huge.offset() + 40 * gib - 1] = std::byte{1};
    const ref small = tested.allocate(100);
    user_->commit();
    const heap_report report = check_heap(tested);
    EXPECT_TRUE(report.findings.empty()) << report.findings.front();
    EXPECT_EQ(report.objects.at(huge.offset()).bytes, 40 * gib);
    EXPECT_TRUE(report.objects.contains(small.offset()));
    const auto* const root = reinterpret_cast<const std::uint64_t*>(tested.base() + format::directory_offset);
    EXPECT_NE(root[1], 0U);
    EXPECT_EQ(root[2], 0U);
    EXPECT_GT(report.table_blocks, 2U * 2048);
    user_->begin();
    tested.free(huge);
    const ref again = tested.allocate(39 * gib);
    user_->commit();
    EXPECT_EQ(again, huge);
    EXPECT_TRUE(check_heap(tested).findings.empty());
}

TEST_F(directory_test, an_undone_growth_over_several_leaves_can_be_repeated) {
    heap& tested = user_->heap();
    for (int attempt = 0; attempt < 2; ++attempt) {
        user_->begin();
        const account_image before(tested);
        (void)tested.allocate(70 * gib);
        EXPECT_GT(tested.end_bytes(), 70 * gib);
        user_->abort();
        EXPECT_EQ(before.first_difference(), 0U);
        EXPECT_EQ(tested.end_bytes(), initial_end_bytes);
        EXPECT_TRUE(check_heap(tested).findings.empty());
    }
}

/// The border of a table may lie anywhere in what a growth adds.
TEST_F(directory_test, growth_meets_the_borders_of_tables_at_every_distance) {
    heap& tested = user_->heap();
    user_->begin();
    (void)tested.allocate(32 * gib - format::heap_offset - 48 * format::mib);
    user_->commit();
    for (std::uint64_t blocks = 900; blocks < 1100; blocks += 3) {
        user_->begin();
        (void)tested.allocate(blocks * format::block_bytes);
        user_->commit();
        memory_->set_limit(tested.end_bytes() +
                           (blocks % 7) * format::block_bytes); // grow by less than usual
        user_->begin();
        try {
            for (;;) {
                (void)tested.allocate(format::block_bytes);
            }
        } catch (const error& full) {
            ASSERT_EQ(full.reason(), errc::no_space);
        }
        user_->commit();
        memory_->set_limit(100 * gib);
    }
    const heap_report report = check_heap(tested);
    EXPECT_TRUE(report.findings.empty()) << report.findings.front();
}

TEST_F(directory_test, growth_ends_at_the_limit_of_the_addresses) {
    heap& tested = user_->heap();
    user_->begin();
    (void)tested.allocate(60 * gib);
    const account_image before(tested);
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(60 * gib); }), errc::no_space);
    EXPECT_EQ(before.first_difference(), 0U);
    user_->commit();
    EXPECT_TRUE(check_heap(tested).findings.empty());
}

} // namespace
} // namespace holdfast::test
