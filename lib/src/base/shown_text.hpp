// Texts out of the file, in messages.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

/// In single quotes, on one line, without control characters, cut short where it is long.
[[nodiscard]] std::string shown_text(std::string_view text);

} // namespace holdfast
