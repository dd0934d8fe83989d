// Entries as lines of JSON.
#include "entry_line.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>

#include "entry_text.hpp"
#include "errors.hpp"
#include "escape.hpp"
#include "json_text.hpp"
#include "key_text.hpp"
#include "output.hpp"
#include "shown_value.hpp"
#include "value_input.hpp"

namespace holdfast::cli {

namespace {

/// A document that carries the name of its type.
void append_named_document(std::string& to, std::string_view name, std::string_view json) {
    append_type_name(to, name);
    append_document(to, json);
}

/// Whether reading the JSON of a document gives its very bytes.
bool json_is_exact(std::string_view document, const shown_value& shown) {
    try {
        std::string again;
        append_named_document(again, document_type_name(document), shown.text());
        return shown.has_json() && again == document;
    } catch (const error&) {
        return false; // it nests too deep for what JSON needs around it, or the like
    }
}

constexpr std::size_t bits_digits = 16;

/// The bits of a NaN, unless it is the one that "NaN" gives; else "".
std::string bits_of_nan(const value_view& of) {
    if (of.type() != value_type::float64) {
        return {};
    }
    const double number = value_codec<double>::decode(of);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    if (!std::isnan(number) ||
        bits == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN())) {
        return {};
    }
    std::array<char, bits_digits> digits{}; // all are needed: the exponent is full
    std::to_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    return {digits.data(), digits.size()};
}

void append_nan(std::string& to, const std::string& digits) {
    std::uint64_t bits = 0;
    const char* const limit = digits.data() + digits.size();
    const auto [end, failure] = std::from_chars(digits.data(), limit, bits, 16);
    const auto number = std::bit_cast<double>(bits);
    if (digits.size() != bits_digits || failure != std::errc{} || end != limit || !std::isnan(number)) {
        throw_usage("\"bits\" is " + in_quotes(digits) + "; the 16 hexadecimal digits of a NaN are expected");
    }
    to.append(std::string_view(value_codec<double>::encode(number)));
}

void append_cbor(std::string& to, std::string_view base64) {
    const std::size_t begin = to.size();
    if (!append_from_base64(to, base64)) {
        throw_usage("\"cbor_base64\" is not base64");
    }
    check_cbor(std::string_view(to).substr(begin));
}

/// Refuses what belongs to values of another type.
void check_type_members(const line_fields& line, std::optional<value_type> type) {
    if (line.has(field::bits) && type != value_type::float64) {
        throw_usage("\"bits\" is of the type float");
    }
    const bool is_document = line.has(field::cbor_base64) || line.has(field::document_type);
    if (is_document && type.value_or(value_type::document) != value_type::document) {
        throw_usage("\"document_type\" and \"cbor_base64\" are of documents, not of the type " +
                    std::string(to_string(*type)));
    }
}

} // namespace

void write_entry_line(output& out, std::optional<std::string_view> map, const key_type& keys,
                      const entry& one) {
    naming_key(keys, one.key, [&] {
        const shown_value shown(one.value);
        const json_key key(keys, one.key);
        const std::string bits = bits_of_nan(one.value);
        const bool is_document = one.value.type() == value_type::document;
        const bool exact = !is_document || json_is_exact(one.value.text(), shown);
        json_object object(out);
        if (map) {
            object.text("map", *map);
        }
        if (!keys.is_string()) {
            object.text("key_type", keys.name());
        }
        key.write(object);
        object.text("type", to_string(one.value.type()));
        if (const auto name = is_document ? document_type_name(one.value.text()) : ""; !name.empty()) {
            object.text("document_type", name);
        }
        if (!exact) {
            object.text("cbor", one.value.text(), true);
        }
        if (!bits.empty()) {
            object.text("bits", bits);
        }
        object.name("value");
        shown.write_json(out);
        object.close();
        out.write('\n');
    });
}

void append_key(std::string& to, const key_type& keys, const line_fields& line) {
    const bool is_base64 = line.has(field::key_base64);
    line.read(is_base64 ? field::key_base64 : field::key,
              [&](std::string_view json) { append_key_from_json(to, keys, json, is_base64); });
}

value_type append_value(std::string& to, const line_fields& line) {
    const auto type = line.type();
    check_type_members(line, type);
    if (line.has(field::cbor_base64)) {
        append_cbor(to, line.text(field::cbor_base64));
        return value_type::document;
    }
    if (line.has(field::bits)) {
        append_nan(to, line.text(field::bits));
        return value_type::float64;
    }
    const std::string name = line.has(field::document_type) ? line.text(field::document_type) : "";
    return line.read(field::value, [&](std::string_view json) {
        if (!line.has(field::document_type)) {
            return append_value_from_json(to, json, type);
        }
        append_named_document(to, name, json);
        return value_type::document;
    });
}

} // namespace holdfast::cli
