// JSON strings and numbers as they are read.
#include "text/json_text.hpp"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

#include <holdfast/detail/cbor.hpp>

#include "base/shown_text.hpp"
#include "text/json_faults.hpp"

namespace holdfast {

namespace {

constexpr bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

/// Four hexadecimal digits; nullopt if they are none.
std::optional<std::uint32_t> hex_unit(std::string_view text, std::size_t at) noexcept {
    if (text.size() - at < 4) {
        return std::nullopt;
    }
    std::uint32_t unit = 0;
    for (const char byte : text.substr(at, 4)) {
        const char lower = static_cast<char>(byte | 0x20);
        if (!is_digit(byte) && (lower < 'a' || lower > 'f')) {
            return std::nullopt;
        }
        unit = unit << 4 | static_cast<std::uint32_t>(is_digit(byte) ? byte - '0' : lower - 'a' + 10);
    }
    return unit;
}

void append_utf8(std::string& to, std::uint32_t point) {
    const auto tail = [&](unsigned shift) {
        to.push_back(static_cast<char>(0x80u | (point >> shift & 0x3fu)));
    };
    if (point < 0x80u) {
        to.push_back(static_cast<char>(point));
    } else if (point < 0x800u) {
        to.push_back(static_cast<char>(0xc0u | point >> 6));
        tail(0);
    } else if (point < 0x10000u) {
        to.push_back(static_cast<char>(0xe0u | point >> 12));
        tail(6);
        tail(0);
    } else {
        to.push_back(static_cast<char>(0xf0u | point >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// Appends the character of \uXXXX, or of two of them, whose first digit is at `at`; returns where they end.
std::size_t append_unicode(std::string& to, std::string_view text, std::size_t at) {
    const auto first = hex_unit(text, at);
    if (!first || (*first >= 0xdc00u && *first < 0xe000u)) {
        throw_malformed(at, first ? json_fault::half_character : json_fault::escape);
    }
    if (*first < 0xd800u || *first >= 0xe000u) {
        append_utf8(to, *first);
        return at + 4;
    }
    const bool is_pair = text.substr(at + 4, 2) == "\\u";
    const auto second = is_pair ? hex_unit(text, at + 6) : std::nullopt;
    if (!second || *second < 0xdc00u || *second >= 0xe000u) {
        throw_malformed(at, json_fault::half_character);
    }
    append_utf8(to, 0x10000u + ((*first - 0xd800u) << 10) + (*second - 0xdc00u));
    return at + 10;
}

/// Appends what stands behind the backslash at `at`; returns where that ends.
std::size_t append_escape(std::string& to, std::string_view text, std::size_t at) {
    constexpr std::string_view names = "\"\\/bfnrtu";
    constexpr std::string_view bytes = "\"\\/\b\f\n\r\t";
    const std::size_t which = at + 1 < text.size() ? names.find(text[at + 1]) : std::string_view::npos;
    if (which == std::string_view::npos) {
        throw_malformed(at, json_fault::escape);
    }
    if (which == bytes.size()) {
        return append_unicode(to, text, at + 2);
    }
    to.push_back(bytes[which]);
    return at + 2;
}

} // namespace

void throw_unreadable(const std::string& message) { throw error(errc::invalid_argument, message); }

void throw_malformed(std::size_t at, std::string_view what) {
    throw_unreadable("malformed JSON at byte " + std::to_string(at + 1) + ": " + std::string(what));
}

void rethrow_malformed(std::size_t offset) {
    constexpr std::string_view opening = "malformed JSON at byte ";
    try {
        throw;
    } catch (const error& failure) {
        const std::string_view message = failure.what();
        if (!message.starts_with(opening)) {
            throw;
        }
        std::size_t byte = 0;
        const auto* const end =
            std::from_chars(message.data() + opening.size(), message.data() + message.size(), byte).ptr;
        throw error(failure.reason(), std::string(opening) + std::to_string(byte + offset) + end);
    }
}

std::string shown_json(std::string_view json) { return shown_text(json); }

std::size_t end_of_json_string(std::string_view text, std::size_t at) noexcept {
    for (++at; at < text.size(); ++at) {
        const void* const quote = std::memchr(text.data() + at, '"', text.size() - at);
        if (quote == nullptr) {
            return std::string_view::npos;
        }
        const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(quote) - text.data());
        std::size_t backslashes = 0;
        while (end - backslashes > at && text[end - backslashes - 1] == '\\') {
            ++backslashes;
        }
        if (backslashes % 2 == 0) {
            return end + 1;
        }
        at = end;
    }
    return std::string_view::npos;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && is_json_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_json_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

void append_json_text(std::string& to, std::string_view string) {
    if (string.size() < 2 || string.front() != '"' || end_of_json_string(string, 0) != string.size()) {
        throw_malformed(0, "a text in double quotes is expected");
    }
    const std::string_view inside = string.substr(0, string.size() - 1); // offsets stay those of the whole
    std::size_t begin = 1;
    for (std::size_t at = 1; at < inside.size();) {
        const auto byte = static_cast<unsigned char>(inside[at]);
        if (byte >= 0x20 && byte < 0x80 && byte != '\\') {
            ++at;
        } else if (byte == '\\') {
            to.append(inside, begin, at - begin);
            begin = at = append_escape(to, inside, at);
        } else if (const std::size_t length = byte < 0x20 ? 0 : detail::utf8_length(inside.substr(at));
                   length != 0) {
            at += length;
        } else {
            throw_malformed(at, byte < 0x20 ? json_fault::control : json_fault::encoding);
        }
    }
    to.append(inside, begin, inside.size() - begin);
}

std::string json_text(std::string_view string) {
    std::string text;
    append_json_text(text, string);
    return text;
}

bool is_json_number(std::string_view text) noexcept {
    std::size_t at = 0;
    const auto skip_digits = [&] {
        const std::size_t begin = at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        return at != begin;
    };
    const auto skip_any = [&](std::string_view of) {
        const bool there = at < text.size() && of.find(text[at]) != std::string_view::npos;
        at += there ? 1 : 0;
        return there;
    };
    skip_any("-");
    if (!skip_any("0") && !skip_digits()) {
        return false;
    }
    if (skip_any(".") && !skip_digits()) {
        return false;
    }
    if (skip_any("eE")) {
        skip_any("+-");
        if (!skip_digits()) {
            return false;
        }
    }
    return at == text.size();
}

} // namespace holdfast
