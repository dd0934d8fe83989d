// Making stored bytes printable: what people read is escaped C-style.
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

void write_escaped(output& out, std::string_view text);
/// The same, but backslashes stay as they are: for JSON and for typed keys, which escape for themselves.
void write_printable(output& out, std::string_view text);
[[nodiscard]] std::string escaped(std::string_view text);
/// A key or name in double quotes for a message; escaped, and cut if it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// For messages: like `escaped`, but backslashes stay as they are.
[[nodiscard]] std::string escape_controls(std::string_view text);

/// For a hint: a word as a shell takes it.
[[nodiscard]] std::string shell_word(std::string_view text);

void write_hex(output& out, std::string_view bytes);

} // namespace holdfast::cli
