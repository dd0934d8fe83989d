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

/// Whether a document can be read from it.
bool is_document_json(std::string_view json) {
    try {
        std::string document;
        append_document(document, json);
        return true;
    } catch (const error&) {
        return false;
    }
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
        show_document();
        break;
    case value_type::raw:
        raw_ = describe_sound_raw(of);
        break;
    case value_type::string:
    case value_type::bytes:
    case value_type::object:
        break;
    case value_type::map:
        throw error(errc::corrupt, "an entry of the catalogue is no value");
    }
}

void shown_value::show_document() {
    try {
        text_ = document_to_json(of_.text());
    } catch (const error& failure) {
        if (failure.reason() != errc::out_of_range) {
            throw;
        }
        has_json_ = false;
        text_ = "{\"$cbor\":\"" + base64(of_.text()) + "\"}";
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
    } else if (!has_json_) {
        out.write("null");
    } else if (finite_) {
        out.write(text_);
    } else {
        const bool negative = text_.front() == '-';
        out.write("{\"$float\":\"");
        out.write(text_ == "nan" ? "NaN" : negative ? "-Infinity" : "Infinity");
        out.write("\"}");
    }
}

/// As JSON if a document can be read from that; not if it needs a level more than there may be.
void table_value::show_document(const value_view& of) {
    const shown_value shown(of);
    if (shown.has_json() && is_document_json(shown.text())) {
        text = shown.text();
    } else {
        type += base64_mark;
        text = base64(of.text());
    }
}

table_value::table_value(const value_view& of) : type(to_string(of.type())) {
    switch (of.type()) {
    case value_type::string:
        if (is_utf8(of.text())) {
            text = of.text();
        } else {
            type += base64_mark;
            text = base64(of.text());
        }
        break;
    case value_type::bytes:
        text = base64(of.text());
        break;
    case value_type::raw:
        text = raw_json(describe_sound_raw(of));
        break;
    case value_type::document:
        show_document(of);
        break;
    default:
        text = shown_value(of).text();
        break;
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
