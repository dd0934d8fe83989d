// Values that people type, or that JSON holds, as the bytes that are stored.
//
// What can't be read is errc::invalid_argument, a number that is too large is errc::out_of_range. Texts and JSON are
// those that shown_value.hpp tabulates, except that raw values can't be typed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/value.hpp>

namespace holdfast::cli {

/// "string", "bytes", "int", "uint", "float", "bool", "null" or "json". `option` names where it was given.
[[nodiscard]] value_type parse_value_type(std::string_view option, std::string_view name);

/// Appends the bytes to store. Strings and bytes are taken as they are; others may have white space around.
void append_value_from_text(std::string& to, value_type type, std::string_view text);
/// Without a copy if the text is what is stored, else in `buffer`.
[[nodiscard]] std::string_view value_from_text(std::string& buffer, value_type type, std::string_view text);
/// Refuses input that was to be the CBOR of a document, and is not.
void check_cbor(std::string_view document);
/// Appends the bytes to store and returns their type: that asked for, else the one that JSON itself tells.
[[nodiscard]] value_type append_value_from_json(std::string& to, std::string_view json,
                                                std::optional<value_type> asked);

} // namespace holdfast::cli
