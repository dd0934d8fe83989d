// UTF-8, C-style escapes, hexadecimal, base64 and JSON strings.
#include "escape.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include "output.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint8_t byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && (byte_at(text, at) & 0xc0u) == 0x80u;
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

/// Where the JSON escape of the character at `at` ends up, in `buffer`; empty if it needs none.
std::string_view json_escape(std::string_view text, std::size_t at, std::array<char, 6>& buffer) noexcept {
    switch (text[at]) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        break;
    }
    const bool c1 = is_c1_control(text, at);
    const std::uint8_t unit = byte_at(text, c1 ? at + 1 : at);
    if (!c1 && unit >= 0x20u && unit != 0x7fu) {
        return {};
    }
    buffer = {'\\', 'u', '0', '0', hex_digits[unit >> 4], hex_digits[unit & 15u]};
    return {buffer.data(), buffer.size()};
}

/// Calls put(piece) for the parts of a JSON string, its quotes left out.
template <class Put>
void escape_json(std::string_view text, Put&& put) {
    std::array<char, 6> buffer{};
    std::size_t begin = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto replacement = json_escape(text, at, buffer);
        if (replacement.empty()) {
            ++at;
            continue;
        }
        put(text.substr(begin, at - begin));
        put(replacement);
        at += is_c1_control(text, at) ? 2 : 1;
        begin = at;
    }
    put(text.substr(begin));
}

/// Calls put(piece) for each four digits.
template <class Put>
void to_base64(std::string_view bytes, Put&& put) {
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t count = bytes.size() - at < 3 ? bytes.size() - at : 3;
        std::uint32_t group = 0;
        for (std::size_t index = 0; index < 3; ++index) {
            group = group << 8 | (index < count ? byte_at(bytes, at + index) : 0u);
        }
        const std::array<char, 4> digits{base64_digits[group >> 18], base64_digits[group >> 12 & 63u],
                                         count > 1 ? base64_digits[group >> 6 & 63u] : '=',
                                         count > 2 ? base64_digits[group & 63u] : '='};
        put({digits.data(), digits.size()});
    }
}

/// Each byte's six bits, or 64 for what is no digit.
constexpr std::array<std::uint8_t, 256> base64_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(64);
    for (std::size_t index = 0; index < base64_digits.size(); ++index) {
        values[static_cast<std::uint8_t>(base64_digits[index])] = static_cast<std::uint8_t>(index);
    }
    return values;
}

/// Whether eight bytes from here on are ASCII.
bool eight_ascii(const char* at) noexcept {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at, sizeof bytes);
    return (bytes & 0x8080808080808080u) == 0;
}

} // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
    const std::uint8_t lead = byte_at(text, at);
    if (lead < 0x80u) {
        return 1;
    }
    if (!is_continuation(text, at + 1)) {
        return 0;
    }
    const std::uint8_t second = byte_at(text, at + 1);
    if (lead >= 0xc2u && lead <= 0xdfu) {
        return 2;
    }
    if ((lead & 0xf0u) == 0xe0u) {
        const bool overlong = lead == 0xe0u && second < 0xa0u;
        const bool surrogate = lead == 0xedu && second >= 0xa0u;
        return !overlong && !surrogate && is_continuation(text, at + 2) ? 3 : 0;
    }
    if (lead >= 0xf0u && lead <= 0xf4u) {
        const bool overlong = lead == 0xf0u && second < 0x90u;
        const bool too_high = lead == 0xf4u && second >= 0x90u;
        return !overlong && !too_high && is_continuation(text, at + 2) && is_continuation(text, at + 3) ? 4
                                                                                                        : 0;
    }
    return 0;
}

bool is_utf8(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        if (text.size() - at >= sizeof(std::uint64_t) && eight_ascii(text.data() + at)) {
            at += sizeof(std::uint64_t);
            continue;
        }
        const std::size_t length = utf8_length(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

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

void write_base64(output& out, std::string_view bytes) {
    to_base64(bytes, [&](std::string_view piece) { out.write(piece); });
}

std::string base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    to_base64(bytes, [&](std::string_view piece) { text.append(piece); });
    return text;
}

bool append_from_base64(std::string& to, std::string_view text) {
    static constexpr auto values = base64_values();
    if (text.size() % 4 != 0) {
        return false;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::uint32_t group = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_padding = at + padding >= text.size();
        const std::uint8_t value = is_padding ? 0 : values[byte_at(text, at)];
        if (value == 64) {
            return false;
        }
        group = group << 6 | value;
        if (at % 4 == 3) {
            const std::size_t count = at + 1 == text.size() ? 3 - padding : 3;
            const std::array<char, 3> bytes{static_cast<char>(group >> 16), static_cast<char>(group >> 8),
                                            static_cast<char>(group)};
            to.append(bytes.data(), count);
            group = 0;
        }
    }
    return true;
}

void write_json_string(output& out, std::string_view text) {
    out.write('"');
    escape_json(text, [&](std::string_view piece) { out.write(piece); });
    out.write('"');
}

void append_json_string(std::string& to, std::string_view text) {
    to.push_back('"');
    escape_json(text, [&](std::string_view piece) { to.append(piece); });
    to.push_back('"');
}

} // namespace holdfast::cli
