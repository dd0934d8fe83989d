// The keys by which JSON carries what it has no form for.
//
// Thread and process safety: pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace holdfast {

inline constexpr std::string_view json_bytes_key = "$bytes";
inline constexpr std::string_view json_float_key = "$float";
inline constexpr std::string_view json_cbor_key = "$cbor";
inline constexpr std::string_view json_raw_key = "$raw";
inline constexpr std::string_view json_nan = "NaN";
inline constexpr std::string_view json_infinity = "Infinity";
inline constexpr std::string_view json_negative_infinity = "-Infinity";

/// How many '$' a key begins with that is one of the first two above but for their number; 0 for any other key.
[[nodiscard]] constexpr std::size_t reserved_key_level(std::string_view key) noexcept {
    const std::size_t level = key.find_first_not_of('$');
    if (level == 0 || level == std::string_view::npos) {
        return 0;
    }
    const std::string_view word = key.substr(level);
    return word == json_bytes_key.substr(1) || word == json_float_key.substr(1) ? level : 0;
}

} // namespace holdfast
