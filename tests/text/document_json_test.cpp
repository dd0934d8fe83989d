// JSON to documents and back: numbers, bytes, keys that look like ours, and all that is not JSON.
#include "document/support.hpp"

namespace holdfast::test {
namespace {

std::string again(std::string_view json) { return document_to_json(document_from_json(json)); }

TEST(json, prints_what_it_read) {
    for (const char* json : {"null",
                             "true",
                             "0",
                             "-1",
                             "18446744073709551615",
                             "-9223372036854775808",
                             "9007199254740993",
                             "1.0",
                             "-0.0",
                             "0.1",
                             "1e+300",
                             "5e-324",
                             "1.7976931348623157e+308",
                             R"("")",
                             R"("\"\\\b\f\n\r\t\u0000\u001f")",
                             R"({"a":{"b":[{},[],[[1]]]},"":"empty key"})",
                             R"({"$bytes":"AAH/"})",
                             R"({"$float":"NaN"})",
                             R"([{"$float":"Infinity"},{"$float":"-Infinity"}])",
                             R"({"$$bytes":"AAH/"})",
                             R"({"$$float":1})",
                             R"({"$$$$float":[{"$bytes":""}]})",
                             R"({"$bytes":"AA==","b":1})",
                             R"({"$other":1})",
                             R"({"$":1})"}) {
        EXPECT_EQ(again(json), json);
    }
}

TEST(json, has_one_form_for_equal_texts) {
    EXPECT_EQ(again(" { \"a\" : 1 , \"b\" : [ 1 , 2 ] } \n"), R"({"a":1,"b":[1,2]})");
    EXPECT_EQ(again(R"("\u00e9\ud834\udd1e\/")"), "\"\xC3\xA9\xF0\x9D\x84\x9E/\"");
    EXPECT_EQ(again("1e2"), "100.0");
    EXPECT_EQ(again("1E-2"), "0.01");
    EXPECT_EQ(again("-0"), "0");
}

TEST(json, keeps_bytes_and_numbers_that_it_has_no_form_for) {
    EXPECT_EQ(document_from_json(R"({"$bytes":"AAH/"})"), from_hex("430001ff"));
    EXPECT_EQ(document_from_json(R"({"$float":"NaN"})"), from_hex("f97e00"));
    EXPECT_EQ(document_from_json(R"({"$float":"-Infinity"})"), from_hex("faff800000"));
    // The user's own object of that look.
    EXPECT_EQ(document_from_json(R"({"$$bytes":"AAH/"})"), from_hex("a1662462797465736441"
                                                                    "41482f"));
}

TEST(json, refuses_what_is_malformed_and_says_where) {
    struct {
        const char* json;
        const char* message;
    } const cases[] = {
        {R"({"a":1,})", "malformed JSON at byte 8: a name in double quotes is expected"},
        {"[1,2", "malformed JSON at byte 5: it ends too soon"},
        {"", "malformed JSON at byte 1: it ends too soon"},
        {"nul", ": a value is expected: a text in double quotes, a number, true, false, null, { or ["},
        {"NaN", "malformed JSON at byte 1: a value is expected: "},
        {"[Infinity]", "malformed JSON at byte 2"},
        {"-Infinity", "malformed JSON at byte 2"},
        {R"({"a":})", "malformed JSON at byte 6: a value is expected: "},
        {"01", "malformed JSON at byte 2: something follows behind its end"},
        {"[01]", "malformed JSON at byte 3: a , or the ] of the array is expected"},
        {R"({"a":1 "b":2})", ": a , or the } of the object is expected"},
        {R"(["expected '}'" 1])", ": a , or the ] of the array is expected"},
        {R"(["; last read: ill-formed UTF-8" 1])", ": a , or the ] of the array is expected"},
        {R"({"a":"x)", "malformed JSON at byte 8: a text in quotes does not end"},
        {"1.", ": a digit is missing in a number"},
        {"+1", "malformed JSON at byte 1"},
        {"1 2", "malformed JSON at byte 3: something follows behind its end"},
        {"{1:2}", "malformed JSON at byte 2: a name in double quotes is expected"},
        {"{\"a\" 1}", "malformed JSON at byte 6: a : is expected between a name and its value"},
        {"'a'", "malformed JSON at byte 1: a value is expected: "},
        {"// comment\n1", "malformed JSON at byte 1"},
        {"\"\n\"", "malformed JSON at byte 2: a control character in a text; write it as an escape"},
        {"\"\\x\"", ": an unknown escape; there are "},
        {"\"\\u12\"", ": an unknown escape; there are "},
        {"\"\\ud800\"", ": half of a character; "},
        {"\"\\udc00\"", ": half of a character; "},
        {"\"\xFF\"", "malformed JSON at byte 2: invalid UTF-8"},
        {"\"\xC3(\"", "malformed JSON at byte 3"},
        {"\"\xED\xA0\x80\"", "malformed JSON at byte 3"},
        {R"({"$bytes":5})", "\"$bytes\" takes a string"},
        {R"({"$bytes":"A"})", "\"$bytes\" takes base64"},
        {R"({"$bytes":"AB=="})", "\"$bytes\" takes base64"},
        {R"({"$bytes":"A==="})", "\"$bytes\" takes base64"},
        {R"({"$bytes":"AA A"})", "\"$bytes\" takes base64"},
        {R"({"$float":"nan"})", "\"$float\" takes"},
        {R"({"$float":1.5})", "\"$float\" takes a string"},
    };
    for (const auto& each : cases) {
        expect_error(errc::invalid_argument, each.message,
                     [&] { static_cast<void>(document_from_json(each.json)); });
    }
    expect_error(errc::invalid_argument, "at byte 2: a zero byte", [] {
        static_cast<void>(document_from_json(std::string_view("1\0"
                                                              "2",
                                                              3)));
    });
}

TEST(json, refuses_numbers_out_of_range) {
    for (const char* json : {"18446744073709551616", "-9223372036854775809", "1e999", "-1e999",
                             "[123456789012345678901234567890]"}) {
        expect_error(errc::out_of_range, "is out of range",
                     [&] { static_cast<void>(document_from_json(json)); });
    }
    // What is not 0 became 0 before.
    for (const char* json : {"1e-400", "-1e-400", "[0.0001e-999]", "10e-400"}) {
        expect_error(errc::out_of_range, "is out of range",
                     [&] { static_cast<void>(document_from_json(json)); });
    }
    EXPECT_EQ(again("0e-999"), "0.0");
    EXPECT_EQ(again("-0.00E5"), "-0.0");
}

TEST(json, escapes_control_characters_that_json_lets_pass) {
    EXPECT_EQ(again("\"\x7F \xC2\x80\xC2\x9F\xC2\xA0\xC3\xBF\""),
              "\"\\u007f \\u0080\\u009f\xC2\xA0\xC3\xBF\"");
    EXPECT_EQ(again("{\"\xC2\x9B\":0}"), "{\"\\u009b\":0}");
}

/// Both ways round, as JSON or, after "#", in hexadecimal digits.
bool same(std::string_view left, std::string_view right) {
    const auto document = [](std::string_view text) {
        return text.starts_with('#') ? from_hex(text.substr(1)) : document_from_json(text);
    };
    const bool found = same_document(document(left), document(right));
    EXPECT_EQ(same_document(document(right), document(left)), found) << left << ' ' << right;
    return found;
}

TEST(same_document, is_told_what_documents_say) {
    for (const auto& [left, right] : {
             std::pair{"{}", "{}"},
             {"{}", "#bfff"},
             {R"({"a":1,"b":[{"c":2,"d":3}]})", R"({"b":[{"d":3,"c":2}],"a":1})"},
             {R"({"a":1,"b":2,"a":3})", R"({"b":2,"a":3,"a":1})"},
             {"1", "1.0"},
             {"-1", "-1.0"},
             {"0", "-0.0"},
             {"9007199254740992", "9007199254740992.0"},
             {"#3bffffffffffffffff", "-18446744073709551616.0"},
             {"-9223372036854775808", "-9223372036854775808.0"},
             {R"({"$float":"NaN"})", "#fb7ff8000000000001"},
             {"1.5", "#f93e00"},
             {R"("ab")", "#7f61616162ff"},
             {R"({"$bytes":"AAE="})", "#5f41004101ff"},
             {"null", "#f7"},
             {"1", "#c101"},
             {R"({"a":1})", "#d81b826475736572a1616101"},
         }) {
        EXPECT_TRUE(same(left, right)) << left << ' ' << right;
    }
}

TEST(same_document, tells_numbers_and_objects_apart_that_are_not_the_same) {
    for (const auto& [left, right] : {
             std::pair{"18446744073709551615", "-1"},
             {"9007199254740993", "9007199254740992.0"},
             {"18446744073709551615", "18446744073709551616.0"},
             {"-9223372036854775808", "9223372036854775808"},
             {"#3bffffffffffffffff", "0"},
             {"1", "1.5"},
             {"1", "true"},
             {"0", "false"},
             {"0", "null"},
             {"null", "#e5"},
             {R"("a")", R"({"$bytes":"YQ=="})"},
             {"[1,2]", "[2,1]"},
             {"[[1],2]", "[[1,2]]"},
             {"[]", "{}"},
             {R"({"a":1})", R"({"a":1,"b":1})"},
             {R"({"a":1,"a":2})", R"({"a":2})"},
             {R"({"a":1,"a":1,"a":2})", R"({"a":1,"a":2,"a":2})"},
             {R"({"a":1,"a":2})", R"({"a":2,"a":2})"},
             {R"({"a":{"b":1}})", R"({"a":{"b":2}})"},
             {"#a10100", "#a1613100"},
             {"#d81b82617801", "#d81b82617901"},
             {R"({"$float":"Infinity"})", R"({"$float":"-Infinity"})"},
         }) {
        EXPECT_FALSE(same(left, right)) << left << ' ' << right;
    }
}

TEST(same_document, refuses_what_is_damaged_or_too_deep) {
    const std::string sound = document_from_json("1");
    for (const std::string& damaged : {from_hex("8201"), from_hex("0101"), std::string(129, '\x81') + '\0'}) {
        expect_error(errc::corrupt, "", [&] { static_cast<void>(same_document(sound, damaged)); });
        expect_error(errc::corrupt, "", [&] { static_cast<void>(same_document(damaged, sound)); });
    }
    const std::string deepest = std::string(128, '\x81') + '\1';
    EXPECT_TRUE(same_document(deepest, std::string(128, '\x81') + from_hex("1801")));
}

TEST(same_document, takes_no_quadratic_time) {
    constexpr int count = 200'000;
    std::string forward = "{";
    std::string backward = "{";
    for (int i = 0; i < count; ++i) {
        forward += '"' + std::to_string(i) + "\":1,";
        backward += '"' + std::to_string(count - 1 - i) + "\":1,";
    }
    forward.back() = backward.back() = '}';
    EXPECT_TRUE(same(forward, backward));
    backward[backward.size() - 2] = '2';
    EXPECT_FALSE(same(forward, backward));
}

std::string nested(std::size_t levels, std::string_view open, std::string_view inner,
                   std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) {
        text += open;
    }
    text += inner;
    for (std::size_t i = 0; i < levels; ++i) {
        text += close;
    }
    return text;
}

TEST(json, nests_128_levels_and_no_more) {
    for (const auto& [open, close] : {std::pair{"[", "]"}, std::pair{"{\"a\":", "}"}}) {
        const std::string deepest = nested(128, open, "1", close);
        EXPECT_EQ(again(deepest), deepest);
        for (const std::size_t levels : {129U, 130U, 100000U}) {
            expect_error(errc::invalid_argument, "128 levels", [&, o = open, c = close] {
                static_cast<void>(document_from_json(nested(levels, o, "1", c)));
            });
        }
    }
    // What stands for bytes is no level.
    const std::string bytes = nested(128, "[", R"({"$bytes":"AA=="})", "]");
    EXPECT_EQ(again(bytes), bytes);
    for (const char* inner : {"{}", R"({"a":1})", R"({"$$bytes":1})", R"({"$bytes":"AA==","b":1})", "[]"}) {
        expect_error(errc::invalid_argument, "128 levels",
                     [&] { static_cast<void>(document_from_json(nested(128, "[", inner, "]"))); });
    }
}

TEST(json, keys_that_are_no_text_print_as_their_text) {
    EXPECT_EQ(document_to_json(from_hex("a1f500")), R"({"true":0})");
    EXPECT_EQ(document_to_json(from_hex("a1f93e0000")), R"({"1.5":0})");
    EXPECT_EQ(document_to_json(from_hex("a1430001ff00")), R"({"AAH/":0})");
    EXPECT_EQ(document_to_json(from_hex("a1810100")), R"({"gQE=":0})");
}

TEST(json, appends_and_leaves_nothing_behind_where_it_fails) {
    std::string text = "before ";
    append_json(text, from_hex("820102"));
    EXPECT_EQ(text, "before [1,2]");
    EXPECT_THROW(append_json(text, from_hex("8201")), error);
    EXPECT_EQ(text, "before [1,2]");
    std::string document = "before ";
    append_document(document, "[1,2]");
    EXPECT_EQ(document, "before " + from_hex("820102"));
    EXPECT_THROW(append_document(document, "[1,2,3"), error);
    EXPECT_EQ(document, "before " + from_hex("820102"));
}

TEST(json, a_small_document_behind_much_takes_little_room) {
    // It grew by half of all that stood before it.
    std::string text;
    text.reserve(1'001'000);
    text.resize(1'000'000, 'x');
    const std::size_t capacity = text.capacity();
    append_document(text, "[1]");
    EXPECT_EQ(text.capacity(), capacity);
}

TEST(json, counts_beyond_the_short_heads) {
    for (const std::size_t count : {23U, 24U, 255U, 256U, 70000U}) {
        std::string json = "[0";
        for (std::size_t i = 1; i < count; ++i) {
            json += ",0";
        }
        json += "]";
        EXPECT_EQ(again(json), json);
        EXPECT_EQ(from_json<std::vector<int>>(json).size(), count);
    }
}

} // namespace
} // namespace holdfast::test
