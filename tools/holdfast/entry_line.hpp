// One entry as one line of JSON, and back: what `export` writes and `import` reads. The round trip is exact.
//
//     {"map":"users","key_type":"int","key":7,"type":"document","document_type":"user","value":{"name":"Ada"}}
//
// "map" is there where all maps are exported, "key_type" where the keys are not strings. Names and string keys that are
// not UTF-8 are "map_base64" and "key_base64", as are typed keys that JSON can't hold. "type" may be left out where JSON
// says it. A document whose bytes are not those that its JSON gives has them in "cbor_base64", and a NaN that is not the
// usual one its bits in "bits":"7ff8000000000001"; these count then.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/value.hpp>

#include "line_fields.hpp"

namespace holdfast::cli {

class output;

/// Without "map" if `map` is nullopt.
void write_entry_line(output& out, std::optional<std::string_view> map, const key_type& keys,
                      const entry& one);

/// Appends the bytes of a line's key.
void append_key(std::string& to, const key_type& keys, const line_fields& line);
/// Appends the bytes of a line's value; returns its type.
[[nodiscard]] value_type append_value(std::string& to, const line_fields& line);

} // namespace holdfast::cli
