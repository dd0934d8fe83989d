// Named maps: their making, dropping and listing, and what transactions over several of them do.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::string_literals;

class maps_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    void put(std::string_view map, std::string_view key, std::string_view text) {
        store_.update([&](write_transaction& transaction) { transaction.map(map).put(key, text); });
    }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const map_information& map : store_.snapshot().maps()) {
            found.push_back(map.name);
        }
        return found;
    }
    bool drop(std::string_view map) {
        return store_.update([&](write_transaction& transaction) { return transaction.drop(map); });
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_F(maps_test, are_made_by_their_first_entry_and_kept_apart) {
    put("users", "ada", "36");
    put("", "ada", "unnamed");
    put("a\0b"s, "ada", "a name with a NUL");
    const snapshot now = store_.snapshot();
    EXPECT_EQ(now.map("users").get("ada")->text(), "36");
    EXPECT_EQ(now.map().get("ada")->text(), "unnamed");
    EXPECT_EQ(now.map("a\0b"s).get("ada")->text(), "a name with a NUL");
    EXPECT_EQ(names(), (std::vector<std::string>{"", "a\0b"s, "users"}));
    EXPECT_TRUE(now.has_map("users"));
    EXPECT_TRUE(now.has_map(""));
    EXPECT_FALSE(now.has_map("user"));
    EXPECT_TRUE(now.map("user").empty());
    EXPECT_EQ(now.map("user").get("ada"), std::nullopt);
    EXPECT_TRUE(now.map("user").begin() == now.map("user").end());
}

TEST_F(maps_test, are_listed_with_their_figures) {
    put("users", "ada", "36");
    put("users", "bob", "1234");
    put("orders", "1", "");
    const std::vector<map_information> maps = store_.snapshot().maps();
    ASSERT_EQ(maps.size(), 2U);
    EXPECT_EQ(maps[0].name, "orders");
    EXPECT_EQ(maps[0].entries, 1U);
    EXPECT_EQ(maps[0].bytes, 1U);
    EXPECT_EQ(maps[1].name, "users");
    EXPECT_EQ(maps[1].entries, 2U);
    EXPECT_EQ(maps[1].bytes, 12U);
    EXPECT_EQ(store_.snapshot().map("users").size(), 2U);
    EXPECT_EQ(store_.snapshot().map("users").bytes(), 12U);
}

TEST_F(maps_test, are_not_made_by_looking_or_by_a_transaction_that_leaves_them_empty) {
    store_.update([](write_transaction& transaction) {
        EXPECT_FALSE(transaction.map("looked at").contains("key"));
        transaction.map("emptied").put("key", "value");
        EXPECT_TRUE(transaction.map("emptied").erase("key"));
        transaction.map("real").put("key", "value");
    });
    EXPECT_EQ(names(), std::vector<std::string>{"real"});
}

TEST_F(maps_test, stay_when_they_are_emptied_and_go_when_they_are_dropped) {
    put("users", "ada", "36");
    store_.update([](write_transaction& transaction) { transaction.map("users").clear(); });
    EXPECT_TRUE(store_.snapshot().has_map("users"));
    EXPECT_EQ(store_.snapshot().map("users").size(), 0U);
    EXPECT_TRUE(drop("users"));
    EXPECT_FALSE(store_.snapshot().has_map("users"));
    EXPECT_FALSE(drop("users"));
}

TEST_F(maps_test, can_be_dropped_and_made_again) {
    for (int round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < 300; ++i) {
            put("users", numbered("key", i), std::to_string(round));
        }
        EXPECT_EQ(store_.snapshot().map("users").size(), 300U);
        EXPECT_TRUE(drop("users"));
        EXPECT_TRUE(names().empty());
    }
    put("users", "ada", "36");
    EXPECT_EQ(store_.snapshot().map("users").size(), 1U);
}

TEST_F(maps_test, can_be_dropped_and_filled_in_one_transaction) {
    put("users", "old", "1");
    store_.update([](write_transaction& transaction) {
        map_writer users = transaction.map("users");
        users.put("lost", "2");
        EXPECT_TRUE(transaction.drop("users"));
        EXPECT_EQ(users.size(), 0U);
        EXPECT_EQ(users.get("old"), std::nullopt);
        EXPECT_FALSE(transaction.drop("users"));
        users.put("new", "3");
        EXPECT_EQ(transaction.map("users").get("new")->text(), "3");
        transaction.map("fresh").put("a", "1");
        EXPECT_TRUE(transaction.drop("fresh"));
        transaction.map("fresh").put("b", "2");
    });
    const snapshot now = store_.snapshot();
    EXPECT_EQ(now.map("users").size(), 1U);
    EXPECT_EQ(now.map("users").get("new")->text(), "3");
    EXPECT_EQ(now.map("fresh").size(), 1U);
    EXPECT_TRUE(now.map("fresh").contains("b"));
}

TEST_F(maps_test, are_back_when_the_transaction_that_dropped_them_is_undone) {
    put("users", "ada", "36");
    {
        write_transaction transaction = store_.begin_write();
        EXPECT_TRUE(transaction.drop("users"));
        transaction.map("users").put("bob", "7");
    }
    EXPECT_EQ(store_.snapshot().map("users").get<std::string>("ada"), "36");
    EXPECT_FALSE(store_.snapshot().map("users").contains("bob"));
}

TEST_F(maps_test, lose_their_entries_where_the_unnamed_one_is_dropped) {
    put("", "a", "1");
    put("users", "ada", "36");
    EXPECT_TRUE(drop(""));
    EXPECT_FALSE(drop(""));
    EXPECT_FALSE(store_.contains("a"));
    EXPECT_EQ(names(), std::vector<std::string>{"users"});
}

TEST_F(maps_test, are_read_as_they_were_by_an_older_snapshot) {
    put("users", "ada", "36");
    const snapshot before = store_.snapshot();
    drop("users");
    put("users", "bob", "7");
    EXPECT_EQ(before.map("users").get("ada")->text(), "36");
    EXPECT_FALSE(before.map("users").contains("bob"));
    EXPECT_EQ(store_.snapshot().map("users").size(), 1U);
}

TEST_F(maps_test, erase_by_prefix_within_one_map) {
    store_.update([](write_transaction& transaction) {
        for (const char* map : {"one", "two"}) {
            for (std::uint64_t i = 0; i < 2000; ++i) {
                transaction.map(map).put(numbered(i % 2 == 0 ? "even" : "odd", i), "value");
            }
        }
    });
    const std::uint64_t erased = store_.update([](write_transaction& transaction) {
        EXPECT_EQ(transaction.map("one").erase_prefix("neither"), 0U);
        return transaction.map("one").erase_prefix("even");
    });
    EXPECT_EQ(erased, 1000U);
    EXPECT_EQ(store_.snapshot().map("one").size(), 1000U);
    EXPECT_EQ(store_.snapshot().map("two").size(), 2000U);
    store_.update(
        [](write_transaction& transaction) { EXPECT_EQ(transaction.map("two").erase_prefix(""), 2000U); });
    EXPECT_TRUE(store_.snapshot().map("two").empty());
}

TEST_F(maps_test, may_be_thousands) {
    constexpr std::uint64_t count = sanitized ? 500 : 5000;
    store_.update([](write_transaction& transaction) {
        for (std::uint64_t i = 0; i < count; ++i) {
            transaction.map(numbered("map", i)).put("key", std::to_string(i));
        }
    });
    const snapshot all = store_.snapshot();
    EXPECT_EQ(all.maps().size(), count);
    store_.update([](write_transaction& transaction) {
        for (std::uint64_t i = 0; i < count; i += 2) {
            EXPECT_TRUE(transaction.drop(numbered("map", i)));
        }
    });
    EXPECT_EQ(store_.stat().maps, count / 2);
    EXPECT_EQ(all.map(numbered("map", count - 2)).get("key")->text(), std::to_string(count - 2));
    EXPECT_EQ(store_.snapshot().map(numbered("map", count - 1)).get<std::string>("key"),
              std::to_string(count - 1));
}

} // namespace
} // namespace holdfast::test
