// From text and JSON to values.
#include <holdfast/text.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>

#include "base/shown_text.hpp"
#include "text/base64.hpp"
#include "text/json_faults.hpp"
#include "text/json_members.hpp"
#include "text/json_names.hpp"
#include "text/json_text.hpp"
#include "text/raw_json.hpp"

namespace holdfast {

namespace {

[[noreturn]] void throw_not_of_type(std::string_view text, value_type type, const std::string& expected) {
    throw_unreadable(shown_json(text) + " is no value of type " + type_name(type) + "; " + expected +
                     " is expected");
}

[[noreturn]] void throw_too_large(std::string_view text, value_type type, const std::string& range) {
    throw error(errc::out_of_range,
                shown_text(text) + " is out of the range of " + type_name(type) + ", " + range);
}

template <class T>
void append_encoded(std::string& to, const T& number) {
    to.append(std::string_view(value_codec<T>::encode(number)));
}

bool is_all_digits(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <class Integer>
void append_integer(std::string& to, std::string_view text, value_type type) {
    using limits = std::numeric_limits<Integer>;
    const std::string_view whole = text;
    const bool negative = text.starts_with('-');
    if (!is_all_digits(text.substr(negative || text.starts_with('+') ? 1 : 0))) {
        throw_not_of_type(whole, type, "a whole number");
    }
    if (text.starts_with('+') || (negative && text.find_first_not_of("-0") == std::string_view::npos)) {
        text.remove_prefix(1); // "-0" is a uint, too
    }
    Integer number{};
    const auto failure = std::from_chars(text.data(), text.data() + text.size(), number).ec;
    if (failure != std::errc{}) {
        throw_too_large(whole, type, std::to_string(limits::min()) + " to " + std::to_string(limits::max()));
    }
    append_encoded(to, number);
}

void append_float(std::string& to, std::string_view text) {
    const std::string_view whole = text;
    if (text.starts_with('+') && !text.starts_with("+-")) {
        text.remove_prefix(1);
    }
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc::invalid_argument || end != text.data() + text.size() || text.back() == ')') {
        throw_not_of_type(whole, value_type::float64, "a decimal number, inf or nan");
    }
    if (failure == std::errc::result_out_of_range) {
        throw_too_large(whole, value_type::float64, "which ends at 1.8e308 and 5e-324");
    }
    append_encoded(to, number);
}

void append_bool(std::string& to, std::string_view text) {
    if (text != "true" && text != "false") {
        throw_not_of_type(text, value_type::boolean, "true or false");
    }
    append_encoded(to, text == "true");
}

void expect_utf8(std::string_view text) {
    if (!is_utf8(text)) {
        throw_unreadable(
            "the value is not UTF-8, so it is no string; bytes are stored as they are (--type bytes)");
    }
}

// --- JSON -------------------------------------------------------------------------------------------------

void append_json_bytes(std::string& to, std::string_view base64) {
    if (!append_from_base64(to, json_text(base64))) {
        throw_unreadable(shown_json(base64) + " is not base64");
    }
}

/// A string, or {"$bytes":…}.
void append_json_string_value(std::string& to, std::string_view json, value_type type) {
    if (json.front() == '"') {
        append_json_text(to, json);
    } else if (const auto base64 = only_member(json, json_bytes_key)) {
        counting_from(static_cast<std::size_t>(base64->data() - json.data()),
                      [&] { append_json_bytes(to, *base64); });
    } else {
        throw_not_of_type(json, type, "a string or {\"$bytes\":\"...\"}");
    }
}

void append_json_float(std::string& to, std::string_view json) {
    if (const auto special = only_member(json, json_float_key)) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        constexpr std::array<std::pair<std::string_view, double>, 3> known{
            {{json_nan, std::numeric_limits<double>::quiet_NaN()},
             {json_infinity, infinity},
             {json_negative_infinity, -infinity}}};
        const std::string word = special->starts_with('"') ? json_text(*special) : std::string();
        for (const auto& [name, number] : known) {
            if (word == name) {
                append_encoded(to, number);
                return;
            }
        }
        throw_not_of_type(json, value_type::float64, R"("NaN", "Infinity" or "-Infinity")");
    }
    if (!is_json_number(json)) {
        throw_not_of_type(json, value_type::float64, "a number");
    }
    append_float(to, json);
}

/// The type that a JSON value has by itself.
value_type type_of_json(std::string_view json) {
    switch (json.front()) {
    case '"':
        return value_type::string;
    case '[':
        return value_type::document;
    case '{':
        if (only_member(json, json_bytes_key)) {
            return value_type::bytes;
        }
        if (only_member(json, json_float_key)) {
            return value_type::float64;
        }
        return only_member(json, json_raw_key) ? value_type::raw : value_type::document;
    case 'n':
        return value_type::null;
    case 't':
    case 'f':
        return value_type::boolean;
    default:
        break;
    }
    if (!is_json_number(json)) {
        throw_malformed(0, shown_json(json) + " is no value");
    }
    if (json.find_first_of(".eE") != std::string_view::npos) {
        return value_type::float64;
    }
    std::int64_t number = 0;
    const bool fits = std::from_chars(json.data(), json.data() + json.size(), number).ec == std::errc{};
    return fits || json.front() == '-' ? value_type::int64 : value_type::uint64;
}

void append_json_integer(std::string& to, std::string_view json, value_type type) {
    if (!is_json_number(json)) {
        throw_not_of_type(json, type, "a whole number");
    }
    append_value_from_text(to, type, json);
}

/// May leave a part behind where it throws.
void append_json_value(std::string& to, value_type type, std::string_view json) {
    if (owns_outside(type)) {
        throw error(errc::unsupported, "a value of type " + type_name(type) +
                                           " owns something outside of its bytes, which JSON does not hold");
    }
    if (is_foreign(type)) {
        return append_json_string_value(to, json, type);
    }
    switch (type) {
    case value_type::string:
    case value_type::bytes:
        return append_json_string_value(to, json, type);
    case value_type::int64:
    case value_type::uint64:
        return append_json_integer(to, json, type);
    case value_type::float64:
        return append_json_float(to, json);
    case value_type::raw:
        return append_raw_from_json(to, json);
    case value_type::null:
        if (json != "null") {
            throw_not_of_type(json, type, "null");
        }
        return;
    case value_type::boolean:
    case value_type::document:
    case value_type::map:
    case value_type::object:
        return append_value_from_text(to, type, json);
    }
}

} // namespace

value_type parse_value_type(std::string_view name) {
    for (const value_type known :
         {value_type::string, value_type::bytes, value_type::int64, value_type::uint64, value_type::float64,
          value_type::boolean, value_type::null, value_type::document}) {
        if (name == to_string(known)) {
            return known;
        }
    }
    if (name == "json") {
        return value_type::document;
    }
    throw_unreadable(shown_text(name) +
                     " is no type of a value; give string, bytes, int, uint, float, bool, null or json");
}

value_type parse_any_value_type(std::string_view name) {
    if (name == to_string(value_type::raw)) {
        return value_type::raw;
    }
    std::uint8_t number = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = failure == std::errc{} && end == name.data() + name.size();
    return is_number && is_foreign(value_type{number}) ? value_type{number} : parse_value_type(name);
}

void append_value_from_text(std::string& to, value_type type, std::string_view text) {
    switch (type) {
    case value_type::string:
        expect_utf8(text);
        to.append(text);
        return;
    case value_type::bytes:
        to.append(text);
        return;
    case value_type::int64:
        return append_integer<std::int64_t>(to, trimmed(text), type);
    case value_type::uint64:
        return append_integer<std::uint64_t>(to, trimmed(text), type);
    case value_type::float64:
        return append_float(to, trimmed(text));
    case value_type::boolean:
        return append_bool(to, trimmed(text));
    case value_type::null:
        if (!trimmed(text).empty() && trimmed(text) != "null") {
            throw_not_of_type(text, type, "nothing, or null,");
        }
        return;
    case value_type::document:
        return append_document(to, text);
    case value_type::raw:
        throw error(errc::wrong_type, "a raw value can't be typed; \"holdfast import\" takes it as JSON");
    case value_type::map:
    case value_type::object:
        break;
    }
    throw error(errc::wrong_type, "a value of type " + type_name(type) + " can't be typed");
}

std::string_view value_bytes_from_text(std::string& buffer, value_type type, std::string_view text) {
    if (type == value_type::bytes) {
        return text;
    }
    if (type == value_type::string) {
        expect_utf8(text);
        return text;
    }
    append_value_from_text(buffer, type, text);
    return buffer;
}

value_type append_value_from_json(std::string& to, std::string_view json, std::optional<value_type> asked) {
    json = trimmed(json);
    if (json.empty()) {
        throw_malformed(0, json_fault::value);
    }
    const value_type type = asked ? *asked : type_of_json(json);
    const std::size_t size = to.size();
    try {
        append_json_value(to, type, json);
    } catch (...) {
        to.resize(size);
        throw;
    }
    return type;
}

value value_from_text(value_type type, std::string_view text) {
    std::string bytes;
    append_value_from_text(bytes, type, text);
    return {type, std::move(bytes), 0};
}

value value_from_json(std::string_view json, std::optional<value_type> asked) {
    std::string bytes;
    const value_type type = append_value_from_json(bytes, json, asked);
    return {type, std::move(bytes), 0};
}

} // namespace holdfast
