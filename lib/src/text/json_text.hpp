// JSON strings and numbers as they are read, and how malformed text is reported: errc::invalid_argument, "malformed
// JSON at byte N: …",
// N counted from 1.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <holdfast/error.hpp>

namespace holdfast {

/// Wrong text or JSON.
[[noreturn]] void throw_unreadable(const std::string& message);
[[noreturn]] void throw_malformed(std::size_t at, std::string_view what);
/// Throws the error being handled; one of malformed JSON names a byte that is `offset` further on.
[[noreturn]] void rethrow_malformed(std::size_t offset);
/// Calls `read` on JSON that stands at `offset` of the text whose bytes messages are to count.
template <class Read>
decltype(auto) counting_from(std::size_t offset, Read&& read) {
    try {
        return read();
    } catch (const error&) {
        rethrow_malformed(offset);
    }
}
/// JSON for a message.
[[nodiscard]] std::string shown_json(std::string_view json);

/// Whether JSON takes it for white space.
[[nodiscard]] constexpr bool is_json_space(char byte) noexcept {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}
/// Without the white space around.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// Behind the string that begins with the quote at `at`; npos if it does not end.
[[nodiscard]] std::size_t end_of_json_string(std::string_view text, std::size_t at) noexcept;
/// Appends what a JSON string, quotes included, stands for.
void append_json_text(std::string& to, std::string_view string);
[[nodiscard]] std::string json_text(std::string_view string);
/// Whether the text is a number as JSON writes it.
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

} // namespace holdfast
