// Reading numbers, durations and levels that people type. Whatever is not exactly one is wrong usage.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <holdfast/durability.hpp>

namespace holdfast::cli {

/// A whole number from 0 on. `option` names where it was given, for the message.
[[nodiscard]] std::uint64_t parse_number(std::string_view option, std::string_view text);
/// A whole number and a unit: 250ms, 30s, 5m, 2h, 7d.
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view option, std::string_view text);

/// process, interval or commit.
[[nodiscard]] durability parse_durability(std::string_view option, std::string_view text);

} // namespace holdfast::cli
