// "Did you mean": the known word that somebody most likely meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

/// "; did you mean list?", or "" if no known word is near. Pure; O(bytes of both) for each known word.
[[nodiscard]] std::string suggestion(std::string_view typed, const std::vector<std::string>& known);

} // namespace holdfast::cli
