// Records and separators: the out-of-line parts of the tree, immutable once published.
//
// A record is a header, then extensions by its flags (an expiry, the size of a large value), then the key, then
// the value. A record begins at a multiple of 16. Values of raw types begin at a multiple of 16, too, and where the
// flag `aligned` says so at a multiple of 64: such a record is a multiple of 64 long and lies at one. The same layout
// serves 0 bytes and 1 TiB: large records simply fill a run of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <holdfast/value.hpp>

namespace holdfast::format {

/// Never renumbered; 0 is invalid, any other may occur. In `map` records (the catalogue) the value is a map_root.
using holdfast::value_type;

namespace record_flag {
inline constexpr std::uint8_t expires = 1; ///< eight bytes of expiry (CLOCK_REALTIME, ns) follow the header
inline constexpr std::uint8_t large = 2; ///< eight bytes follow (the expiry): the value's size, above 65,535
inline constexpr std::uint8_t aligned = 4; ///< record and value begin at multiples of 64
inline constexpr std::uint8_t known = expires | large | aligned;
} // namespace record_flag

struct record_header {
    std::uint32_t made_low;   ///< the transaction that made it, which is the value's version: bits 0 to 31
    std::uint16_t made_high;  ///< bits 32 to 47
    std::uint8_t type;        ///< value_type
    std::uint8_t flags;       ///< record_flag
    std::uint32_t checksum;   ///< low half of XXH3-64 of header (this field zero), extensions, key and value
    std::uint16_t key_size;   ///< bytes
    std::uint16_t value_size; ///< bytes; 0 in a large record
};
static_assert(sizeof(record_header) == 16 && std::has_unique_object_representations_v<record_header>);

/// A separator of an inner node: the shortest key that parts two subtrees. The bytes follow.
struct separator_header {
    std::uint32_t made_low;
    std::uint16_t made_high;
    std::uint16_t size;     ///< bytes
    std::uint32_t checksum; ///< low half of XXH3-64 of this header (this field zero) and the bytes
};
static_assert(sizeof(separator_header) == 12 && std::has_unique_object_representations_v<separator_header>);

/// The transaction that made a record or a separator.
template <class Header>
[[nodiscard]] constexpr std::uint64_t made_of(const Header& header) noexcept {
    return std::uint64_t{header.made_high} << 32 | header.made_low;
}
template <class Header>
constexpr void set_made(Header& header, std::uint64_t made) noexcept {
    header.made_low = static_cast<std::uint32_t>(made);
    header.made_high = static_cast<std::uint16_t>(made >> 32);
}

inline constexpr std::size_t key_bytes_max = 65535;
inline constexpr std::uint64_t value_bytes_max = std::uint64_t{1} << 40;
inline constexpr std::uint64_t small_value_bytes_max = 65535; ///< a longer value makes the record large
inline constexpr std::uint64_t aligned_value_bytes = 1024;    ///< values from here on are aligned
inline constexpr std::uint64_t value_alignment = 64;          ///< where `aligned` is set
inline constexpr std::uint64_t raw_alignment = 16;            ///< of raw values where it is not

[[nodiscard]] constexpr std::uint64_t aligned_up(std::uint64_t offset, std::uint64_t alignment) noexcept {
    return (offset + alignment - 1) & ~(alignment - 1);
}

[[nodiscard]] constexpr std::uint64_t key_offset(const record_header& header) noexcept {
    return sizeof(record_header) + 8U * (header.flags & 1U) + 4U * (header.flags & 2U);
}
[[nodiscard]] constexpr std::uint64_t value_offset(const record_header& header) noexcept {
    const std::uint64_t end_of_key = key_offset(header) + header.key_size;
    if ((header.flags & record_flag::aligned) != 0) {
        return aligned_up(end_of_key, value_alignment);
    }
    return header.type == static_cast<std::uint8_t>(value_type::raw) ? aligned_up(end_of_key, raw_alignment)
                                                                     : end_of_key;
}
/// All bytes of the record, as they are allocated; `value_size` is at most value_bytes_max.
[[nodiscard]] constexpr std::uint64_t record_bytes(const record_header& header,
                                                   std::uint64_t value_size) noexcept {
    const std::uint64_t end = value_offset(header) + value_size;
    return (header.flags & record_flag::aligned) != 0 ? aligned_up(end, value_alignment) : end;
}
[[nodiscard]] constexpr bool is_plausible(const record_header& header) noexcept {
    return header.type != 0 && (header.flags & ~record_flag::known) == 0;
}

} // namespace holdfast::format
