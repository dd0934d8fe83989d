// Times and UUIDs as text.
//
// Thread and process safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

/// Nanoseconds since 1970 as RFC 3339 in UTC, with as many digits of the second as it needs: 2026-11-20T14:09:09.5Z.
[[nodiscard]] std::string format_time(std::int64_t since_ns);
/// The reverse. A date alone is its midnight; the "T" may be a space; the zone may be Z, left out (UTC) or +HH:MM.
/// Throws invalid_argument, or out_of_range before 1677-09-21 and after 2262-04-11.
[[nodiscard]] std::int64_t parse_time(std::string_view text);

/// 16 bytes as 123e4567-e89b-12d3-a456-426614174000.
[[nodiscard]] std::string format_uuid(std::string_view bytes);
/// The reverse; the dashes may all be left out. Throws invalid_argument.
[[nodiscard]] std::string parse_uuid(std::string_view text);

} // namespace holdfast
