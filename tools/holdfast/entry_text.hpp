// How an entry is written as JSON and what is told of a value, in one place for `get`, `list` and `export`.
//
// JSON: {"key":…,"type":…,"size":…,"version":…,"value":…}, with "document_type", or "raw_type" and "raw_version", where
// the value has them. A key that is not UTF-8 is "key_base64" instead of "key". A document that JSON can't hold has its
// bytes in "cbor_base64" and null as its value.
#pragma once

#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

class output;

enum class json_value { shown, left_out };

void write_json_entry(output& out, const key_type& keys, std::string_view key, const value_view& value,
                      json_value how);
/// "type=string size=5 version=3"
void write_meta(output& out, const value_view& value);

/// Throws the error being handled with the key before its message.
[[noreturn]] void rethrow_with_key(const key_type& keys, std::string_view key);
[[noreturn]] void throw_damaged_key(const key_type& keys, std::string_view key);

/// Calls `write`, which writes the key and the value; a failure names the key. A key that can't be shown is corrupt,
/// before anything is written.
template <class Write>
void naming_key(const key_type& keys, std::string_view key, Write&& write) {
    if (!keys.accepts(key)) {
        throw_damaged_key(keys, key);
    }
    try {
        write();
    } catch (const error&) {
        rethrow_with_key(keys, key);
    }
}

} // namespace holdfast::cli
