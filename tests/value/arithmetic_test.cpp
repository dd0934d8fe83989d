// Comparing values and adding to them: one answer for C++ and the shell.
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <holdfast/arithmetic.hpp>
#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>
#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

template <class T>
value valued(const T& of) {
    return {value_codec<T>::type, std::string(std::string_view(value_codec<T>::encode(of))), 0};
}

bool same(const value& left, const value& right) { return same_value(left.view(), right.view()); }

TEST(same_value, is_of_one_type_and_says_the_same) {
    EXPECT_TRUE(same(valued(nan), valued(-nan)));
    EXPECT_TRUE(same(valued(0.0), valued(-0.0)));
    EXPECT_FALSE(same(valued(0.0), valued(nan)));
    EXPECT_FALSE(same(valued(std::int64_t{5}), valued(std::uint64_t{5})));
    EXPECT_TRUE(same(value_from_json(R"({"a":1,"b":2})"), value_from_json(R"({"b":2.0,"a":1})")));
    EXPECT_FALSE(same(value_from_json(R"("a")"), value_from_json(R"({"$bytes":"YQ=="})")));
}

// The shell took NaN for equal to NaN, and C++ did not: a compare-and-set in a loop never ended.
TEST(same_value, is_what_typed_maps_compare_by) {
    const temporary_store file;
    auto target = file.open();
    auto levels = target.map<std::string, double>("levels");
    levels.put("k", nan);
    EXPECT_TRUE(levels.compare_exchange("k", nan, 1.5));
    EXPECT_FALSE(levels.compare_exchange("k", nan, 2.5));
    EXPECT_TRUE(levels.compare_exchange("k", 1.5, -0.0));
    EXPECT_TRUE(levels.compare_exchange("k", 0.0, 3.5));
    auto singles = target.map<std::string, float>("singles");
    singles.put("k", std::numeric_limits<float>::quiet_NaN());
    EXPECT_TRUE(singles.compare_exchange("k", std::numeric_limits<float>::quiet_NaN(), 1.0F));
}

TEST(sum, keeps_the_type_of_the_number) {
    EXPECT_EQ(value_to_json(sum_of(valued(std::int64_t{5}).view(), std::int64_t{-7}).view()), "-2");
    EXPECT_EQ(value_to_json(sum_of(valued(std::uint64_t{5}).view(), std::int64_t{-5}).view()), "0");
    EXPECT_EQ(value_to_json(sum_of(valued(1.5).view(), std::int64_t{2}).view()), "3.5");
    EXPECT_EQ(sum_of_absent(std::int64_t{1}).type(), value_type::int64);
    EXPECT_EQ(sum_of_absent(0.5).type(), value_type::float64);
    EXPECT_EQ(sum_of_absent(std::int64_t{1}, value_type::uint64).type(), value_type::uint64);
}

TEST(sum, refuses_what_the_type_cannot_hold) {
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    expect_failure(errc::out_of_range,
                   [&] { (void)sum_of(valued(std::int64_t{largest}).view(), std::int64_t{1}); });
    expect_failure(errc::out_of_range,
                   [] { (void)sum_of(valued(std::uint64_t{5}).view(), std::int64_t{-6}); });
    expect_failure(errc::out_of_range, [] { (void)sum_of(valued(1.7e308).view(), 1.7e308); });
    expect_failure(errc::wrong_type, [] { (void)sum_of(valued(std::int64_t{5}).view(), 0.5); });
    expect_failure(errc::wrong_type, [] { (void)sum_of(valued(std::string("5")).view(), std::int64_t{1}); });
    expect_failure(errc::invalid_argument, [] { (void)sum_of_absent(std::int64_t{1}, value_type::string); });
}

TEST(amount, is_a_whole_number_if_it_is_written_as_one) {
    EXPECT_EQ(amount_from_text(" +7\n"), amount(std::int64_t{7}));
    EXPECT_EQ(amount_from_text("18446744073709551615"), amount(std::numeric_limits<std::uint64_t>::max()));
    EXPECT_EQ(amount_from_text("2.0"), amount(2.0));
    EXPECT_EQ(amount_from_json("-3"), amount(std::int64_t{-3}));
    for (const char* none : {"", "x", "nan", "inf", "+-1", "1 2"}) {
        expect_failure(errc::invalid_argument, [&] { (void)amount_from_text(none); });
    }
    for (const char* large : {"99999999999999999999", "-99999999999999999999", "1e400"}) {
        expect_failure(errc::out_of_range, [&] { (void)amount_from_text(large); });
    }
    for (const char* none : {"+1", "01", "1.", "\"5\"", "[5]"}) {
        expect_failure(errc::invalid_argument, [&] { (void)amount_from_json(none); });
    }
}

} // namespace
} // namespace holdfast::test
