// Walking and changing the maps of a write transaction: iterators and when they are stale, ranges, taking, erasing
// many,
// what a put says; and the container interface of typed maps.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using texts = std::vector<std::string>;

class walk_test : public ::testing::Test {
protected:
    void SetUp() override {
        store_.update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 1000; ++i) {
                transaction.map("jobs").put(numbered("job", i), std::to_string(i));
            }
        });
    }
    void TearDown() override { expect_sound(store_); }

    template <class Range>
    [[nodiscard]] static texts keys_of(Range&& range) {
        texts keys;
        for (auto&& [key, value] : range) {
            keys.emplace_back(key);
        }
        return keys;
    }

    template <class Operation>
    [[nodiscard]] static std::string message_of(Operation&& operation) {
        try {
            operation();
        } catch (const error& failure) {
            return failure.what();
        }
        return "nothing was thrown";
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

// --- Iterators of a transaction ---------------------------------------------------------------------------

TEST_F(walk_test, of_a_transaction_is_as_that_of_a_snapshot_and_sees_its_changes) {
    write_transaction transaction = store_.begin_write();
    map_writer jobs = transaction.map("jobs");
    jobs.put("job00000500x", "new");
    jobs.erase("job00000000");
    EXPECT_EQ(std::distance(jobs.begin(), jobs.end()), 1000);
    EXPECT_EQ(jobs.begin()->first, "job00000001");
    EXPECT_EQ(std::prev(jobs.end())->first, "job00000999");
    EXPECT_EQ(jobs.rbegin()->first, "job00000999");
    EXPECT_EQ(std::distance(jobs.rbegin(), jobs.rend()), 1000);
    EXPECT_EQ(jobs.find("job00000500x")->second.text(), "new");
    EXPECT_EQ(jobs.find("job00000500x")->second.version(), transaction.version());
    EXPECT_TRUE(jobs.find("job00000000") == jobs.end());
    EXPECT_EQ(jobs.lower_bound("job00000500a")->first, "job00000500x");
    EXPECT_EQ(jobs.upper_bound("job00000500x")->first, "job00000501");
    EXPECT_EQ(keys_of(jobs.range("job00000500", "job00000502")),
              (texts{"job00000500", "job00000500x", "job00000501"}));
    EXPECT_EQ(keys_of(jobs.prefix("job0000099")).size(), 10U);
    EXPECT_EQ(keys_of(jobs.from("job00000998")), (texts{"job00000998", "job00000999"}));
    EXPECT_EQ(keys_of(jobs.before("job00000003")), (texts{"job00000001", "job00000002"}));
    const snapshot before = store_.snapshot();
    EXPECT_EQ(before.map("jobs").rbegin()->first, "job00000999");
    EXPECT_EQ(keys_of(before.map("jobs").from("job00000999")), texts{"job00000999"});
    EXPECT_EQ(keys_of(before.map("jobs").before("job00000001")), texts{"job00000000"});
}

TEST_F(walk_test, is_stale_once_its_map_was_changed) {
    write_transaction transaction = store_.begin_write();
    map_writer jobs = transaction.map("jobs");
    const auto expect_stale_after = [&](auto&& change) {
        map_iterator at = jobs.begin();
        const map_range range = jobs.prefix("job");
        map_iterator unrelated = transaction.map().begin();
        change();
        expect_failure(errc::stale_iterator, [&] { static_cast<void>(*at); });
        expect_failure(errc::stale_iterator, [&] { ++at; });
        expect_failure(errc::stale_iterator, [&] { --at; });
        expect_failure(errc::stale_iterator, [&] { jobs.erase(at); });
        expect_failure(errc::stale_iterator, [&] { jobs.take(at); });
        expect_failure(errc::stale_iterator, [&] { static_cast<void>(*range.begin()); });
        ++unrelated; // of another map
    };
    expect_stale_after([&] { jobs.put("job00000000", "other"); });
    expect_stale_after([&] { transaction.map("jobs").put("new", "value"); });
    expect_stale_after([&] { jobs.erase("job00000001"); });
    expect_stale_after([&] { jobs.erase_prefix("job0000001"); });
    expect_stale_after([&] { jobs.erase_range("job0000002", "job0000003"); });
    expect_stale_after([&] { jobs.clear(); });
    expect_stale_after([&] { jobs.put("key", "value"); });
    expect_stale_after([&] { transaction.drop("jobs"); });
    const map_iterator at = jobs.begin();
    EXPECT_FALSE(jobs.erase("absent")); // changes nothing
    EXPECT_EQ(jobs.put("absent", "value", {.if_version = 7}), put_outcome::refused);
    EXPECT_TRUE(at == jobs.end());
}

// It would have read freed memory.
TEST_F(walk_test, is_stale_once_its_transaction_has_ended) {
    for (const bool commits : {true, false}) {
        map_iterator at;
        map_range range;
        {
            write_transaction transaction = store_.begin_write();
            map_writer jobs = transaction.map("jobs");
            jobs.put("job00000000", "changed");
            at = jobs.begin();
            range = jobs.prefix("job");
            if (commits) {
                std::move(transaction).commit();
            }
        }
        expect_failure(errc::stale_iterator, [&] { static_cast<void>(*at); });
        expect_failure(errc::stale_iterator, [&] { ++at; });
        expect_failure(errc::stale_iterator, [&] { static_cast<void>(*range.begin()); });
    }
}

TEST_F(walk_test, refuses_iterators_of_other_maps_and_transactions) {
    const snapshot now = store_.snapshot();
    const map_iterator seen = now.map("jobs").begin();
    write_transaction transaction = store_.begin_write();
    map_writer jobs = transaction.map("jobs");
    expect_failure(errc::invalid_argument, [&] { jobs.erase(seen); });
    expect_failure(errc::invalid_argument, [&] { jobs.erase(transaction.map("other").begin()); });
    expect_failure(errc::invalid_argument, [&] { jobs.take(map_iterator()); });
    expect_failure(errc::invalid_argument, [&] { jobs.erase(jobs.end()); });
    EXPECT_EQ(jobs.take(jobs.end()), std::nullopt);
    EXPECT_EQ(jobs.size(), 1000U);
}

// --- Erasing and taking -----------------------------------------------------------------------------------

TEST_F(walk_test, erases_while_it_goes) {
    store_.update([](write_transaction& transaction) {
        map_writer jobs = transaction.map("jobs");
        for (map_iterator at = jobs.begin(); at != jobs.end();) {
            if (at->second.text().ends_with('7')) {
                at = jobs.erase(at);
            } else {
                ++at;
            }
        }
        EXPECT_TRUE(jobs.erase(jobs.find("job00000999")) == jobs.end());
    });
    EXPECT_EQ(store_.snapshot().map("jobs").size(), 899U);
}

TEST_F(walk_test, erases_by_keys_that_lie_in_the_entries_that_go) {
    store_.update([](write_transaction& transaction) {
        map_writer jobs = transaction.map("jobs");
        for (int i = 0; i < 500; ++i) {
            EXPECT_TRUE(jobs.erase(jobs.begin()->first));
        }
        jobs.put(jobs.begin()->first, jobs.begin()->second);
        EXPECT_EQ(jobs.erase_range(jobs.begin()->first, jobs.rbegin()->first), 499U);
    });
    EXPECT_EQ(store_.snapshot().map("jobs").get<std::string>("job00000999"), "999");
}

TEST_F(walk_test, erases_ranges_as_a_model_does) {
    std::map<std::string, std::string> expected;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        expected.emplace(numbered("job", i), std::to_string(i));
    }
    const auto expect_erased = [&](const std::string& first, const std::string& last) {
        std::uint64_t count = 0;
        if (first < last) {
            const auto from = expected.lower_bound(first);
            const auto to = expected.lower_bound(last);
            count = static_cast<std::uint64_t>(std::distance(from, to));
            expected.erase(from, to);
        }
        EXPECT_EQ(store_.update([&](write_transaction& transaction) {
            return transaction.map("jobs").erase_range(first, last);
        }),
                  count);
        const snapshot now = store_.snapshot();
        EXPECT_TRUE(std::ranges::equal(keys_of(now.map("jobs")), std::views::keys(expected)));
        expect_sound(store_);
    };
    expect_erased("job00000100", "job00000200");
    expect_erased("job00000150", "job00000160");
    expect_erased("b", "job00000001");
    expect_erased("job000009", "k");
    expect_erased("job00000500", "job00000400");
    expect_erased("job00000300", "job00000300");
    expect_erased("", "z");
}

TEST_F(walk_test, takes_the_two_oldest) {
    auto jobs = store_.map<std::string, std::string>("jobs");
    store_.update([&](write_transaction& transaction) {
        auto queue = transaction.in(jobs);
        const auto first = queue.take(queue.begin());
        const auto second = queue.take(queue.begin());
        EXPECT_EQ(first, std::pair(std::string("job00000000"), std::string("0")));
        EXPECT_EQ(second, std::pair(std::string("job00000001"), std::string("1")));
        EXPECT_EQ(queue.take("job00000002"), "2");
        EXPECT_EQ(queue.take("job00000002"), std::nullopt);
    });
    EXPECT_EQ(jobs.take("job00000003"), "3");
    EXPECT_EQ(jobs.size(), 996U);
    store_.update([&](write_transaction& transaction) {
        map_writer untyped = transaction.map("jobs");
        EXPECT_EQ(untyped.take("job00000004")->text(), "4");
        EXPECT_EQ(untyped.take<std::string>("job00000005"), "5");
        expect_failure(errc::wrong_type, [&] { untyped.take<int>("job00000006"); });
        EXPECT_EQ(untyped.take(untyped.begin())->first, "job00000006");
        EXPECT_EQ(untyped.take("job00000006"), std::nullopt);
        auto typed = transaction.in(jobs);
        while (typed.take(typed.begin())) {
        }
        EXPECT_TRUE(typed.empty());
    });
    EXPECT_TRUE(jobs.empty());
}

// --- put --------------------------------------------------------------------------------------------------

TEST_F(walk_test, says_what_a_put_did) {
    EXPECT_EQ(store_.put("key", "1"), put_outcome::inserted);
    EXPECT_EQ(store_.put("key", "2"), put_outcome::replaced);
    EXPECT_EQ(store_.put("key", 3, if_absent), put_outcome::refused);
    EXPECT_EQ(store_.get("key")->text(), "2");
    const version_number version = store_.get("key")->version();
    EXPECT_EQ(store_.put("key", "4", {.if_version = version - 1}), put_outcome::refused);
    EXPECT_EQ(store_.put("key", "4", {.if_version = version}), put_outcome::replaced);
    EXPECT_EQ(store_.put("new", "5", {.if_version = version}), put_outcome::refused);
    EXPECT_EQ(store_.put("new", "5", if_absent), put_outcome::inserted);
    auto ages = store_.map<std::string, int>("ages");
    EXPECT_EQ(ages.put("ada", 36, if_absent), put_outcome::inserted);
    EXPECT_EQ(ages.put("ada", 37, if_absent), put_outcome::refused);
    EXPECT_EQ(ages.get("ada"), 36);
    const version_number before = store_.snapshot().version();
    EXPECT_EQ(ages.put("ada", 37, if_absent), put_outcome::refused);
    EXPECT_EQ(store_.snapshot().version(), before) << "what is refused is no change";
}

TEST_F(walk_test, puts_what_a_snapshot_gives_as_it_is) {
    auto names = store_.map<std::string, std::string>("names");
    auto blobs = store_.map<std::string, std::vector<std::byte>>("blobs");
    names.put("a", std::string_view("a view"));
    blobs.put("a", std::as_bytes(std::span("bytes", 5)));
    const snapshot now = store_.snapshot();
    names.put("b", *now.in(names).get("a"));
    blobs.put("b", now.in(blobs).at("a"));
    store_.put("c", *now.map("blobs").get("a"));
    EXPECT_EQ(names.get("b"), "a view");
    EXPECT_EQ(blobs.get("b"), blobs.get("a"));
    EXPECT_EQ(store_.get("c")->type(), value_type::bytes);
    auto samples = store_.map<std::tuple<std::string, std::int64_t>, std::string>("samples");
    const std::tuple<std::string_view, std::int64_t> key("kitchen", 1);
    samples.put(key, "1");
    samples.put({"kitchen", 2}, "2");
    samples.put(std::tuple(std::string("roof"), std::int64_t{1}), "3");
    EXPECT_EQ(samples.get(key), "1");
    EXPECT_EQ(samples.size(), 3U);
    auto pairs = store_.map<std::pair<std::string, int>, int>("pairs");
    const std::pair<std::string, int> owned("x", 1);
    pairs.put(owned, 1);
    pairs.put({"x", 2}, 2);
    EXPECT_EQ(pairs.get(owned), 1);
}

// --- The maps of a transaction ----------------------------------------------------------------------------

TEST_F(walk_test, lists_the_maps_as_the_transaction_leaves_them) {
    store_.put("key", "value");
    write_transaction transaction = store_.begin_write();
    const auto names = [&] {
        texts found;
        for (const map_information& map : transaction.maps()) {
            found.push_back(map.name + ":" + std::to_string(map.entries));
        }
        return found;
    };
    EXPECT_EQ(names(), (texts{":1", "jobs:1000"}));
    transaction.map("added").put("a", 1);
    static_cast<void>(transaction.map("looked at").size());
    transaction.map("jobs").erase("job00000000");
    EXPECT_EQ(names(), (texts{":1", "added:1", "jobs:999"}));
    transaction.drop("jobs");
    transaction.erase("key");
    EXPECT_EQ(names(), texts{"added:1"});
    transaction.map("added").clear();
    transaction.map("jobs", key_type(key_part::int64)).put(key_type(key_part::int64).from_text("7"), "x");
    EXPECT_EQ(names(), texts{"jobs:1"});
    EXPECT_EQ(transaction.maps().at(0).keys.name(), "int");
    std::move(transaction).commit();
    EXPECT_EQ(store_.snapshot().maps().size(), 1U);
}

// --- The container interface ------------------------------------------------------------------------------

TEST_F(walk_test, offers_the_container_interface) {
    auto squares = store_.map<int, double>("squares");
    for (int i = -5; i < 5; ++i) {
        squares.put(i, i * i);
    }
    const snapshot now = store_.snapshot();
    const auto view = now.in(squares);
    using view_type = decltype(view);
    static_assert(std::is_same_v<std::decay_t<view_type>::key_type, int>);
    static_assert(std::is_same_v<std::decay_t<view_type>::mapped_type, double>);
    static_assert(sizeof(std::decay_t<view_type>::iterator) < 128);
    EXPECT_EQ(view.at(-3), 9.0);
    EXPECT_EQ(message_of([&] { static_cast<void>(view.at(7)); }),
              place_.path().string() + ", map 'squares', key '7' is not there");
    EXPECT_EQ(view.count(4), 1U);
    EXPECT_EQ(view.count(5), 0U);
    EXPECT_EQ(view.rbegin()->first, 4);
    EXPECT_EQ(std::prev(view.rend())->first, -5);
    EXPECT_EQ(std::ranges::distance(view.from(2)), 3);
    EXPECT_EQ(std::ranges::distance(view.before(2)), 7);
    const auto many = view.get_many(std::vector<int>{4, 5, -1});
    EXPECT_EQ(many, (std::vector<std::optional<double>>{16.0, std::nullopt, 1.0}));
    const std::map copied(view.begin(), view.end());
    static_assert(std::is_same_v<decltype(copied), const std::map<int, double>>);
    EXPECT_EQ(copied.size(), 10U);
    EXPECT_EQ(copied.at(-5), 25.0);
    const std::map untyped(now.map("jobs").begin(), now.map("jobs").end());
    static_assert(std::is_same_v<decltype(untyped), const std::map<std::string, value>>);
    EXPECT_EQ(untyped.at("job00000007").text(), "7");
}

#if !defined(__clang__) || __clang_major__ >= 16
TEST_F(walk_test, works_with_the_keys_and_values_of_the_standard_library) {
    auto ages = store_.map<std::string, int>("ages");
    ages.put("ada", 36);
    ages.put("bob", 7);
    texts keys;
    for (const std::string_view key : store_.snapshot().in(ages) | std::views::keys) {
        keys.emplace_back(key);
    }
    EXPECT_EQ(keys, (texts{"ada", "bob"}));
    int sum = 0;
    for (const int age : store_.snapshot().in(ages).prefix("a") | std::views::values) {
        sum += age;
    }
    EXPECT_EQ(sum, 36);
    for (const std::string_view key :
         store_.snapshot().map("ages") | std::views::keys | std::views::reverse) {
        keys.emplace_back(key);
    }
    EXPECT_EQ(keys, (texts{"ada", "bob", "bob", "ada"}));
}
#endif

template <class Map>
concept can_put = requires(Map map) {
    map.put("ada", 1);
};

TEST_F(walk_test, of_a_const_store_only_reads) {
    auto ages = store_.map<std::string, int>("ages");
    ages.put("ada", 36);
    const holdfast::store& reading = store_;
    const auto seen = reading.map<std::string, int>("ages");
    EXPECT_EQ(seen.get("ada"), 36);
    EXPECT_EQ(reading.snapshot().in(seen).size(), 1U);
    static_assert(can_put<decltype(ages)> && !can_put<std::remove_const_t<decltype(seen)>>);
}

} // namespace
} // namespace holdfast::test
