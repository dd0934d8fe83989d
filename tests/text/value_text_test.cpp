// Values as text and JSON: what is printed is read back, and a value and a document read JSON alike.
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

value_view of(const value& one) { return one.view(); }

TEST(value_text, is_read_back_as_it_was_printed) {
    struct {
        value_type type;
        const char* text;
        const char* json;
    } const cases[] = {
        {value_type::null, "null", "null"},
        {value_type::boolean, "true", "true"},
        {value_type::int64, "-9223372036854775808", "-9223372036854775808"},
        {value_type::uint64, "18446744073709551615", "18446744073709551615"},
        {value_type::float64, "1.5", "1.5"},
        {value_type::float64, "nan", R"({"$float":"NaN"})"},
        {value_type::float64, "-inf", R"({"$float":"-Infinity"})"},
        {value_type::string, "a\"b", R"("a\"b")"},
        {value_type::bytes, "\xFF", R"({"$bytes":"/w=="})"},
        {value_type::document, R"({"a":[1,2.5]})", R"({"a":[1,2.5]})"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.text);
        const value typed = value_from_text(one.type, one.text);
        EXPECT_EQ(value_to_text(of(typed)), one.text);
        EXPECT_EQ(value_to_json(of(typed)), one.json);
        EXPECT_EQ(value_from_json(one.json, one.type).text(), typed.text());
    }
}

// It was 1e+05: the shorter form, which nobody types.
TEST(value_text, prints_floats_of_usual_size_without_an_exponent) {
    for (const char* text : {"100000.0", "-100000.0", "1234567890.0", "1000000000000000.0", "0.0001", "0.0",
                             "-0.0", "1e+16", "1e-05", "1.5e+300", "5e-324", "123456.789"}) {
        const value number = value_from_text(value_type::float64, text);
        EXPECT_EQ(value_to_text(of(number)), text);
        EXPECT_EQ(value_to_json(of(number)), text);
        EXPECT_EQ(document_to_json(document_from_json(text)), text);
    }
    EXPECT_EQ(key_type(key_part::float64).to_text(key_type(key_part::float64).from_text("1e5")), "100000");
}

// {"$bytes":"QR=="} was accepted as a value and refused inside a document: there were two readers of base64.
TEST(value_text, reads_json_as_documents_do) {
    const std::vector<std::string> refused = {
        R"({"$bytes":"QR=="})",
        R"({"$bytes":"A==="})",
        R"({"$bytes":"QQ"})",
        R"({"$bytes":"Q Q="})",
        R"({"$bytes":5})",
        R"({"$float":"nan"})",
        R"({"$float":1.5})",
        "\"\xFF\"",
        "\"\\ud800\"",
        "\"\n\"",
        "01",
        "nul",
    };
    for (const std::string& json : refused) {
        SCOPED_TRACE(json);
        expect_failure(errc::invalid_argument, [&] { (void)document_from_json(json); });
        expect_failure(errc::invalid_argument, [&] { (void)value_from_json(json); });
    }
    const std::vector<std::string> taken = {
        R"({"$bytes":"QQ=="})",
        R"({"$float":"NaN"})",
        R"({"$float":"Na\u004e"})",
        R"({"\u0024bytes":"QQ=="})",
        R"("\u00e9\ud834\udd1e\/")",
        "-0",
        "1e5",
        "null",
        " true ",
    };
    for (const std::string& json : taken) {
        SCOPED_TRACE(json);
        const value alone = value_from_json(json);
        EXPECT_NE(alone.type(), value_type::document);
        EXPECT_EQ(value_to_json(of(alone)), document_to_json(document_from_json(json)));
    }
}

TEST(value_text, tells_types_by_json) {
    EXPECT_EQ(value_from_json("1").type(), value_type::int64);
    EXPECT_EQ(value_from_json("9223372036854775808").type(), value_type::uint64);
    EXPECT_EQ(value_from_json("1.0").type(), value_type::float64);
    EXPECT_EQ(value_from_json("[1]").type(), value_type::document);
    const std::string raw = R"({"$raw":{"name":"point","version":3,"alignment":8,"bytes":"AAAAAAAAAAA="}})";
    EXPECT_EQ(value_from_json(raw).type(), value_type::raw);
    EXPECT_EQ(value_to_json(of(value_from_json(raw))), raw);
    EXPECT_EQ(value_to_text(of(value_from_json(raw))), "0000000000000000");
}

TEST(value_text, leaves_nothing_behind_where_it_fails) {
    std::string bytes = "before";
    for (const char* json : {R"("a\q")", R"({"$bytes":"QQ==Q"})", "[1,", "{\"$raw\":{}}"}) {
        EXPECT_THROW(append_value_from_json(bytes, json), error);
    }
    EXPECT_THROW(append_value_from_text(bytes, value_type::document, "[1"), error);
    EXPECT_EQ(bytes, "before");
}

TEST(value_text, names_the_range_that_a_number_leaves) {
    expect_failure(errc::out_of_range, [] { (void)value_from_text(value_type::uint64, "-1"); });
    expect_failure(errc::out_of_range, [] { (void)value_from_json("18446744073709551616"); });
    expect_failure(errc::wrong_type, [] { (void)value_from_text(value_type::raw, ""); });
    expect_failure(errc::corrupt, [] { (void)value_to_text({value_type::int64, "short", 0}); });
}

} // namespace
} // namespace holdfast::test
