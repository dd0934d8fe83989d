// How an entry is written, in one place for `get` and `list`.
//
// JSON: {"key":…,"type":…,"size":…,"version":…,"value":…}. A key that is not UTF-8 is "key_base64" instead of "key";
// a value that is not a string, or not UTF-8, is "value_base64" instead of "value".
#pragma once

#include <string_view>

#include <holdfast/value.hpp>

namespace holdfast::cli {

class output;

enum class json_value { shown, left_out };

void write_json_entry(output& out, std::string_view key, const value_view& value, json_value how);
/// "type=string size=5 version=3"
void write_meta(output& out, const value_view& value);
/// A key as people read it: escaped, coloured if that is wanted.
void write_key(output& out, std::string_view key, bool colour);

} // namespace holdfast::cli
