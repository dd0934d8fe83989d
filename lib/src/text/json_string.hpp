// Strings as JSON writes them.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// Appends a JSON string, quotes included; `text` is UTF-8. Control characters are escaped, DEL and U+0080 to U+009F
/// too, which some terminals obey.
void append_json_string(std::string& to, std::string_view text);

} // namespace holdfast
