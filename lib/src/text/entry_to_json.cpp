// Entries as lines of JSON.
#include <holdfast/entry_json.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "text/base64.hpp"
#include "text/json_string.hpp"

namespace holdfast {

namespace {

/// Whether reading the JSON of a document gives its very bytes.
bool json_is_exact(std::string_view document, std::string_view json) {
    try {
        std::string again;
        append_type_name(again, document_type_name(document));
        append_document(again, json);
        return again == document;
    } catch (const error&) {
        return false; // it nests too deep for what JSON needs around it, or the like
    }
}

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
    std::array<char, 16> digits{}; // all are needed: the exponent is full
    std::to_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    return {digits.data(), digits.size()};
}

class line_writer {
public:
    explicit line_writer(std::string& to) noexcept : to_(to) {}

    void name(std::string_view name, std::string_view suffix = {}) {
        to_.append(first_ ? "{\"" : ",\"").append(name).append(suffix).append("\":");
        first_ = false;
    }
    void number(std::string_view name, std::uint64_t number) {
        this->name(name);
        std::array<char, 20> digits{};
        to_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    }
    void base64(std::string_view name, std::string_view bytes) {
        this->name(name, "_base64");
        to_ += '"';
        append_base64(to_, bytes);
        to_ += '"';
    }
    /// As "name" if the bytes are UTF-8, else as "name_base64".
    void text(std::string_view name, std::string_view bytes) {
        if (!is_utf8(bytes)) {
            return base64(name, bytes);
        }
        this->name(name);
        append_json_string(to_, bytes);
    }
    void key(const key_type& keys, std::string_view key) {
        if (keys.is_string()) {
            return text("key", key);
        }
        std::string json;
        try {
            json = keys.to_json(key);
        } catch (const error&) {
            return base64("key", key); // a string in it is not UTF-8
        }
        name("key");
        to_ += json;
    }
    void value(const value_view& shown) {
        std::string json;
        append_value_json(json, shown);
        if (shown.type() == value_type::document && !json_is_exact(shown.text(), json)) {
            base64("cbor", shown.text());
        }
        if (const std::string bits = bits_of_nan(shown); !bits.empty()) {
            text("bits", bits);
        }
        name("value");
        to_ += json;
    }
    void end() { to_ += '}'; }

private:
    std::string& to_;
    bool first_ = true;
};

void append_line(std::string& to, const key_type& keys, const entry& one, const entry_json_members& members) {
    line_writer line(to);
    if (members.map) {
        line.text("map", *members.map);
    }
    if (!keys.is_string()) {
        line.text("key_type", keys.name());
    }
    line.key(keys, one.first);
    line.text("type", type_name(one.second.type()));
    if (members.details) {
        line.number("size", one.second.size());
        line.number("version", one.second.version());
        if (const auto raw = describe_raw(one.second)) {
            line.text("raw_type", raw->name);
            line.number("raw_version", raw->version);
        }
    }
    if (one.second.type() == value_type::document) {
        if (const auto name = document_type_name(one.second.text()); !name.empty()) {
            line.text("document_type", name);
        }
    }
    if (members.value) {
        line.value(one.second);
    }
    line.end();
}

} // namespace

void append_entry_json(std::string& to, const key_type& keys, const entry& one,
                       const entry_json_members& members) {
    const std::size_t size = to.size();
    try {
        if (!keys.accepts(one.first)) {
            detail::throw_corrupt_key();
        }
        append_line(to, keys, one, members);
    } catch (...) {
        to.resize(size);
        throw;
    }
}

} // namespace holdfast
