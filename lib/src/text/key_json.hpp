// Keys of lines of JSON.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/key.hpp>

namespace holdfast {

/// Appends the bytes of a key that JSON holds. Their number is not checked.
void append_key_from_json(std::string& to, const key_type& keys, std::string_view json);
/// Throws invalid_argument for more bytes than a key may have.
void expect_key_size(std::string_view key);

} // namespace holdfast
