// Making stored bytes printable: what people read is escaped C-style, JSON stays exact.
//
// Escaped text holds no control character, so it can neither drive a terminal nor break a line, and it is
// unambiguous: \a \b \t \n \v \f \r \\ stand for themselves, every other byte that is part of a control character
// or not of valid UTF-8 is \xNN with exactly two digits. U+0080…U+009F count as control characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::cli {

class output;

/// The length of the well-formed UTF-8 sequence that begins at `at`; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

void write_escaped(output& out, std::string_view text);
/// The same, but backslashes stay as they are: for JSON and for typed keys, which escape for themselves.
void write_printable(output& out, std::string_view text);
[[nodiscard]] std::string escaped(std::string_view text);
/// A key or name in double quotes for a message; escaped, and cut if it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// For messages: like `escaped`, but backslashes stay as they are.
[[nodiscard]] std::string escape_controls(std::string_view text);

void write_hex(output& out, std::string_view bytes);
void write_base64(output& out, std::string_view bytes);
[[nodiscard]] std::string base64(std::string_view bytes);
/// Appends what `text` stands for; false if it is not base64 with its padding.
[[nodiscard]] bool append_from_base64(std::string& to, std::string_view text);
/// A JSON string, quotes included; `text` is UTF-8.
void write_json_string(output& out, std::string_view text);
void append_json_string(std::string& to, std::string_view text);

} // namespace holdfast::cli
