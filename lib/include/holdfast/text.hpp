// Values and keys as text and as JSON: one form for every program, language and shell.
//
//     type      text                      JSON
//     null      null                      null
//     bool      true, false               the same
//     int, uint decimal digits            the same, all 64 bits
//     float     1.5, 1e+30, inf, nan      1.5, {"$float":"Infinity"}, {"$float":"NaN"}
//     string    as it is                  "…", or {"$bytes":"<base64>"} if it is not UTF-8
//     bytes     as they are               {"$bytes":"<base64>"}
//     document  as JSON                   itself; {"$cbor":"<base64>"} and null if JSON can't hold it
//     raw       hexadecimal digits        {"$raw":{"name":…,"version":…,"alignment":…,"bytes":"<base64>"}}
//     12 … 127  hexadecimal digits        {"$bytes":"<base64>"}; a newer program's, named by the number
//     object, and from 128 on: the same text, and null; only who knows them can copy them
//
// What is printed is read back as the same, but for raw values as text, and for what entry_json.hpp keeps beside the
// JSON. How keys look is in key.hpp.
//
// Failures don't name the key, whose business is the caller's: text and JSON that can't be read are `invalid_argument`
// ("malformed JSON at byte N: …", N from 1), a number that is too large `out_of_range`, a value that is damaged
// `corrupt`. Nothing is appended by a call that throws.
//
// Thread and process safety: pure functions. All take time and memory in proportion to the text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

// --- Values -----------------------------------------------------------------------------------------------

[[nodiscard]] HOLDFAST_API std::string value_to_text(const value_view& shown);
HOLDFAST_API void append_value_text(std::string& to, const value_view& shown);

/// Strings and bytes are taken as they are, the former UTF-8; others may have white space around. A raw value has no
/// text: `wrong_type`.
[[nodiscard]] HOLDFAST_API value value_from_text(value_type type, std::string_view text);
/// Appends the bytes to store.
HOLDFAST_API void append_value_from_text(std::string& to, value_type type, std::string_view text);
/// The bytes to store, without a copy if the text is what is stored, else in `buffer`.
[[nodiscard]] HOLDFAST_API std::string_view value_bytes_from_text(std::string& buffer, value_type type,
                                                                  std::string_view text);

[[nodiscard]] HOLDFAST_API std::string value_to_json(const value_view& shown);
HOLDFAST_API void append_value_json(std::string& to, const value_view& shown);

/// The value of the type that is asked for, else of the one that JSON itself tells: a number without a fraction and an
/// exponent is an int, or a uint beyond; what is in {"$bytes":…}, {"$float":…} and {"$raw":…} is what it says; arrays
/// and other objects are documents.
[[nodiscard]] HOLDFAST_API value value_from_json(std::string_view json, std::optional<value_type> asked = {});
/// Appends the bytes to store and returns their type.
HOLDFAST_API value_type append_value_from_json(std::string& to, std::string_view json,
                                               std::optional<value_type> asked = {});

/// "string", "bytes", "int", "uint", "float", "bool", "null", and "document" or "json": what can be typed.
[[nodiscard]] HOLDFAST_API value_type parse_value_type(std::string_view name);
/// The same and those that can only be read back: "raw", and the number of a type that this program does not know.
[[nodiscard]] HOLDFAST_API value_type parse_any_value_type(std::string_view name);
/// Whether only a newer program knows what the bytes of this type are.
[[nodiscard]] constexpr bool is_foreign(value_type type) noexcept { return type > value_type::map; }

// --- Keys -------------------------------------------------------------------------------------------------

/// The bytes of a key that somebody typed. Throws invalid_argument if it is none, or longer than key_size_max.
[[nodiscard]] HOLDFAST_API std::string key_from_text(const key_type& keys, std::string_view text);
/// What all keys begin with that begin with what somebody typed: text, or for tuples a JSON array of the first parts.
/// Other typed keys have no prefix but the empty one.
[[nodiscard]] HOLDFAST_API std::string key_prefix_from_text(const key_type& keys, std::string_view text);
/// Appends the bytes of the key that a JSON object has in one of its fields. For keys that are strings, a number is one
/// as it is written.
HOLDFAST_API void append_key_from_field(std::string& to, const key_type& keys, std::string_view object,
                                        std::string_view field);

// --- Their parts ------------------------------------------------------------------------------------------

/// Whether it is well-formed UTF-8 (RFC 3629).
[[nodiscard]] HOLDFAST_API bool is_utf8(std::string_view text) noexcept;
/// How many bytes the character has that begins at `at`, in `text`; 0 if it is malformed.
[[nodiscard]] HOLDFAST_API std::size_t utf8_length(std::string_view text, std::size_t at) noexcept;

/// A JSON string, quotes included; `text` is UTF-8. Control characters are escaped.
[[nodiscard]] HOLDFAST_API std::string json_string(std::string_view text);
/// RFC 4648, section 4, with its padding.
[[nodiscard]] HOLDFAST_API std::string to_base64(std::string_view bytes);
/// nullopt unless it is base64 with its padding, in the one form that encoding gives.
[[nodiscard]] HOLDFAST_API std::optional<std::string> from_base64(std::string_view text);

} // namespace holdfast
