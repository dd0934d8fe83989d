// Entries as lines of JSON, and back to the same bytes.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/entry_json.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

std::string line_of(const key_type& keys, std::string_view key, const value& one,
                    const entry_json_members& members = {}) {
    std::string line;
    append_entry_json(line, keys, {key, one.view()}, members);
    return line;
}

void expect_round_trip(const key_type& keys, const std::string& key, const value& one) {
    const std::string line = line_of(keys, key, one, {.map = "m"});
    SCOPED_TRACE(line);
    const entry_json read(line);
    EXPECT_EQ(read.map(), "m");
    EXPECT_EQ(read.key_type().value_or(key_type()), keys);
    std::string again_key;
    read.append_key(again_key, keys);
    EXPECT_EQ(again_key, key);
    std::string again;
    EXPECT_EQ(read.append_value(again), one.type());
    EXPECT_EQ(again, one.text());
}

TEST(entry_json, is_read_back_as_it_was) {
    const key_type text;
    expect_round_trip(text, "k", value_from_text(value_type::uint64, "5"));
    expect_round_trip(text, "\xFF", value_from_text(value_type::bytes, "\xFF\xFE"));
    expect_round_trip(text, "", value(value_type::string, "\xFF", 0));
    expect_round_trip(text, "nan", value(value_type::float64, std::string("\1\0\0\0\0\0\xF8\x7F", 8), 0));
    expect_round_trip(text, "half float", value(value_type::document, std::string("\xF9\x3C\x00", 3), 0));
    std::string named;
    append_type_name(named, "user");
    append_document(named, R"({"name":"Ada"})");
    expect_round_trip(text, "named", value(value_type::document, named, 0));
    const key_type pair(key_part::string, key_part::int64);
    expect_round_trip(pair, pair.from_text(R"(["a",-5])"), value_from_json("1"));
}

// Those of a newer program: their number and their bytes, but not of one that owns something outside of them.
TEST(entry_json, keeps_what_it_does_not_know) {
    const value foreign(value_type{42}, std::string("\0\1\xFF", 3), 0);
    expect_round_trip({}, "k", foreign);
    EXPECT_EQ(line_of({}, "k", foreign), R"({"key":"k","type":"42","value":{"$bytes":"AAH/"}})");
    EXPECT_EQ(value_to_text(foreign.view()), "0001ff");
    for (const value_type type : {value_type::object, value_type{128}, value_type{255}}) {
        const value owner(type, "bytes", 0);
        EXPECT_TRUE(owns_outside(type));
        const std::string line = line_of({}, "k", owner);
        EXPECT_EQ(line, R"({"key":"k","type":")" + type_name(type) + R"(","value":null})");
        expect_failure(errc::unsupported, [&] { (void)value_from_json("null", type); });
    }
}

TEST(entry_json, says_what_it_is_asked_to) {
    const value one(value_type::int64, std::string("\5\0\0\0\0\0\0\0", 8), 9);
    EXPECT_EQ(line_of({}, "k", one), R"({"key":"k","type":"int","value":5})");
    EXPECT_EQ(line_of({}, "k", one, {.details = true}),
              R"({"key":"k","type":"int","size":8,"version":9,"value":5})");
    EXPECT_EQ(line_of({}, "k", one, {.details = true, .value = false}),
              R"({"key":"k","type":"int","size":8,"version":9})");
}

TEST(entry_json, refuses_lines_that_are_none) {
    for (const char* line : {"", "[]", "5", R"({"key":"k","value":1)", R"({"key":"k","key":"l"})",
                             R"({"key":"k","what":1})", R"({"key":"k"} x)"}) {
        expect_failure(errc::invalid_argument, [&] { (void)entry_json(line); });
    }
    for (const char* line :
         {R"({"key":"k"})", R"({"value":{"$bytes":"QR=="}})", R"({"cbor_base64":"/w=="})",
          R"({"type":"int","value":1,"bits":"7ff8000000000001"})", R"({"type":"x","value":1})"}) {
        std::string bytes = "before";
        const entry_json read(line);
        expect_failure(errc::invalid_argument, [&] { read.append_value(bytes); });
        EXPECT_EQ(bytes, "before");
    }
}

TEST(entry_json, leaves_nothing_half_written) {
    std::string line = "before";
    const value damaged(value_type::boolean, "\7", 0);
    expect_failure(errc::corrupt, [&] { append_entry_json(line, {}, {"k", damaged.view()}); });
    expect_failure(errc::corrupt, [&] {
        append_entry_json(line, key_type(key_part::int64), {"short", value_from_json("1").view()});
    });
    EXPECT_EQ(line, "before");
}

} // namespace
} // namespace holdfast::test
