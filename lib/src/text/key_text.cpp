// Keys as people and JSON write them.
#include <charconv>
#include <string>

#include <holdfast/detail/cbor.hpp>
#include <holdfast/json.hpp>
#include <holdfast/key.hpp>

#include "base/number_text.hpp"
#include "text/time_and_uuid.hpp"

namespace holdfast {

using detail::cbor_head;
using detail::cbor_major;
using detail::cbor_reader;
using detail::cbor_writer;
using detail::key_reader;

namespace {

[[noreturn]] void throw_not(std::string_view text, std::string_view expected) {
    throw error(errc::invalid_argument, "'" + std::string(text) + "' is not " + std::string(expected));
}

// --- From text --------------------------------------------------------------------------------------------

template <class Number>
[[nodiscard]] Number parse_number(std::string_view text, std::string_view expected) {
    Number number{};
    const char* const end = text.data() + text.size();
    const auto [stopped, code] = std::from_chars(text.data(), end, number);
    if (code == std::errc::result_out_of_range) {
        throw error(errc::out_of_range,
                    "'" + std::string(text) + "' is out of the range of " + std::string(expected));
    }
    if (code != std::errc() || stopped != end) {
        throw_not(text, expected);
    }
    return number;
}

[[nodiscard]] bool parse_bool(std::string_view text) {
    if (text != "true" && text != "false") {
        throw_not(text, "'true' or 'false'");
    }
    return text == "true";
}

void append_part(std::string& to, key_part part, std::string_view text, bool last) {
    switch (part) {
    case key_part::string:
        return key_codec<std::string>::append(to, text, last);
    case key_part::int64:
        return detail::append_int(to, parse_number<std::int64_t>(text, "an integer key"));
    case key_part::uint64:
        return detail::append_big_endian(to, parse_number<std::uint64_t>(text, "an unsigned integer key"));
    case key_part::float64:
        return detail::append_float(to, parse_number<double>(text, "a number"));
    case key_part::boolean:
        return key_codec<bool>::append(to, parse_bool(text), last);
    case key_part::time:
        return detail::append_int(to, parse_time(text));
    case key_part::uuid:
        to.append(parse_uuid(text));
    }
}

// --- From JSON, by way of the document that it is ---------------------------------------------------------

[[noreturn]] void throw_wrong_kind(key_part part) {
    throw error(errc::invalid_argument, "the key has to be of type " + key_type(part).name());
}

[[nodiscard]] double as_float(const cbor_head& head, key_part part) {
    if (head.is_float()) {
        return detail::cbor_float(head);
    }
    if (!head.is_integer()) {
        throw_wrong_kind(part);
    }
    const auto magnitude = static_cast<double>(head.argument);
    return head.major == cbor_major::positive ? magnitude : -1.0 - magnitude;
}

void append_number(std::string& to, const cbor_head& head, key_part part) {
    if (part == key_part::float64) {
        return detail::append_float(to, as_float(head, part));
    }
    const bool negative = head.major == cbor_major::negative;
    if (!head.is_integer() || (negative && part == key_part::uint64)) {
        throw_wrong_kind(part);
    }
    if (part == key_part::uint64) {
        return detail::append_big_endian(to, head.argument);
    }
    if (head.argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw error(errc::out_of_range, "an integer key out of the range of 64 bits");
    }
    detail::append_int(to, static_cast<std::int64_t>(negative ? ~head.argument : head.argument));
}

void append_item(std::string& to, cbor_reader& from, key_part part, bool last) {
    const cbor_head head = from.item();
    switch (part) {
    case key_part::boolean:
        if (!head.is_bool()) {
            throw_wrong_kind(part);
        }
        return key_codec<bool>::append(to, head.info == cbor_head::info_true, last);
    case key_part::int64:
    case key_part::uint64:
    case key_part::float64:
        return append_number(to, head, part);
    default:
        if (!head.is_string()) {
            throw_wrong_kind(part);
        }
        append_part(to, part, from.take_string(head), last);
    }
}

// --- To JSON ----------------------------------------------------------------------------------------------

void write_part(cbor_writer& to, key_reader& from, key_part part, bool last) {
    switch (part) {
    case key_part::string:
        return to.text(key_codec<std::string>::take(from, last));
    case key_part::int64:
        return to.integer(from.take_int());
    case key_part::uint64:
        return to.unsigned_integer(from.take_big_endian());
    case key_part::float64:
        return to.floating(from.take_float());
    case key_part::boolean:
        return to.boolean(key_codec<bool>::take(from, last));
    case key_part::time:
        return to.text(format_time(from.take_int()));
    case key_part::uuid:
        return to.text(format_uuid(from.take(16)));
    }
}

} // namespace

std::string key_type::to_json(std::string_view key) const {
    if (!accepts(key)) {
        detail::throw_corrupt_key();
    }
    std::string document;
    {
        cbor_writer to(document);
        key_reader from(key);
        if (is_tuple()) {
            to.head(cbor_major::array, size_);
        }
        for (std::size_t i = 0; i < size_; ++i) {
            write_part(to, from, parts_[i], i + 1U == size_);
        }
        to.finish();
    }
    return document_to_json(document);
}

std::string key_type::from_json(std::string_view json) const {
    const std::string document = document_from_json(json);
    cbor_reader from(document);
    if (is_tuple()) {
        const cbor_head head = from.item();
        if (head.major != cbor_major::array || from.count(head) != size_) {
            throw error(errc::invalid_argument,
                        "the key has to be an array of " + std::to_string(size_) + " components: " + name());
        }
    }
    std::string key;
    for (std::size_t i = 0; i < size_; ++i) {
        append_item(key, from, parts_[i], i + 1U == size_);
    }
    return key;
}

std::string key_type::to_text(std::string_view key) const {
    if (!accepts(key)) {
        detail::throw_corrupt_key();
    }
    if (is_tuple()) {
        return to_json(key);
    }
    key_reader from(key);
    switch (parts_[0]) {
    case key_part::string:
        return std::string(key);
    case key_part::float64: {
        std::string digits;
        append_digits(digits, from.take_float());
        return digits;
    }
    case key_part::time:
        return format_time(from.take_int());
    case key_part::uuid:
        return format_uuid(key);
    default:
        return to_json(key); // digits, true and false
    }
}

std::string key_type::from_text(std::string_view text) const {
    if (is_tuple()) {
        return from_json(text);
    }
    std::string key;
    append_part(key, parts_[0], text, true);
    return key;
}

} // namespace holdfast
