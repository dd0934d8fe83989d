// C-style escapes and hexadecimal.
#include "output/escape.hpp"

#include <array>
#include <cstdint>

#include <holdfast/text.hpp>

#include "output/output.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

std::uint8_t byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<std::uint8_t>(text[at]);
}

/// U+0080…U+009F, which some terminals obey as they obey ESC.
bool is_c1_control(std::string_view text, std::size_t at) noexcept {
    return byte_at(text, at) == 0xc2u && at + 1 < text.size() && byte_at(text, at + 1) < 0xa0u;
}

/// How many bytes from `at` on can be shown as they are.
std::size_t plain_length(std::string_view text, std::size_t at) noexcept {
    const std::uint8_t byte = byte_at(text, at);
    if (byte < 0x80u) {
        return byte >= 0x20u && byte != 0x7fu ? 1 : 0;
    }
    return is_c1_control(text, at) ? 0 : utf8_length(text, at);
}

std::string_view named_escape(char byte) noexcept {
    switch (byte) {
    case '\a':
        return "\\a";
    case '\b':
        return "\\b";
    case '\t':
        return "\\t";
    case '\n':
        return "\\n";
    case '\v':
        return "\\v";
    case '\f':
        return "\\f";
    case '\r':
        return "\\r";
    case '\\':
        return "\\\\";
    default:
        return {};
    }
}

/// Calls put(piece) for stretches of plain text and for escapes.
template <class Put>
void escape(std::string_view text, bool backslash_too, Put&& put) {
    std::size_t begin = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const bool escaped_backslash = backslash_too && text[at] == '\\';
        const std::size_t plain = escaped_backslash ? 0 : plain_length(text, at);
        if (plain != 0) {
            at += plain;
            continue;
        }
        put(text.substr(begin, at - begin));
        if (const auto named = named_escape(text[at]); !named.empty()) {
            put(named);
        } else {
            const std::uint8_t byte = byte_at(text, at);
            const std::array<char, 4> numbered{'\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15u]};
            put({numbered.data(), numbered.size()});
        }
        begin = ++at;
    }
    put(text.substr(begin));
}

} // namespace

void write_escaped(output& out, std::string_view text) {
    escape(text, true, [&](std::string_view piece) { out.write(piece); });
}

void write_printable(output& out, std::string_view text) {
    escape(text, false, [&](std::string_view piece) { out.write(piece); });
}

std::string escaped(std::string_view text) {
    std::string result;
    escape(text, true, [&](std::string_view piece) { result += piece; });
    return result;
}

std::string escape_controls(std::string_view text) {
    std::string result;
    escape(text, false, [&](std::string_view piece) { result += piece; });
    return result;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t shown_max = 200;
    if (text.size() <= shown_max) {
        return '"' + escaped(text) + '"';
    }
    return '"' + escaped(text.substr(0, shown_max)) + "...\" (" + std::to_string(text.size()) + " bytes)";
}

void write_hex(output& out, std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const std::uint8_t byte = byte_at(bytes, at);
        out.write(hex_digits[byte >> 4]);
        out.write(hex_digits[byte & 15u]);
    }
}

std::string shell_word(std::string_view text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=,-";
    if (!text.empty() && text.find_first_not_of(plain) == text.npos) {
        return std::string(text);
    }
    std::string word = "'";
    for (const char byte : text) {
        byte == '\'' ? word += "'\\''" : word += byte;
    }
    return word + "'";
}

} // namespace holdfast::cli
