// Raw values, as JSON has them, read back.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// Appends the bytes to store of {"$raw":{"name":…,"version":…,"alignment":…,"bytes":…}}.
void append_raw_from_json(std::string& to, std::string_view json);

} // namespace holdfast
