// Typed keys: they sort as their values do, come back as they were, and nothing else is taken for one.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/key.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

template <class K>
[[nodiscard]] std::string bytes_of(const K& key) {
    return std::string(std::string_view(detail::key_bytes<K>(key)));
}

/// All pairs: the order of the bytes is that of the values; and each comes back.
template <class K>
void expect_same_order(const std::vector<K>& values) {
    for (const K& left : values) {
        const std::string left_bytes = bytes_of(left);
        EXPECT_TRUE(key_type_of<K>().accepts(left_bytes));
        EXPECT_EQ(K(detail::key_layout<K>::read(left_bytes)), left);
        for (const K& right : values) {
            const std::string right_bytes = bytes_of(right);
            EXPECT_EQ(left < right, left_bytes < right_bytes);
            EXPECT_EQ(left == right, left_bytes == right_bytes);
        }
    }
}

template <class T>
[[nodiscard]] std::vector<T> integers() {
    using limits = std::numeric_limits<T>;
    std::vector<T> values = {limits::min(), limits::max(), T{0},
                             T{1},          T{2},          static_cast<T>(limits::max() - 1)};
    std::mt19937_64 random(7);
    for (int i = 0; i < 40; ++i) {
        values.push_back(static_cast<T>(random() >> (random() % 64)));
        values.push_back(static_cast<T>(0 - values.back()));
    }
    return values;
}

[[nodiscard]] std::vector<std::string> strings() {
    std::vector<std::string> values = {"",
                                       std::string(1, '\0'),
                                       std::string(2, '\0'),
                                       "a",
                                       "ab",
                                       "b",
                                       "\xFF",
                                       "\xFF\xFF",
                                       std::string("a\0", 2),
                                       std::string("a\0b", 3),
                                       std::string("a\0\1", 3),
                                       std::string("a\0\xFF", 3),
                                       "a\1",
                                       "\1"};
    std::mt19937_64 random(11);
    for (int i = 0; i < 40; ++i) {
        std::string text(random() % 5, 'x');
        for (char& byte : text) {
            byte = "\0\1\xFF\xFE"[random() % 4];
        }
        values.push_back(text);
    }
    return values;
}

enum class color : std::int16_t { red = -3, green = 4, blue = 300 };

TEST(key, integers_sort_by_value) {
    expect_same_order(integers<std::int64_t>());
    expect_same_order(integers<std::uint64_t>());
    expect_same_order(integers<int>());
    expect_same_order(integers<std::uint16_t>());
    expect_same_order(integers<signed char>());
    expect_same_order(std::vector{color::red, color::green, color::blue});
    EXPECT_LT(bytes_of(false), bytes_of(true));
}

TEST(key, floats_sort_by_value) {
    using limits = std::numeric_limits<double>;
    std::vector<double> values = {limits::lowest(),
                                  limits::max(),
                                  limits::min(),
                                  -limits::min(),
                                  limits::denorm_min(),
                                  -limits::denorm_min(),
                                  0.0,
                                  1.0,
                                  -1.0,
                                  limits::infinity(),
                                  -limits::infinity(),
                                  0.1};
    std::mt19937_64 random(3);
    for (int i = 0; i < 60; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isnan(value)) {
            values.push_back(value);
        }
    }
    expect_same_order(values);
    expect_same_order(std::vector<float>{-1.5F, 0.0F, 0.1F, 3e38F});
    EXPECT_EQ(bytes_of(-0.0), bytes_of(0.0));
    expect_failure(errc::invalid_argument, [] { (void)bytes_of(std::nan("")); });
    expect_failure(errc::out_of_range, [] { (void)detail::key_layout<float>::read(bytes_of(0.1)); });
}

TEST(key, strings_and_tuples_sort_component_by_component) {
    expect_same_order(strings());
    std::vector<std::tuple<std::string, int>> pairs;
    std::vector<std::tuple<std::string, std::string, bool>> triples;
    std::vector<std::pair<std::int64_t, std::string>> reversed;
    std::mt19937_64 random(5);
    const std::vector<std::string> texts = strings();
    for (int i = 0; i < 150; ++i) {
        const std::string& text = texts[random() % texts.size()];
        pairs.emplace_back(text, static_cast<int>(random() % 5) - 2);
        triples.emplace_back(text, texts[random() % texts.size()], random() % 2 == 0);
        reversed.emplace_back(static_cast<std::int64_t>(random() % 5) - 2, text);
    }
    expect_same_order(pairs);
    expect_same_order(triples);
    expect_same_order(reversed);
}

TEST(key, bytes_uuids_and_times_sort_by_value) {
    std::vector<std::vector<std::byte>> bytes;
    std::vector<std::array<std::byte, 16>> uuids;
    std::mt19937_64 random(9);
    for (int i = 0; i < 40; ++i) {
        bytes.emplace_back(random() % 4, std::byte{static_cast<unsigned char>(random() % 3 * 127)});
        uuids.emplace_back();
        uuids.back()[random() % 16] = std::byte{static_cast<unsigned char>(random())};
    }
    expect_same_order(bytes);
    expect_same_order(uuids);
    using namespace std::chrono;
    expect_same_order(std::vector<system_clock::time_point>{{},
                                                            system_clock::now(),
                                                            system_clock::time_point(-nanoseconds(1)),
                                                            system_clock::time_point(hours(-200))});
    expect_same_order(
        std::vector<sys_seconds>{sys_seconds(seconds(-1)), sys_seconds(seconds(1)), sys_seconds{}});
    expect_failure(errc::out_of_range, [] { (void)bytes_of(sys_seconds(hours(24 * 366 * 300))); });
    expect_same_order(std::vector<system_clock::time_point>{
        system_clock::time_point::min(), {}, system_clock::time_point::max()});
    using days32 = time_point<system_clock, duration<std::int32_t, std::ratio<86'400>>>;
    expect_same_order(std::vector<days32>{days32(days32::duration(19'700)), days32(days32::duration(-5))});
    std::string first;
    detail::append_int(first, std::numeric_limits<std::int64_t>::min());
    expect_failure(errc::out_of_range, [&] { (void)detail::key_layout<sys_seconds>::read(first); });
    expect_failure(errc::out_of_range, [] {
        (void)detail::key_layout<sys_seconds>::read(bytes_of(system_clock::time_point(milliseconds(1500))));
    });
}

TEST(key, what_does_not_fit_the_type_read_is_refused) {
    expect_failure(errc::out_of_range, [] { (void)detail::key_layout<signed char>::read(bytes_of(300)); });
    expect_failure(errc::out_of_range,
                   [] { (void)detail::key_layout<int>::read(bytes_of(std::int64_t{1} << 40)); });
    for (const std::string_view damaged :
         {std::string_view(""), std::string_view("1234567"), std::string_view("123456789")}) {
        EXPECT_FALSE(key_type(key_part::int64).accepts(damaged));
        expect_failure(errc::corrupt, [&] { (void)detail::key_layout<std::int64_t>::read(damaged); });
    }
    EXPECT_FALSE(key_type(key_part::boolean).accepts("\2"));
    const key_type pair(key_part::string, key_part::boolean);
    using layout = detail::key_layout<std::pair<std::string, bool>>;
    const std::string whole = bytes_of(std::pair<std::string, bool>(std::string("a\0b", 3), true));
    EXPECT_TRUE(pair.accepts(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(pair.accepts(whole.substr(0, size)));
        expect_failure(errc::corrupt, [&] { (void)layout::read(whole.substr(0, size)); });
    }
    std::string misescaped = whole;
    misescaped[2] = '\2';
    EXPECT_FALSE(pair.accepts(misescaped));
    expect_failure(errc::corrupt, [&] { (void)layout::read(misescaped); });
}

TEST(key, types_have_names) {
    for (const char* name : {"string", "int", "uint", "float", "bool", "time", "uuid", "(string,int)",
                             "(int,int,int,int,int,int,int,uuid)"}) {
        EXPECT_EQ(key_type::parse(name).name(), name);
    }
    for (const char* name : {"", "integer", "(int)", "()", "(int,)", "(int,int", "(int, int)", "int,int",
                             "(int,int,int,int,int,int,int,int,int)"}) {
        expect_failure(errc::invalid_argument, [&] { (void)key_type::parse(name); });
    }
    EXPECT_EQ((key_type_of<std::tuple<std::string, int, double>>().name()), "(string,int,float)");
}

} // namespace
} // namespace holdfast::test
