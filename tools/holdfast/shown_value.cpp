// From values to text and JSON.
#include "shown_value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <holdfast/json.hpp>

#include "errors.hpp"
#include "escape.hpp"
#include "output.hpp"

namespace holdfast::cli {

namespace {

template <class Number>
std::string digits_of(Number number) {
    std::array<char, 32> digits{};
    const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return {digits.data(), static_cast<std::size_t>(end - digits.data())};
}

/// The shortest that reads back the same, told from an integer by a point or an exponent.
std::string float_text(double number) {
    std::string text = digits_of(number);
    if (std::isnan(number)) {
        return "nan";
    }
    if (std::isfinite(number) && text.find_first_of(".e") == std::string::npos) {
        text += ".0";
    }
    return text;
}

/// "\u007f"
std::string control_escape(std::uint8_t unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    return std::string("\\u00") + digits[unit >> 4] + digits[unit & 15u];
}

/// JSON may hold DEL and U+0080 to U+009F as they are, but some terminals obey them. They are within strings.
std::string without_controls(std::string json) {
    constexpr std::string_view suspects = "\x7f\xc2";
    std::size_t at = json.find_first_of(suspects);
    if (at == std::string::npos) {
        return json;
    }
    std::string safe;
    std::size_t begin = 0;
    for (; at != std::string::npos; at = json.find_first_of(suspects, at + 1)) {
        const bool is_del = json[at] == '\x7f';
        const auto unit =
            static_cast<std::uint8_t>(is_del || at + 1 == json.size() ? json[at] : json[at + 1]);
        if (is_del || unit < 0xa0u) {
            safe.append(json, begin, at - begin).append(control_escape(unit));
            begin = at + (is_del ? 1 : 2);
        }
    }
    return safe.append(json, begin);
}

raw_description describe_sound_raw(const value_view& of) {
    const auto raw = describe_raw(of);
    if (!raw) {
        throw error(errc::corrupt, "the raw value is damaged; run \"holdfast check\" on the store");
    }
    return *raw;
}

std::string_view name_of_document(const value_view& of) {
    return of.type() == value_type::document ? document_type_name(of.text()) : std::string_view();
}

void write_json_bytes(output& out, std::string_view bytes) {
    out.write("{\"$bytes\":\"");
    write_base64(out, bytes);
    out.write("\"}");
}

std::string raw_json(const raw_description& raw) {
    std::string json = "{\"$raw\":{";
    if (is_utf8(raw.name)) {
        json += "\"name\":";
        append_json_string(json, raw.name);
    } else {
        json += "\"name_base64\":\"" + base64(raw.name) + '"';
    }
    json += ",\"version\":" + std::to_string(raw.version);
    json += ",\"alignment\":" + std::to_string(raw.alignment);
    return json + ",\"bytes\":\"" + base64(raw.object) + "\"}}";
}

} // namespace

shown_value::shown_value(const value_view& of) : of_(of) {
    switch (of.type()) {
    case value_type::null:
        text_ = "null";
        break;
    case value_type::boolean:
        text_ = value_codec<bool>::decode(of) ? "true" : "false";
        break;
    case value_type::int64:
        text_ = digits_of(value_codec<std::int64_t>::decode(of));
        break;
    case value_type::uint64:
        text_ = digits_of(value_codec<std::uint64_t>::decode(of));
        break;
    case value_type::float64: {
        const double number = value_codec<double>::decode(of);
        finite_ = std::isfinite(number);
        text_ = float_text(number);
        break;
    }
    case value_type::document:
        text_ = without_controls(document_to_json(of.text()));
        break;
    case value_type::raw:
        raw_ = describe_sound_raw(of);
        break;
    case value_type::string:
    case value_type::bytes:
        break;
    case value_type::map:
        throw error(errc::corrupt, "an entry of the catalogue is no value");
    }
}

void shown_value::write_text(output& out) const {
    if (raw_) {
        write_hex(out, raw_->object);
    } else {
        out.write(text_.empty() ? of_.text() : std::string_view(text_));
    }
}

void shown_value::write_escaped(output& out) const {
    if (of_.type() == value_type::string || of_.type() == value_type::bytes) {
        cli::write_escaped(out, of_.text());
    } else if (raw_) {
        write_hex(out, raw_->object);
    } else {
        write_printable(out, text_);
    }
}

void shown_value::write_json(output& out) const {
    if (raw_) {
        out.write(raw_json(*raw_));
    } else if (of_.type() == value_type::string && is_utf8(of_.text())) {
        write_json_string(out, of_.text());
    } else if (of_.type() == value_type::string || of_.type() == value_type::bytes) {
        write_json_bytes(out, of_.text());
    } else if (finite_) {
        out.write(text_);
    } else {
        const bool negative = text_.front() == '-';
        out.write("{\"$float\":\"");
        out.write(text_ == "nan" ? "NaN" : negative ? "-Infinity" : "Infinity");
        out.write("\"}");
    }
}

std::string table_text(const value_view& of) {
    switch (of.type()) {
    case value_type::string:
        return std::string(of.text());
    case value_type::bytes:
        return base64(of.text());
    case value_type::raw:
        return raw_json(describe_sound_raw(of));
    default:
        return shown_value(of).text();
    }
}

std::string_view plain_bytes(const value_view& of) {
    return of.type() == value_type::raw ? describe_sound_raw(of).object : of.text();
}

void write_type_details(json_object& to, const value_view& of) {
    if (const auto raw = describe_raw(of)) {
        to.text("raw_type", raw->name);
        to.number("raw_version", raw->version);
    }
    if (const auto name = name_of_document(of); !name.empty()) {
        to.text("document_type", name);
    }
}

void write_type_details(output& out, const value_view& of) {
    if (const auto raw = describe_raw(of)) {
        out.write(" raw_type=");
        write_escaped(out, raw->name);
        out.write(" raw_version=");
        out.write_number(raw->version);
    }
    if (const auto name = name_of_document(of); !name.empty()) {
        out.write(" document_type=");
        write_escaped(out, name);
    }
}

} // namespace holdfast::cli
