// Keys as text and as JSON: what is printed is read back to the same bytes, and what is no key is refused.
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/key.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

struct pair_of_forms {
    const char* type;
    std::string text; ///< as it is printed
    std::string json;
};

TEST(key_text, is_read_back_as_it_was_printed) {
    const std::vector<pair_of_forms> table = {
        {"string", "ada", "\"ada\""},
        {"string", "", "\"\""},
        {"string", "\xFF", "{\"$bytes\":\"/w==\"}"},
        {"int", "-9223372036854775808", "-9223372036854775808"},
        {"int", "9223372036854775807", "9223372036854775807"},
        {"int", "0", "0"},
        {"uint", "18446744073709551615", "18446744073709551615"},
        {"float", "0.1", "0.1"},
        {"float", "inf", "{\"$float\":\"Infinity\"}"},
        {"float", "-1e+300", "-1e+300"},
        {"bool", "true", "true"},
        {"time", "1970-01-01T00:00:00Z", "\"1970-01-01T00:00:00Z\""},
        {"time", "2026-11-20T14:09:09.000000005Z", "\"2026-11-20T14:09:09.000000005Z\""},
        {"time", "1969-12-31T23:59:59.5Z", "\"1969-12-31T23:59:59.5Z\""},
        {"time", "1677-09-21T00:12:43.145224192Z", "\"1677-09-21T00:12:43.145224192Z\""},
        {"time", "2262-04-11T23:47:16.854775807Z", "\"2262-04-11T23:47:16.854775807Z\""},
        {"uuid", "123e4567-e89b-12d3-a456-426614174000", "\"123e4567-e89b-12d3-a456-426614174000\""},
        {"(string,int)", "[\"a\\u0000b\",-5]", "[\"a\\u0000b\",-5]"},
        {"(time,uuid,bool,float)",
         "[\"2000-01-01T00:00:00Z\",\"00000000-0000-0000-0000-000000000001\",false,1.5]",
         "[\"2000-01-01T00:00:00Z\",\"00000000-0000-0000-0000-000000000001\",false,1.5]"},
    };
    for (const pair_of_forms& one : table) {
        SCOPED_TRACE(std::string(one.type) + " " + one.text);
        const key_type keys = key_type::parse(one.type);
        const std::string key = keys.from_text(one.text);
        EXPECT_TRUE(keys.accepts(key));
        EXPECT_EQ(keys.to_text(key), one.text);
        EXPECT_EQ(keys.to_json(key), one.json);
        EXPECT_EQ(keys.from_json(one.json), key);
    }
}

TEST(key_text, takes_other_forms_of_the_same) {
    const key_type time(key_part::time);
    const std::string noon = time.from_text("2026-11-20T12:00:00Z");
    for (const char* same : {"2026-11-20 12:00", "2026-11-20T13:00:00+01:00", "2026-11-20T06:30:00.000-05:30",
                             "2026-11-20t12:00:00.0z"}) {
        EXPECT_EQ(time.from_text(same), noon) << same;
    }
    EXPECT_EQ(time.to_text(time.from_text("2026-11-20")), "2026-11-20T00:00:00Z");
    const key_type uuid(key_part::uuid);
    EXPECT_EQ(uuid.from_text("123E4567E89B12D3A456426614174000"),
              uuid.from_text("123e4567-e89b-12d3-a456-426614174000"));
    EXPECT_EQ(key_type(key_part::float64).from_json("3"), key_type(key_part::float64).from_text("3"));
}

TEST(key_text, refuses_what_is_none) {
    const std::vector<std::pair<const char*, const char*>> table = {
        {"int", "12z"},
        {"int", ""},
        {"int", "1.0"},
        {"uint", "-1"},
        {"float", "nan"},
        {"float", "one"},
        {"bool", "yes"},
        {"bool", "1"},
        {"uuid", "123"},
        {"uuid", "123e4567-e89b-12d3-a456-42661417400g"},
        {"time", ""},
        {"time", "noon"},
        {"time", "2026-02-30"},
        {"time", "2026-13-01"},
        {"time", "2026-11-20T25:00"},
        {"time", "2026-11-20T12:00:00+0100"},
        {"time", "2026-11-20T12:00:00."},
        {"time", "2026-11-20T12:00:00Zx"},
        {"(string,int)", "[\"a\"]"},
        {"(string,int)", "[\"a\",\"b\"]"},
        {"(string,int)", "ada"},
        {"(string,int)", "[1,1]"},
        {"(string,int)", "[\"a\",1.5]"},
        {"(string,int)", "[\"a\",1,2]"},
    };
    for (const auto& [type, text] : table) {
        SCOPED_TRACE(std::string(type) + " " + text);
        expect_failure(errc::invalid_argument,
                       [type = type, text = text] { (void)key_type::parse(type).from_text(text); });
    }
    for (const auto& [type, text] :
         std::vector<std::pair<const char*, const char*>>{{"int", "9223372036854775808"},
                                                          {"uint", "18446744073709551616"},
                                                          {"time", "2262-04-11T23:47:16.854775808Z"},
                                                          {"time", "1677-09-21T00:12:43.145224191Z"},
                                                          {"(int,int)", "[9223372036854775808,1]"}}) {
        SCOPED_TRACE(std::string(type) + " " + text);
        expect_failure(errc::out_of_range,
                       [type = type, text = text] { (void)key_type::parse(type).from_text(text); });
    }
    expect_failure(errc::corrupt, [] { (void)key_type(key_part::int64).to_text("short"); });
}

} // namespace
} // namespace holdfast::test
