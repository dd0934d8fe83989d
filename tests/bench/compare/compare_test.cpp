// That the comparison's own tools judge rightly: values, keys and latencies.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "run/clock.hpp"
#include "run/keys.hpp"
#include "run/values.hpp"

namespace compare {

namespace {

std::vector<std::string> keys_of(const key_sequence& sequence) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < sequence.size(); ++i) {
        keys.emplace_back(sequence.key(i));
    }
    return keys;
}

TEST(value_check, accepts_a_value_of_its_entry_and_nothing_else) {
    for (const std::size_t bytes : {std::size_t{8}, std::size_t{16}, std::size_t{100}, std::size_t{65536}}) {
        value_source values(bytes, 1);
        value_check check(bytes);
        const std::array<std::uint64_t, 1> expected = {7};
        check.expect(expected);
        const std::string right(values.next(7));
        check.take(0, right);
        EXPECT_EQ(check.good(), 1U);

        check.take(0, values.next(8)); // of another entry
        check.take(0, std::string_view(right).substr(1));
        check.take(0, std::string_view(right).substr(0, 0));
        std::string torn = right;
        torn.back() = static_cast<char>(torn.back() + 1);
        check.take(0, torn);
        check.take(0, std::string(bytes, '\0'));
        EXPECT_EQ(check.good(), 1U);
        EXPECT_EQ(check.taken(), 6U);
    }
}

TEST(value_source, never_makes_a_value_twice) {
    value_source values(8, 0);
    std::set<std::string> made;
    for (int i = 0; i < 100'000; ++i) {
        EXPECT_TRUE(made.emplace(values.next(3)).second);
    }
}

TEST(value_check, sums_the_entries_that_a_scan_meets) {
    value_source values(100, 1);
    value_check check(100);
    for (std::uint64_t entry = 0; entry < 10; ++entry) {
        check.meet(values.next(entry));
    }
    EXPECT_EQ(check.good(), 10U);
    EXPECT_EQ(check.sum(), 45U);
}

TEST(key_set, has_as_many_keys_as_entries_and_a_twin_behind_each) {
    for (const key_kind kind : {key_kind::user, key_kind::hex, key_kind::url}) {
        const key_set set(kind, 1234);
        const std::vector<std::string> sorted = keys_of(set.sorted());
        EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
        std::vector<std::string> all = keys_of(set.shuffled(1));
        EXPECT_FALSE(std::is_sorted(all.begin(), all.end()));
        const std::vector<std::string> twins = keys_of(set.twins(1, 5000));
        EXPECT_EQ(twins.size(), 1234U);
        all.insert(all.end(), twins.begin(), twins.end());
        const std::set<std::string> different(all.begin(), all.end());
        EXPECT_EQ(different.size(), 2 * 1234U);
        for (const std::string& key : different) {
            EXPECT_EQ(key.size(), set.key_bytes());
        }
        EXPECT_LT(set.key(5), set.key(5 + 1234));
    }
}

TEST(key_set, knows_how_many_keys_begin_with_a_prefix) {
    for (const key_kind kind : {key_kind::user, key_kind::url}) {
        const key_set set(kind, 1234);
        const std::vector<std::string> keys = keys_of(set.sorted());
        for (const std::uint64_t entry : {0U, 99U, 100U, 1199U, 1200U, 1233U}) {
            const auto found = std::count_if(keys.begin(), keys.end(), [&](const std::string& key) {
                return key.starts_with(set.prefix(entry));
            });
            EXPECT_EQ(static_cast<std::uint64_t>(found), set.entries_of_prefix(entry)) << entry;
        }
    }
}

TEST(latencies, percentiles_are_right_to_a_64th) {
    latencies each;
    EXPECT_EQ(each.at(0.5), 0U);
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
        each.add(i);
    }
    for (const double share : {0.001, 0.5, 0.99, 0.999, 0.9999}) {
        const double right = share * 100'000;
        EXPECT_NEAR(static_cast<double>(each.at(share)), right, right / 64 + 1) << share;
    }
    EXPECT_EQ(each.max(), 100'000U);
    EXPECT_EQ(each.at(1), 100'000U);
    each.add(~std::uint64_t{0});
    EXPECT_EQ(each.max(), ~std::uint64_t{0});
    EXPECT_EQ(each.count(), 100'001U);
}

TEST(repeat, ends_by_time_or_by_count) {
    std::uint64_t calls = 0;
    EXPECT_EQ(repeat({1e9, 100}, [&](std::uint64_t) { ++calls; }).operations, 100U);
    EXPECT_EQ(calls, 100U);
    EXPECT_GE(repeat({0.001}, [](std::uint64_t) {}).nanoseconds, 1e6);
    latencies each;
    EXPECT_EQ(repeat({1e9, 100}, each, [](std::uint64_t) {}).operations, 100U);
    EXPECT_EQ(each.count(), 100U);
}

} // namespace

} // namespace compare
