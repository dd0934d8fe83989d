// From sizes to slab classes, at compile time.
#pragma once

#include <array>
#include <cstdint>

#include "format/geometry.hpp"
#include "format/heap.hpp"

namespace holdfast {

namespace detail {

consteval auto make_class_table() {
    std::array<std::uint8_t, format::slab_bytes_max / 16 + 1> table{};
    std::uint8_t size_class = 0;
    for (std::size_t sixteenths = 0; sixteenths < table.size(); ++sixteenths) {
        if (sixteenths * 16 > format::slab_sizes[size_class]) {
            ++size_class;
        }
        table[sixteenths] = size_class;
    }
    return table;
}
inline constexpr auto class_table = make_class_table();

/// 2^32 / size, rounded up: (offset * reciprocal) >> 32 is offset / size for offsets within a block that are
/// multiples of size, and never more than that for others.
consteval auto make_reciprocals() {
    std::array<std::uint64_t, format::slab_classes> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = (std::uint64_t{1} << 32) / format::slab_sizes[i] + 1;
    }
    return table;
}
inline constexpr auto reciprocals = make_reciprocals();

} // namespace detail

/// The class of the smallest slab objects of at least `size` bytes; size <= slab_bytes_max.
[[nodiscard]] constexpr std::uint8_t class_of(std::uint64_t size) noexcept {
    return detail::class_table[(size + 15) / 16];
}
[[nodiscard]] constexpr std::uint32_t objects_per_slab(std::uint8_t size_class) noexcept {
    return static_cast<std::uint32_t>(format::block_bytes / format::slab_sizes[size_class]);
}
/// The object that contains the byte at `offset` of a slab's block.
[[nodiscard]] constexpr std::uint32_t object_at(std::uint8_t size_class, std::uint32_t offset) noexcept {
    return static_cast<std::uint32_t>(offset * detail::reciprocals[size_class] >> 32);
}
[[nodiscard]] constexpr std::uint32_t blocks_for(std::uint64_t size) noexcept {
    return static_cast<std::uint32_t>((size + format::block_bytes - 1) / format::block_bytes);
}

} // namespace holdfast
