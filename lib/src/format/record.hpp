// Records and separators: the out-of-line parts of the tree, immutable once published.
//
// A record is a header, then (by flag) an expiry, then the key, then the value. Values of raw types begin at
// the next multiple of 16 so that they can be read in place as aligned objects; a record begins at a multiple
// of 16 itself. The same layout serves 0 bytes and 4 GiB: large records simply fill a run of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <holdfast/value.hpp>

namespace holdfast::format {

/// Never renumbered; 0 is invalid. In `map` records (the catalogue) the value is a map_root.
using holdfast::value_type;
inline constexpr std::uint8_t value_type_last = 10;

namespace record_flag {
inline constexpr std::uint8_t expires = 1; ///< eight bytes of expiry (CLOCK_REALTIME, ns) precede the key
inline constexpr std::uint8_t known = expires;
} // namespace record_flag

struct record_header {
    std::uint64_t made;       ///< the transaction that made it: the value's version
    std::uint64_t value_size; ///< bytes
    std::uint32_t checksum;   ///< low half of XXH3-64 of header (this field zero), expiry, key and value
    std::uint16_t key_size;   ///< bytes
    std::uint8_t type;        ///< value_type
    std::uint8_t flags;       ///< record_flag
};
static_assert(sizeof(record_header) == 24 && std::has_unique_object_representations_v<record_header>);

/// A separator of an inner node: the shortest key that parts two subtrees. The bytes follow.
struct separator_header {
    std::uint64_t made;
    std::uint16_t size; ///< bytes
    std::uint16_t reserved_half;
    std::uint32_t checksum; ///< low half of XXH3-64 of this header (this field zero) and the bytes
};
static_assert(sizeof(separator_header) == 16 && std::has_unique_object_representations_v<separator_header>);

inline constexpr std::size_t key_bytes_max = 65535;
inline constexpr std::uint64_t value_bytes_max = std::uint64_t{1} << 40;

[[nodiscard]] constexpr std::uint64_t key_offset(const record_header& header) noexcept {
    return sizeof(record_header) + ((header.flags & record_flag::expires) != 0 ? 8 : 0);
}
[[nodiscard]] constexpr std::uint64_t value_offset(const record_header& header) noexcept {
    const std::uint64_t end_of_key = key_offset(header) + header.key_size;
    return header.type == static_cast<std::uint8_t>(value_type::raw) ? (end_of_key + 15) & ~std::uint64_t{15}
                                                                     : end_of_key;
}
/// All bytes of the record. Only of a header whose value_size is at most value_bytes_max.
[[nodiscard]] constexpr std::uint64_t record_bytes(const record_header& header) noexcept {
    return value_offset(header) + header.value_size;
}
[[nodiscard]] constexpr bool is_plausible(const record_header& header) noexcept {
    return header.type >= 1 && header.type <= value_type_last && (header.flags & ~record_flag::known) == 0 &&
           header.value_size <= value_bytes_max;
}

} // namespace holdfast::format
