// What text and JSON are made of, for programs that write lines of their own.
#include <holdfast/text.hpp>

#include <holdfast/detail/cbor.hpp>

#include "text/base64.hpp"
#include "text/json_string.hpp"

namespace holdfast {

bool is_utf8(std::string_view text) noexcept { return detail::is_ascii(text) || detail::is_utf8(text); }

std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
    return detail::utf8_length(text.substr(at));
}

std::string json_string(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string to_base64(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string bytes;
    return append_from_base64(bytes, text) ? std::optional(std::move(bytes)) : std::nullopt;
}

} // namespace holdfast
