// From values to text and JSON.
#include <holdfast/text.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>

#include "base/number_text.hpp"
#include "text/base64.hpp"
#include "text/json_names.hpp"
#include "text/json_string.hpp"

namespace holdfast {

namespace {

template <class Integer>
void append_integer(std::string& to, Integer number) {
    std::array<char, 24> digits{};
    to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_hex(std::string& to, std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char each : bytes) {
        const auto byte = static_cast<unsigned char>(each);
        to += digits[byte >> 4];
        to += digits[byte & 15];
    }
}

void append_wrapped(std::string& to, std::string_view key, std::string_view word) {
    to.append("{\"").append(key).append("\":\"").append(word).append("\"}");
}

void append_wrapped_bytes(std::string& to, std::string_view key, std::string_view bytes) {
    to.append("{\"").append(key).append("\":\"");
    append_base64(to, bytes);
    to += "\"}";
}

raw_description describe_sound_raw(const value_view& of) {
    const auto raw = describe_raw(of);
    if (!raw) {
        throw error(errc::corrupt, "the raw value is damaged; run \"holdfast check\" on the store");
    }
    return *raw;
}

void append_raw_json(std::string& to, const raw_description& raw) {
    to += "{\"$raw\":{";
    if (is_utf8(raw.name)) {
        to += "\"name\":";
        append_json_string(to, raw.name);
    } else {
        to += "\"name_base64\":\"";
        append_base64(to, raw.name);
        to += '"';
    }
    to += ",\"version\":";
    append_integer(to, raw.version);
    to += ",\"alignment\":";
    append_integer(to, raw.alignment);
    to += ",\"bytes\":\"";
    append_base64(to, raw.object);
    to += "\"}}";
}

// A new type of values begins in value.hpp; the switches over value_type here, in value_from.cpp and in
// value/codec.cpp name
// all, so that the compiler tells where it is missing.

/// The text and the JSON of all that have the same in both.
void append_plain(std::string& to, const value_view& shown) {
    switch (shown.type()) {
    case value_type::null:
        to += "null";
        return;
    case value_type::boolean:
        to += value_codec<bool>::decode(shown) ? "true" : "false";
        return;
    case value_type::int64:
        return append_integer(to, value_codec<std::int64_t>::decode(shown));
    case value_type::uint64:
        return append_integer(to, value_codec<std::uint64_t>::decode(shown));
    case value_type::float64:
        return append_float_text(to, value_codec<double>::decode(shown));
    case value_type::string:
    case value_type::bytes:
    case value_type::document:
    case value_type::raw:
    case value_type::map:
    case value_type::object:
        break;
    }
    throw error(errc::corrupt, "an entry of the catalogue is no value");
}

/// False, and nothing is appended, if it holds an integer that no 64 bits hold.
bool append_document_json(std::string& to, std::string_view document) {
    try {
        append_json(to, document);
        return true;
    } catch (const error& failure) {
        if (failure.reason() != errc::out_of_range) {
            throw;
        }
        return false;
    }
}

void append_float_json(std::string& to, const value_view& shown) {
    const double number = value_codec<double>::decode(shown);
    if (std::isfinite(number)) {
        return append_float_text(to, number);
    }
    append_wrapped(to, json_float_key,
                   std::isnan(number) ? json_nan
                   : number > 0       ? json_infinity
                                      : json_negative_infinity);
}

} // namespace

void append_value_text(std::string& to, const value_view& shown) {
    if (is_foreign(shown.type())) {
        return append_hex(to, shown.text());
    }
    switch (shown.type()) {
    case value_type::string:
    case value_type::bytes:
        to.append(shown.text());
        return;
    case value_type::document:
        if (!append_document_json(to, shown.text())) {
            append_wrapped_bytes(to, json_cbor_key, shown.text());
        }
        return;
    case value_type::raw:
        return append_hex(to, describe_sound_raw(shown).object);
    case value_type::null:
    case value_type::boolean:
    case value_type::int64:
    case value_type::uint64:
    case value_type::float64:
    case value_type::map:
    case value_type::object:
        return append_plain(to, shown);
    }
}

void append_value_json(std::string& to, const value_view& shown) {
    if (owns_outside(shown.type())) {
        to += "null";
        return;
    }
    if (is_foreign(shown.type())) {
        return append_wrapped_bytes(to, json_bytes_key, shown.text());
    }
    switch (shown.type()) {
    case value_type::string:
        if (is_utf8(shown.text())) {
            return append_json_string(to, shown.text());
        }
        [[fallthrough]];
    case value_type::bytes:
        return append_wrapped_bytes(to, json_bytes_key, shown.text());
    case value_type::float64:
        return append_float_json(to, shown);
    case value_type::document:
        if (!append_document_json(to, shown.text())) {
            to += "null";
        }
        return;
    case value_type::raw:
        return append_raw_json(to, describe_sound_raw(shown));
    case value_type::null:
    case value_type::boolean:
    case value_type::int64:
    case value_type::uint64:
    case value_type::map:
    case value_type::object:
        return append_plain(to, shown);
    }
}

std::string value_to_text(const value_view& shown) {
    std::string text;
    append_value_text(text, shown);
    return text;
}

std::string value_to_json(const value_view& shown) {
    std::string json;
    append_value_json(json, shown);
    return json;
}

} // namespace holdfast
