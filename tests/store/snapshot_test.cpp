// Snapshots: lifetime of views, iteration as ranges, many look-ups at once, differences.
#include <algorithm>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class snapshot_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    void fill(std::uint64_t count, std::string_view map = {}) {
        store_.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < count; ++i) {
                transaction.map(map).put(numbered("key", i), std::to_string(i));
            }
        });
    }
    template <class Range>
    [[nodiscard]] static std::vector<std::string> keys_of(Range&& range) {
        std::vector<std::string> keys;
        for (auto&& [key, value] : range) {
            keys.emplace_back(key);
        }
        return keys;
    }

    /// As std::views::reverse does it.
    struct reversed {
        map_range range;
        [[nodiscard]] auto begin() const { return std::make_reverse_iterator(range.end()); }
        [[nodiscard]] auto end() const { return std::make_reverse_iterator(range.begin()); }
    };

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

static_assert(std::ranges::view<map_range> && std::ranges::bidirectional_range<map_range> &&
              std::ranges::common_range<map_range>);

TEST_F(snapshot_test, stays_as_it_is_while_the_store_changes) {
    store_.put("key", "before");
    const snapshot before = store_.snapshot();
    store_.put("key", "after");
    store_.put("new", "value");
    EXPECT_EQ(before.get("key")->text(), "before");
    EXPECT_FALSE(before.contains("new"));
    EXPECT_EQ(before.map().size(), 1U);
    EXPECT_EQ(store_.snapshot().get<std::string>("key"), "after");
}

TEST_F(snapshot_test, lives_on_in_what_was_made_of_it_and_without_the_handle) {
    fill(100, "users");
    map_range range = store_.snapshot().map("users").prefix("key");
    const map_view view = store_.snapshot().map("users");
    { const holdfast::store closed = std::move(store_); }
    EXPECT_EQ(std::ranges::distance(range), 100);
    EXPECT_EQ(view.get("key00000042")->text(), "42");
    store_ = place_.open();
    for (int i = 0; i < 3000; ++i) {
        store_.update(
            [](write_transaction& transaction) { transaction.map("users").put("key00000042", "other"); });
    }
    EXPECT_EQ(view.get("key00000042")->text(), "42");
    EXPECT_EQ(store_.snapshot().map("users").get<std::string>("key00000042"), "other");
}

TEST_F(snapshot_test, is_iterated_through_temporaries) {
    fill(1000, "users");
    std::uint64_t seen = 0;
    for (auto&& [key, value] : store_.snapshot().map("users").prefix("key0000001")) {
        EXPECT_EQ(key, numbered("key", 10 + seen));
        EXPECT_EQ(value.text(), std::to_string(10 + seen));
        ++seen;
    }
    EXPECT_EQ(seen, 10U);
    seen = 0;
    for (auto&& [key, value] : store_.snapshot().map("users")) {
        seen += value.size() != 0 && !key.empty() ? 1 : 0;
    }
    EXPECT_EQ(seen, 1000U);
}

TEST_F(snapshot_test, is_released_with_the_last_of_its_views) {
    store_.put("key", "value");
    {
        const map_view view = store_.snapshot().map();
        EXPECT_EQ(store_.stat().snapshots.size(), 1U);
        const map_range range = view.range("a", "z");
        EXPECT_EQ(store_.stat().snapshots.size(), 1U);
    }
    EXPECT_TRUE(store_.stat().snapshots.empty());
}

TEST_F(snapshot_test, moves_and_releases_what_it_overwrites) {
    store_.put("key", "1");
    snapshot first = store_.snapshot();
    store_.put("key", "2");
    snapshot second = store_.snapshot();
    EXPECT_EQ(store_.stat().snapshots.size(), 2U);
    first = std::move(second);
    EXPECT_EQ(store_.stat().snapshots.size(), 1U);
    EXPECT_EQ(first.get("key")->text(), "2");
}

// --- Iteration --------------------------------------------------------------------------------------------

TEST_F(snapshot_test, iterates_in_bytewise_order) {
    for (const std::string_view key : {"b"sv, "a"sv, "\xFF"sv, "a\0"sv, ""sv, "ab"sv, "\x80"sv, "B"sv}) {
        store_.put(key, "value");
    }
    EXPECT_EQ(keys_of(store_.snapshot().map()),
              (std::vector<std::string>{"", "B", "a", "a\0"s, "ab", "b", "\x80", "\xFF"}));
}

TEST_F(snapshot_test, finds_bounds) {
    fill(3000);
    const snapshot now = store_.snapshot();
    const map_view map = now.map();
    EXPECT_EQ((*map.lower_bound("key00001500")).first, "key00001500");
    EXPECT_EQ((*map.upper_bound("key00001500")).first, "key00001501");
    EXPECT_EQ((*map.lower_bound("key00001500x")).first, "key00001501");
    EXPECT_EQ((*map.upper_bound("key00001500x")).first, "key00001501");
    EXPECT_EQ((*map.find("key00002999")).second.text(), "2999");
    EXPECT_TRUE(map.find("key00003000") == map.end());
    EXPECT_TRUE(map.lower_bound("z") == map.end());
    EXPECT_TRUE(map.upper_bound("key00002999") == map.end());
    EXPECT_TRUE(map.lower_bound("") == map.begin());
}

TEST_F(snapshot_test, cuts_ranges_and_prefixes) {
    fill(1000);
    store_.put("\xFF\xFF", "last");
    store_.put("\xFF\xFF\x01", "very last");
    const snapshot now = store_.snapshot();
    const map_view map = now.map();
    EXPECT_EQ(std::ranges::distance(map.range("key00000100", "key00000200")), 100);
    EXPECT_EQ(std::ranges::distance(map.range("key000001005", "key00000200")), 99);
    EXPECT_TRUE(map.range("key00000200", "key00000100").empty());
    EXPECT_TRUE(map.range("b", "b").empty());
    EXPECT_EQ(std::ranges::distance(map.prefix("")), 1002);
    EXPECT_EQ(std::ranges::distance(map.prefix("key000009")), 100);
    EXPECT_EQ(keys_of(map.prefix("\xFF\xFF")), (std::vector<std::string>{"\xFF\xFF", "\xFF\xFF\x01"}));
    EXPECT_TRUE(map.prefix("kez").empty());
    EXPECT_TRUE(map.prefix("key00000100x").empty());
    EXPECT_EQ(std::ranges::distance(map_range()), 0);
}

TEST_F(snapshot_test, iterates_backwards) {
    fill(2000);
    const snapshot now = store_.snapshot();
    std::vector<std::string> keys = keys_of(now.map());
    std::ranges::reverse(keys);
    EXPECT_EQ(keys_of(reversed{now.map().prefix("")}), keys);
    EXPECT_EQ(keys_of(reversed{now.map().prefix("key0000010")}).front(), "key00000109");
    map_iterator at = now.map().end();
    EXPECT_EQ((*--at).first, "key00001999");
    EXPECT_EQ((*at--).first, "key00001999");
    EXPECT_EQ((*at++).first, "key00001998");
    EXPECT_EQ((*at).first, "key00001999");
    EXPECT_TRUE(++at == now.map().end());
    EXPECT_EQ((*std::ranges::prev(now.map().lower_bound("key00001000"))).first, "key00000999");
}

TEST_F(snapshot_test, works_with_ranges_and_algorithms) {
    fill(1000);
    const snapshot now = store_.snapshot();
    const map_range all = now.map().prefix("key");
    EXPECT_EQ(std::ranges::count_if(all, [](const entry& one) { return one.second.text().ends_with('7'); }),
              100);
    const auto found = std::ranges::find(all, "500", [](const entry& one) { return one.second.text(); });
    ASSERT_TRUE(found != all.end());
    EXPECT_EQ((*found).first, "key00000500");
    EXPECT_TRUE(std::ranges::is_sorted(all, {}, &entry::first));
}

// clang 14 and 15 can't compile the views of libstdc++ 12, of any range.
#if !defined(__clang__) || __clang_major__ >= 16
TEST_F(snapshot_test, works_with_the_views_of_the_standard_library) {
    fill(1000);
    const snapshot now = store_.snapshot();
    const map_range all = now.map().prefix("key");
    EXPECT_EQ(
        keys_of(all | std::views::filter([](const entry& one) { return one.second.size() == 1; })).size(),
        10U);
    EXPECT_EQ(keys_of(all | std::views::drop(10) | std::views::take(3)),
              (std::vector<std::string>{"key00000010", "key00000011", "key00000012"}));
    EXPECT_EQ(keys_of(all | std::views::reverse | std::views::take(1)),
              (std::vector<std::string>{"key00000999"}));
}
#endif

TEST_F(snapshot_test, looks_up_many_keys_at_once) {
    fill(5000);
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < 101; ++i) {
        names.push_back(numbered("key", i * 97));
    }
    const std::vector<std::string_view> keys(names.begin(), names.end());
    const snapshot now = store_.snapshot();
    const auto values = now.map().get_many(keys);
    ASSERT_EQ(values.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(values[i].has_value(), i * 97 < 5000);
        if (values[i]) {
            EXPECT_EQ(values[i]->text(), std::to_string(i * 97));
        }
    }
    EXPECT_TRUE(now.map().get_many({}).empty());
    EXPECT_EQ(now.map("absent").get_many(keys).front(), std::nullopt);
}

TEST_F(snapshot_test, is_read_by_many_threads_at_once) {
    fill(2000);
    const snapshot now = store_.snapshot();
    std::vector<std::thread> readers;
    for (std::uint64_t reader = 0; reader < 4; ++reader) {
        readers.emplace_back([&now, reader] {
            const map_view map = now.map();
            for (std::uint64_t i = reader; i < 2000; i += 4) {
                EXPECT_EQ(map.get(numbered("key", i))->text(), std::to_string(i));
            }
            EXPECT_EQ(std::distance(map.begin(), map.end()), 2000);
        });
    }
    for (std::thread& reader : readers) {
        reader.join();
    }
}

// --- Differences ------------------------------------------------------------------------------------------

TEST_F(snapshot_test, tells_what_changed_since_an_older_one) {
    fill(1000);
    const snapshot before = store_.snapshot();
    store_.put("key00000500", "changed");
    store_.erase("key00000000");
    store_.put("key00000999x", "added");
    store_.put("key00000001", "twice");
    store_.put("key00000001", "1");
    store_.put("gone", "again");
    store_.erase("gone");
    const snapshot after = store_.snapshot();
    const std::vector<change> changes = after.changes_since(before);
    ASSERT_EQ(changes.size(), 4U);
    EXPECT_EQ(changes[0].key, "key00000000");
    EXPECT_EQ(changes[0].before->text(), "0");
    EXPECT_EQ(changes[0].after, std::nullopt);
    EXPECT_EQ(changes[1].key, "key00000001"); // the same bytes, but of another version
    EXPECT_NE(changes[1].before->version(), changes[1].after->version());
    EXPECT_EQ(changes[2].key, "key00000500");
    EXPECT_EQ(changes[2].after->text(), "changed");
    EXPECT_EQ(changes[3].key, "key00000999x");
    EXPECT_EQ(changes[3].before, std::nullopt);
    EXPECT_TRUE(after.changes_since(after).empty());
    EXPECT_EQ(before.changes_since(after).size(), 4U);
}

TEST_F(snapshot_test, tells_the_changes_of_a_map_that_was_dropped_and_made_again) {
    fill(10, "users");
    const snapshot before = store_.snapshot();
    EXPECT_EQ(before.changes_since(before, "absent").size(), 0U);
    store_.update([](write_transaction& transaction) { transaction.drop("users"); });
    const snapshot without = store_.snapshot();
    EXPECT_EQ(without.changes_since(before, "users").size(), 10U);
    fill(5, "users");
    const snapshot again = store_.snapshot();
    EXPECT_EQ(again.changes_since(without, "users").size(), 5U);
    EXPECT_EQ(again.changes_since(before, "users").size(), 10U);
    EXPECT_TRUE(again.changes_since(before).empty());
}

} // namespace
} // namespace holdfast::test
