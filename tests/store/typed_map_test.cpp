// Typed maps and typed values: what was put comes back, what is of another type is named, and all or nothing.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <ranges>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

struct point {
    double x;
    double y;
    std::int32_t tag;
    bool operator==(const point&) const = default;
};
struct other_point {
    double x;
    double y;
    std::int32_t tag;
};
struct next_point {
    double x;
    double y;
    std::int32_t tag;
};
struct larger_point {
    double x;
    double y;
    double z;
};
struct alignas(16) wide {
    std::array<std::uint64_t, 4> words;
};
struct alignas(64) cache_line {
    std::array<std::uint32_t, 16> words;
};
enum class level : std::uint8_t { low = 1, high = 200 };

} // namespace
} // namespace holdfast::test

template <>
struct holdfast::type_description<holdfast::test::point> {
    static constexpr std::string_view name = "point";
    static constexpr std::uint32_t raw_version = 1;
};
template <>
struct holdfast::type_description<holdfast::test::other_point> {
    static constexpr std::string_view name = "other";
    static constexpr std::uint32_t raw_version = 1;
};
template <>
struct holdfast::type_description<holdfast::test::next_point> {
    static constexpr std::string_view name = "point";
    static constexpr std::uint32_t raw_version = 2;
};
template <>
struct holdfast::type_description<holdfast::test::larger_point> {
    static constexpr std::string_view name = "point";
    static constexpr std::uint32_t raw_version = 1;
};
template <>
struct holdfast::type_description<holdfast::test::wide> {
    static constexpr std::string_view name = "wide";
    static constexpr std::uint32_t raw_version = 1;
};
template <>
struct holdfast::type_description<holdfast::test::cache_line> {
    static constexpr std::string_view name = "a name that is longer than half a cache line is";
    static constexpr std::uint32_t raw_version = 1;
};

namespace holdfast::test {
namespace {

/// The message of the failure, which must be of that reason.
template <class Operation>
[[nodiscard]] std::string message_of(errc reason, Operation&& operation) {
    try {
        operation();
    } catch (const error& failure) {
        EXPECT_EQ(failure.reason(), reason) << failure.what();
        return failure.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

class typed_map_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    template <class T>
    void expect_round_trip(const T& value) {
        store_.put("key", value);
        EXPECT_EQ(store_.get<T>("key"), value);
        EXPECT_EQ(store_.snapshot().get<T>("key"), value);
        store_.update([&](write_transaction& transaction) { EXPECT_EQ(transaction.get<T>("key"), value); });
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

// --- Single values ----------------------------------------------------------------------------------------

TEST_F(typed_map_test, values_come_back_as_they_were) {
    expect_round_trip(std::int64_t{-5});
    expect_round_trip(std::numeric_limits<std::int64_t>::min());
    expect_round_trip(std::numeric_limits<std::uint64_t>::max());
    expect_round_trip(static_cast<signed char>(-7));
    expect_round_trip(std::uint16_t{65'535});
    expect_round_trip(0.1);
    expect_round_trip(0.1F);
    expect_round_trip(std::numeric_limits<double>::infinity());
    expect_round_trip(true);
    expect_round_trip(false);
    expect_round_trip(std::monostate{});
    expect_round_trip(level::high);
    expect_round_trip(point{1.5, -2.5, 7});
    store_.put("key", "text");
    EXPECT_EQ(store_.get<std::string>("key"), "text");
    const std::vector<std::byte> bytes = {std::byte{0}, std::byte{255}};
    store_.put("key", std::span<const std::byte>(bytes));
    EXPECT_EQ(store_.get<std::vector<std::byte>>("key"), bytes);
    store_.put("key", nullptr);
    EXPECT_EQ(store_.get("key")->type(), value_type::null);
    EXPECT_EQ(store_.get<int>("absent"), std::nullopt);
}

TEST_F(typed_map_test, numbers_convert_only_when_exact) {
    store_.put("int", 300);
    EXPECT_EQ(store_.get<std::uint64_t>("int"), 300U);
    EXPECT_EQ(store_.get<double>("int"), 300.0);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<std::uint8_t>("int"); });
    store_.put("negative", -1);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<std::uint64_t>("negative"); });
    EXPECT_EQ(store_.get<float>("negative"), -1.0F);
    store_.put("float", 2.5);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<int>("float"); });
    EXPECT_EQ(store_.get<float>("float"), 2.5F);
    store_.put("float", 1e300);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<float>("float"); });
    expect_failure(errc::out_of_range, [&] { (void)store_.get<std::int64_t>("float"); });
    store_.put("float", 9'007'199'254'740'992.0);
    EXPECT_EQ(store_.get<std::int64_t>("float"), std::int64_t{1} << 53);
    for (const std::uint64_t number :
         {(std::uint64_t{1} << 53) + 1, std::numeric_limits<std::uint64_t>::max(),
          (std::uint64_t{1} << 63) - 1}) {
        store_.put("large", number);
        expect_failure(errc::out_of_range, [&] { (void)store_.get<double>("large"); });
    }
    store_.put("large", 18'446'744'073'709'551'616.0);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<std::uint64_t>("large"); });
    store_.put("nan", std::numeric_limits<double>::quiet_NaN());
    expect_failure(errc::out_of_range, [&] { (void)store_.get<int>("nan"); });
    EXPECT_TRUE(std::isnan(*store_.get<float>("nan")));
}

TEST_F(typed_map_test, another_type_is_named) {
    store_.put("name", "Ada");
    EXPECT_EQ(message_of(errc::wrong_type, [&] { (void)store_.get<int>("name"); }),
              place_.path().string() + ", key 'name': holds a string, not an int");
    EXPECT_EQ(message_of(errc::wrong_type, [&] { (void)store_.snapshot().get<bool>("name"); }),
              place_.path().string() + ", key 'name': holds a string, not a bool");
    store_.put("yes", true);
    expect_failure(errc::wrong_type, [&] { (void)store_.get<int>("yes"); });
    expect_failure(errc::wrong_type, [&] { (void)store_.get<std::string>("yes"); });
    expect_failure(errc::wrong_type, [&] { (void)store_.get<point>("yes"); });
}

TEST_F(typed_map_test, bytes_that_can_not_be_a_value_are_refused) {
    expect_failure(errc::invalid_argument,
                   [&] { store_.put("key", value_view(value_type::int64, "1234567")); });
    expect_failure(errc::invalid_argument, [&] { store_.put("key", value_view(value_type::boolean, "\2")); });
    expect_failure(errc::invalid_argument, [&] { store_.put("key", value_view(value_type::null, "x")); });
    expect_failure(errc::invalid_argument,
                   [&] { store_.put("key", value_view(value_type::raw, std::string(40, 'x'))); });
    EXPECT_FALSE(store_.contains("key"));
}

// --- Raw objects ------------------------------------------------------------------------------------------

TEST_F(typed_map_test, raw_objects_are_read_in_place_and_aligned) {
    auto objects = store_.map<std::string, wide>("objects");
    for (std::uint64_t i = 0; i < 50; ++i) {
        objects.put(std::string(i, 'k'), {{i, i + 1, i + 2, i + 3}});
    }
    const snapshot now = store_.snapshot();
    const typed_view<std::string, wide> view = now.in(objects);
    for (std::uint64_t i = 0; i < 50; ++i) {
        const wide* const object = view.get(std::string(i, 'k'));
        ASSERT_NE(object, nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignof(wide), 0U);
        EXPECT_EQ(object->words[3], i + 3);
    }
    EXPECT_EQ(view.get("absent"), nullptr);
    const auto described = describe_raw(*now.map("objects").get("k"));
    ASSERT_TRUE(described);
    EXPECT_EQ(described->name, "wide");
    EXPECT_EQ(described->object.size(), sizeof(wide));
}

TEST_F(typed_map_test, raw_objects_are_aligned_up_to_a_cache_line) {
    auto objects = store_.map<std::string, cache_line>("objects");
    for (std::uint32_t i = 0; i < 150; ++i) {
        objects.put(std::string(i, 'k'), {{i, i + 1}});
    }
    // A copy of the bytes, as the command line makes, is as aligned.
    store_.update([&](write_transaction& transaction) {
        const value copied = *transaction.map("objects").get("kk");
        transaction.map("objects").put("copied", copied);
    });
    const snapshot now = store_.snapshot();
    const typed_view<std::string, cache_line> view = now.in(objects);
    for (std::uint32_t i = 0; i < 150; ++i) {
        const cache_line* const object = view.get(std::string(i, 'k'));
        ASSERT_NE(object, nullptr);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(object) % 64, 0U);
        ASSERT_EQ(object->words[1], i + 1);
    }
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.get("copied")) % 64, 0U);
    EXPECT_EQ(objects.get("copied")->words[0], 2U);
    EXPECT_EQ(describe_raw(*now.map("objects").get("k"))->alignment, 64U);
}

TEST_F(typed_map_test, raw_objects_are_checked_by_name_version_and_layout) {
    store_.put("key", point{1, 2, 3});
    EXPECT_NE(message_of(errc::wrong_type, [&] { (void)store_.get<other_point>("key"); })
                  .find("'point', not a 'other'"),
              std::string::npos);
    EXPECT_NE(message_of(errc::wrong_type, [&] { (void)store_.get<next_point>("key"); }).find("version 1"),
              std::string::npos);
    // The same size, but another layout is what the version is for; another size is noticed.
    static_assert(sizeof(larger_point) == sizeof(point));
    EXPECT_TRUE(store_.get<larger_point>("key").has_value());
}

// --- Maps -------------------------------------------------------------------------------------------------

TEST_F(typed_map_test, is_an_ordered_map) {
    auto scores = store_.map<int, std::string>("scores");
    std::map<int, std::string> expected;
    std::mt19937_64 random(1);
    store_.update([&](write_transaction& transaction) {
        auto map = transaction.in(scores);
        for (int i = 0; i < 500; ++i) {
            const int key = static_cast<int>(random() % 1000) - 500;
            map.put(key, std::to_string(i));
            expected[key] = std::to_string(i);
        }
        EXPECT_EQ(map.size(), expected.size());
    });
    const snapshot now = store_.snapshot();
    const auto view = now.in(scores);
    auto at = expected.begin();
    for (auto&& [key, value] : view) {
        ASSERT_NE(at, expected.end());
        EXPECT_EQ(key, at->first);
        EXPECT_EQ(value, at->second);
        ++at;
    }
    EXPECT_EQ(at, expected.end());
    EXPECT_EQ((*std::prev(view.end())).first, expected.rbegin()->first);
    EXPECT_EQ((*view.lower_bound(0)).first, expected.lower_bound(0)->first);
    EXPECT_EQ((*view.upper_bound(0)).first, expected.upper_bound(0)->first);
    EXPECT_EQ(std::ranges::distance(view.range(-10, 10)),
              std::distance(expected.lower_bound(-10), expected.lower_bound(10)));
    EXPECT_EQ(view.find(1'000'000), view.end());
    static_assert(std::bidirectional_iterator<typed_iterator<int, std::string>>);
    static_assert(std::ranges::view<typed_range<int, std::string>>);
}

TEST_F(typed_map_test, tuples_have_prefixes) {
    auto log = store_.map<std::tuple<std::string, int, int>, double>("log");
    for (int day = 0; day < 20; ++day) {
        for (int hour = 0; hour < 5; ++hour) {
            log.put({"a", day, hour}, day);
            log.put({"ab", day, hour}, hour);
        }
    }
    const auto view = store_.snapshot().in(log);
    EXPECT_EQ(std::ranges::distance(view.prefix("a")), 100);
    EXPECT_EQ(std::ranges::distance(view.prefix("ab", 7)), 5);
    EXPECT_TRUE(view.prefix("b").empty());
    const auto days = view.prefix("ab", 7);
    auto&& [key, value] = *days.begin();
    EXPECT_EQ(key, std::tuple("ab", 7, 0));
    EXPECT_EQ(value, 0.0);
    EXPECT_EQ(store_.snapshot().maps().at(0).keys.name(), "(string,int,int)");
}

TEST_F(typed_map_test, writes_as_the_interface_says) {
    auto counters = store_.map<std::string, std::int64_t>("counters");
    EXPECT_EQ(counters.add("a", 5), 5);
    EXPECT_EQ(counters.add("a", -7), -2);
    EXPECT_EQ(counters.put("b", 1, if_absent), put_outcome::inserted);
    EXPECT_EQ(counters.put("b", 2, if_absent), put_outcome::refused);
    EXPECT_EQ(counters.get("b"), 1);
    EXPECT_FALSE(counters.compare_exchange("b", 7, 8));
    EXPECT_TRUE(counters.compare_exchange("b", 1, 8));
    EXPECT_TRUE(counters.compare_exchange("c", std::nullopt, 9));
    EXPECT_FALSE(counters.compare_exchange("c", std::nullopt, 10));
    EXPECT_TRUE(counters.modify("c", [](std::int64_t& value) { value *= 2; }));
    EXPECT_FALSE(counters.modify("absent", [](std::int64_t&) { FAIL(); }));
    EXPECT_EQ(counters.get("c"), 18);
    EXPECT_EQ(counters.size(), 3U);
    EXPECT_TRUE(counters.contains("c"));
    EXPECT_TRUE(counters.erase("c"));
    EXPECT_FALSE(counters.erase("c"));
    counters.put("max", std::numeric_limits<std::int64_t>::max());
    EXPECT_NE(message_of(errc::out_of_range, [&] { counters.add("max", 1); }).find("key 'max'"),
              std::string::npos);
    EXPECT_EQ(counters.get("max"), std::numeric_limits<std::int64_t>::max());
    auto points = store_.map<std::uint32_t, point>("points");
    points.put(1, {1, 2, 3});
    EXPECT_TRUE(points.compare_exchange(1, point{1, 2, 3}, {4, 5, 6}));
    EXPECT_EQ(points.get(1), (point{4, 5, 6}));
}

TEST_F(typed_map_test, a_failure_of_types_leaves_the_transaction_usable) {
    store_.map<std::string, std::string>("map").put("text", "value");
    auto numbers = store_.map<std::string, int>("map");
    store_.update([&](write_transaction& transaction) {
        auto map = transaction.in(numbers);
        map.put("one", 1);
        expect_failure(errc::wrong_type, [&] { map.add("text", 1); });
        expect_failure(errc::wrong_type, [&] { (void)transaction.map("map", key_part::int64); });
        map.put("two", 2);
    });
    EXPECT_EQ(numbers.get("two"), 2);
    expect_failure(errc::wrong_type, [&] { (void)numbers.get("text"); });
}

TEST_F(typed_map_test, the_file_knows_the_key_type) {
    store_.map<std::int64_t, int>("ints").put(5, 1);
    EXPECT_NE(message_of(errc::wrong_type, [&] { (void)store_.map<std::string, int>("ints"); })
                  .find("map 'ints' has keys of type int, not string"),
              std::string::npos);
    (void)store_.map<int, int>("ints"); // the same in the file
    expect_failure(errc::wrong_type, [&] { (void)store_.map<unsigned, int>("ints"); });
    expect_failure(errc::invalid_argument, [&] {
        store_.update([](write_transaction& transaction) { transaction.map("ints").put("five", "value"); });
    });
    // A map that nobody typed has strings, and takes them from typed programs.
    store_.update([](write_transaction& transaction) { transaction.map("texts").put("a", "b"); });
    EXPECT_EQ((store_.map<std::string, std::string>("texts").get("a")), "b");
    expect_failure(errc::wrong_type, [&] { (void)store_.map<int, std::string>("texts"); });
    // What another process made meanwhile is noticed by a handle that was opened before.
    auto early = store_.map<int, int>("later");
    store_.map<std::string, int>("later").put("text", 1);
    expect_failure(errc::wrong_type, [&] { early.put(1, 1); });
    expect_failure(errc::wrong_type, [&] { (void)early.get(1); });
    expect_failure(errc::wrong_type, [&] { (void)store_.snapshot().in(early); });
    store_.update([](write_transaction& transaction) { transaction.drop("later"); });
    early.put(1, 1);
    EXPECT_EQ(early.get(1), 1);
    (void)store_.map<int, int>("unused");
    EXPECT_FALSE(store_.snapshot().has_map("unused"));
}

// --- What was once let through ----------------------------------------------------------------------------

TEST_F(typed_map_test, of_two_key_types_in_one_transaction_the_first_counts) {
    auto ints = store_.map<std::int64_t, int>("new");
    auto uints = store_.map<std::uint64_t, int>("new");
    store_.update([&](write_transaction& transaction) {
        auto writer = transaction.in(ints);
        expect_failure(errc::wrong_type, [&] { (void)transaction.in(uints); });
        expect_failure(errc::wrong_type, [&] { (void)transaction.map("new", key_part::uint64); });
        writer.put(-1, 1);
    });
    EXPECT_EQ(ints.get(-1), 1);
    store_.update([&](write_transaction& transaction) { // an untyped one may still become typed
        map_writer untyped = transaction.map("later");
        (void)transaction.map("later", key_part::int64);
        expect_failure(errc::wrong_type, [&] { untyped.put("12345678", "value"); });
    });
}

TEST_F(typed_map_test, a_writer_from_before_a_drop_writes_no_keys_of_another_type) {
    auto ints = store_.map<std::int64_t, int>("map");
    ints.put(5, 5);
    store_.update([&](write_transaction& transaction) {
        auto writer = transaction.in(ints);
        transaction.drop("map");
        expect_failure(errc::wrong_type, [&] { writer.put(2, 2); });
        transaction.in(ints).put(3, 3);
    });
    EXPECT_EQ(ints.get(3), 3);
    EXPECT_EQ(ints.size(), 1U);
}

TEST_F(typed_map_test, nan_and_negative_zero_are_no_keys_by_whatever_way) {
    store_.map<double, int>("floats").put(1.5, 1);
    store_.update([&](write_transaction& transaction) {
        map_writer untyped = transaction.map("floats");
        expect_failure(errc::invalid_argument, [&] { untyped.put(std::string(8, '\xFF'), "nan"); });
        expect_failure(errc::invalid_argument, [&] { untyped.put("\x7F" + std::string(7, '\xFF'), "-0.0"); });
        expect_failure(errc::invalid_argument, [&] { untyped.put(std::string(8, '\0'), "-nan"); });
    });
    EXPECT_EQ(store_.snapshot().map("floats").size(), 1U);
}

TEST_F(typed_map_test, a_copied_value_keeps_its_type) {
    store_.put("int", 42);
    store_.put("copy", *store_.get("int"));
    EXPECT_EQ(store_.get<int>("copy"), 42);
    const snapshot now = store_.snapshot();
    store_.put("copy of a view", *now.get("int"));
    EXPECT_EQ(store_.get<int>("copy of a view"), 42);
    store_.update([&](write_transaction& transaction) {
        transaction.put("third", *transaction.get("int"));
        transaction.map("map").put("fourth", *now.get("int"));
    });
    EXPECT_EQ(store_.get<int>("third"), 42);
    EXPECT_EQ(store_.snapshot().map("map").get<int>("fourth"), 42);
}

TEST_F(typed_map_test, is_not_taken_by_another_store) {
    auto here = store_.map<std::string, int>("map");
    const temporary_store elsewhere;
    holdfast::store other = elsewhere.open();
    other.update([&](write_transaction& transaction) {
        expect_failure(errc::invalid_argument, [&] { (void)transaction.in(here); });
    });
    expect_failure(errc::invalid_argument, [&] { (void)other.snapshot().in(here); });
    holdfast::store again = place_.open(); // another handle on the same file is fine
    again.update([&](write_transaction& transaction) { transaction.in(here).put("key", 1); });
    EXPECT_EQ(here.get("key"), 1);
    auto moved = std::move(here);
    EXPECT_EQ(moved.get("key"), 1);
    EXPECT_EQ(here.get("key"), 1); // NOLINT: moving is copying
}

TEST_F(typed_map_test, a_view_is_of_its_keys_type_only) {
    store_.map<std::string, int>("texts").put("a", 1);
    const snapshot now = store_.snapshot();
    expect_failure(errc::wrong_type, [&] { typed_view<std::int64_t, int> wrong(now.map("texts")); });
}

TEST_F(typed_map_test, characters_and_their_enums_are_numbers) {
    enum class letter : char { a = 'a' };
    enum class answer : bool { no, yes };
    expect_round_trip('c');
    expect_round_trip(L'w');
    expect_round_trip(letter::a);
    expect_round_trip(answer::yes);
    store_.put("key", 300);
    expect_failure(errc::out_of_range, [&] { (void)store_.get<char>("key"); });
    auto letters = store_.map<letter, char>("letters");
    letters.put(letter::a, 'x');
    EXPECT_EQ(letters.get(letter::a), 'x');
    const snapshot now = store_.snapshot();
    EXPECT_EQ(now.in(letters).begin()->first, letter::a);
    EXPECT_EQ(store_.snapshot().map("letters").keys().name(), "int");
}

TEST_F(typed_map_test, arrays_of_bytes_are_bytes) {
    constexpr std::array<std::byte, 3> bytes = {std::byte{1}, std::byte{0}, std::byte{255}};
    store_.put("key", bytes);
    EXPECT_EQ((store_.get<std::array<std::byte, 3>>("key")), bytes);
    expect_failure(errc::wrong_type, [&] { (void)store_.get<std::array<std::byte, 4>>("key"); });
}

TEST_F(typed_map_test, counters_go_down_and_do_not_overflow) {
    auto counters = store_.map<std::string, std::uint64_t>("counters");
    counters.put("key", 5);
    EXPECT_EQ(counters.add("key", -1), 4U);
    expect_failure(errc::out_of_range, [&] { counters.add("key", -5); });
    auto floats = store_.map<std::string, double>("floats");
    floats.put("key", 1e308);
    EXPECT_EQ(message_of(errc::out_of_range, [&] { floats.add("key", 1e308); }),
              place_.path().string() + ", map 'floats', key 'key': 1e+308 plus 1e+308 does not fit the type");
    EXPECT_EQ(floats.get("key"), 1e308);
}

TEST_F(typed_map_test, messages_are_one_readable_line) {
    store_.put("number", 1e300);
    EXPECT_NE(message_of(errc::out_of_range, [&] { (void)store_.get<int>("number"); }).find("1e+300"),
              std::string::npos);
    std::string key;
    for (int i = 0; i < 60; ++i) {
        key += "\xC3\xA9"; // é
    }
    store_.put(key + "\n\x1B\xC2\x9B", "text");
    const std::string message =
        message_of(errc::wrong_type, [&] { (void)store_.get<int>(key + "\n\x1B\xC2\x9B"); });
    EXPECT_TRUE(message.find("\xA9...'") != std::string::npos) << message;
    store_.put("a\n\x1B\xC2\x9B", "text");
    EXPECT_EQ(message_of(errc::wrong_type, [&] { (void)store_.get<int>("a\n\x1B\xC2\x9B"); }),
              place_.path().string() + ", key 'a?"
                                       "?"
                                       "?': holds a string, not an int");
}

TEST_F(typed_map_test, threads_count_together) {
    auto counters = store_.map<std::string, std::uint64_t>("counters");
    std::vector<std::thread> threads;
    const std::uint64_t rounds = amount_of_work(1000);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                counters.add("hits", 1);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(counters.get("hits"), 4 * rounds);
}

} // namespace
} // namespace holdfast::test
