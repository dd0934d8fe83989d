// Strings as JSON writes them: all that needs no escape is appended in stretches.
#include "text/json_string.hpp"

#include <array>
#include <cstddef>

namespace holdfast {
namespace {

/// U+0080 to U+009F, which some terminals obey as they obey ESC, are this byte and their own number.
constexpr unsigned char c1_lead = 0xC2;

/// What follows the backslash of a byte in a string: 0 if it stands for itself, 'u' if it has no short form.
constexpr std::array<char, 256> escapes = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 0; i < 0x20; ++i) {
        table[i] = 'u';
    }
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table[0x7F] = 'u';
    table[c1_lead] = 'u'; // before 0x80 to 0x9F only
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}();

void append_escape(std::string& to, char kind, unsigned char character) {
    constexpr std::string_view hex = "0123456789abcdef";
    to += '\\';
    to += kind;
    if (kind == 'u') {
        to += "00";
        to += hex[character >> 4];
        to += hex[character & 15];
    }
}

} // namespace

void append_json_string(std::string& to, std::string_view text) {
    to += '"';
    std::size_t printed = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto character = static_cast<unsigned char>(text[i]);
        if (escapes[character] == 0) {
            continue;
        }
        const std::size_t size = character == c1_lead ? 2 : 1; // the text is UTF-8
        character = static_cast<unsigned char>(text[i + size - 1]);
        if (character >= 0xA0) {
            continue;
        }
        to.append(text, printed, i - printed);
        append_escape(to, size == 1 ? escapes[character] : 'u', character);
        i += size - 1;
        printed = i + 1;
    }
    to.append(text, printed);
    to += '"';
}

} // namespace holdfast
