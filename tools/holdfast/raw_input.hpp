// Raw values, as export writes them, read back.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::cli {

/// Appends the bytes to store of {"$raw":{"name":…,"version":…,"alignment":…,"bytes":…}}.
void append_raw_from_json(std::string& to, std::string_view json);

} // namespace holdfast::cli
