// Lines of JSON as entries.
#include <holdfast/entry_json.hpp>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "base/shown_text.hpp"
#include "text/base64.hpp"
#include "text/json_members.hpp"
#include "text/json_text.hpp"
#include "text/key_json.hpp"

namespace holdfast {

namespace {

/// In the order of `entry_member`.
constexpr std::array<std::string_view, static_cast<std::size_t>(entry_member::count)> names{
    "key",           "key_base64",  "value", "type", "map", "map_base64", "key_type",
    "document_type", "cbor_base64", "bits",  "op",   "by",  "old",        "new"};

constexpr std::array<std::string_view, 4> passed_over{"size", "version", "raw_type", "raw_version"};

[[nodiscard]] std::string quoted(entry_member which) { return '"' + std::string(to_string(which)) + '"'; }

void append_nan(std::string& to, const std::string& digits) {
    constexpr std::size_t bits_digits = 16;
    std::uint64_t bits = 0;
    const char* const limit = digits.data() + digits.size();
    const auto [end, failure] = std::from_chars(digits.data(), limit, bits, 16);
    const auto number = std::bit_cast<double>(bits);
    if (digits.size() != bits_digits || failure != std::errc{} || end != limit || !std::isnan(number)) {
        throw_unreadable("\"bits\" is " + shown_text(digits) +
                         "; the 16 hexadecimal digits of a NaN are expected");
    }
    to.append(std::string_view(value_codec<double>::encode(number)));
}

void append_cbor(std::string& to, std::string_view document) {
    try {
        verify_document(document);
    } catch (const error& failure) {
        throw_unreadable(std::string("this is no CBOR of a document: ") + failure.what());
    }
    to.append(document);
}

} // namespace

std::string_view to_string(entry_member which) noexcept { return names[static_cast<std::size_t>(which)]; }

entry_json::entry_json(std::string_view line) : line_(line) {
    for (json_members members(line); members.next();) {
        const std::string_view name = members.name();
        const auto* const found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) {
            if (std::find(passed_over.begin(), passed_over.end(), name) == passed_over.end()) {
                throw_unreadable("unknown member " + shown_text(name));
            }
            continue;
        }
        std::string_view& place = values_[static_cast<std::size_t>(found - names.begin())];
        if (!place.empty()) {
            throw_unreadable('"' + std::string(name) + "\" is given twice");
        }
        place = members.value();
    }
}

std::string_view entry_json::required(entry_member which) const {
    if (!has(which)) {
        throw_unreadable("there is no " + quoted(which));
    }
    return (*this)[which];
}

/// Calls read(json) with a required member; malformed JSON in it is named by its byte in the line.
template <class Read>
decltype(auto) entry_json::read(entry_member which, Read&& read) const {
    const std::string_view json = required(which);
    return counting_from(static_cast<std::size_t>(json.data() - line_.data()), [&] { return read(json); });
}

std::string entry_json::text(entry_member which) const {
    const std::string_view json = required(which);
    if (json.front() != '"') {
        throw_unreadable(quoted(which) + " is " + shown_text(json) + "; a string is expected");
    }
    return read(which, [](std::string_view string) { return json_text(string); });
}

/// Of a member in base64.
std::string entry_json::bytes(entry_member which) const {
    std::string bytes;
    if (!append_from_base64(bytes, text(which))) {
        throw_unreadable(quoted(which) + " is " + shown_json((*this)[which]) + ", which is not base64");
    }
    return bytes;
}

std::optional<std::string> entry_json::map() const {
    if (has(entry_member::map)) {
        return text(entry_member::map);
    }
    return has(entry_member::map_base64) ? std::optional(bytes(entry_member::map_base64)) : std::nullopt;
}

std::optional<key_type> entry_json::key_type() const {
    return has(entry_member::key_type) ? std::optional(key_type::parse(text(entry_member::key_type)))
                                       : std::nullopt;
}

std::optional<value_type> entry_json::type() const {
    if (!has(entry_member::type)) {
        return std::nullopt;
    }
    return parse_any_value_type(text(entry_member::type));
}

void entry_json::append_key(std::string& to, const holdfast::key_type& keys) const {
    std::string decoded;
    if (has(entry_member::key_base64)) {
        decoded = bytes(entry_member::key_base64);
    } else {
        read(entry_member::key, [&](std::string_view json) { append_key_from_json(decoded, keys, json); });
    }
    expect_key_size(decoded);
    to += decoded;
}

/// Refuses what belongs to values of another type.
void entry_json::expect_type_members(std::optional<value_type> type) const {
    if (has(entry_member::bits) && type != value_type::float64) {
        throw_unreadable("\"bits\" is of the type float");
    }
    const bool is_document = has(entry_member::cbor_base64) || has(entry_member::document_type);
    if (is_document && type.value_or(value_type::document) != value_type::document) {
        throw_unreadable("\"document_type\" and \"cbor_base64\" are of documents, not of the type " +
                         type_name(*type));
    }
}

value_type entry_json::append_value(std::string& to) const {
    const std::size_t size = to.size();
    try {
        return append_whole_value(to);
    } catch (...) {
        to.resize(size);
        throw;
    }
}

value_type entry_json::append_whole_value(std::string& to) const {
    const auto type = this->type();
    expect_type_members(type);
    if (has(entry_member::cbor_base64)) {
        append_cbor(to, bytes(entry_member::cbor_base64));
        return value_type::document;
    }
    if (has(entry_member::bits)) {
        append_nan(to, text(entry_member::bits));
        return value_type::float64;
    }
    if (!has(entry_member::document_type)) {
        return read(entry_member::value,
                    [&](std::string_view json) { return append_value_from_json(to, json, type); });
    }
    append_type_name(to, text(entry_member::document_type));
    read(entry_member::value, [&](std::string_view json) { append_document(to, json); });
    return value_type::document;
}

value entry_json::value(entry_member which, std::optional<value_type> asked) const {
    return read(which, [&](std::string_view json) { return value_from_json(json, asked); });
}

} // namespace holdfast
