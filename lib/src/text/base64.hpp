// Base64 (RFC 4648, section 4): how JSON carries bytes.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

void append_base64(std::string& to, std::string_view bytes);

/// False, and `to` is of no use, if the text is not base64 with its padding in the one form that encoding gives.
[[nodiscard]] bool append_from_base64(std::string& to, std::string_view text);

} // namespace holdfast
