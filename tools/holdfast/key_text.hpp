// Keys as people type and read them, by the key type of their map.
//
// Keys of a map without a type are any bytes, taken as they are. Those of a typed map are read and shown as key.hpp
// tabulates: 42, 2026-11-20T14:09:09.5Z, ["ada",3].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>

namespace holdfast::cli {

class json_object;
class output;

/// The key type that --key-type names; nullopt if the option was not given. Wrong usage for an unknown one.
[[nodiscard]] std::optional<key_type> parse_key_type(const std::optional<std::string>& name);

/// The bytes of a key that somebody typed. Wrong usage if it is none, or too long.
[[nodiscard]] std::string key_from_text(const key_type& keys, std::string_view text);
/// Appends the bytes of a key that JSON holds; `is_base64` for a string that holds them all.
void append_key_from_json(std::string& to, const key_type& keys, std::string_view json, bool is_base64);
/// What all keys begin with that begin with what somebody typed: text, or for tuples an array of the first parts.
[[nodiscard]] std::string key_prefix(const key_type& keys, std::string_view text);
/// The first string behind all that begin with `prefix`; nullopt if there is none.
[[nodiscard]] std::optional<std::string> end_of_prefix(std::string prefix);

/// As people read it: control characters escaped, coloured if that is wanted.
void write_key(output& out, const key_type& keys, std::string_view key, bool colour);
/// As it has to be typed.
void write_exact_key(output& out, const key_type& keys, std::string_view key);

/// A key made ready for JSON, so that nothing is half written. It refers to the bytes.
class json_key {
public:
    json_key(const key_type& keys, std::string_view key);

    /// "key":…, or "key_base64":… if it is bytes that are not UTF-8.
    void write(json_object& to) const;

private:
    std::string_view key_;
    std::string json_; ///< empty: the bytes are shown
    bool is_typed_;
};

} // namespace holdfast::cli
