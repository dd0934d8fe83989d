// Checks over the heap's accounts: a sum for the header, one for the directory's page, a small one in each descriptor.
//
// The first two are sums of words, each by an odd factor of its own: a changed word changes them by a difference that
// needs no other word, and any flipped bit shows. The undo log, which all changes go through, keeps the differences;
// they enter the header at the end of the transaction.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "format/heap.hpp"

namespace holdfast {

/// What word `index` counts for.
[[nodiscard]] constexpr std::uint64_t sum_factor(std::uint64_t index) noexcept {
    return (2 * index + 1) * 0x9E37'79B9'7F4A'7C15;
}

inline constexpr std::uint64_t sum_seed = 0x686F'6C64'6661'7374;
inline constexpr std::uint64_t header_sum_words = offsetof(format::heap_header, header_check) / 8;

[[nodiscard]] inline std::uint64_t sum_of(const std::uint64_t* words, std::uint64_t count) noexcept {
    std::uint64_t sum = sum_seed;
    for (std::uint64_t index = 0; index < count; ++index)
        sum += words[index] * sum_factor(index);
    return sum;
}
[[nodiscard]] inline std::uint64_t header_sum(const std::byte* base) noexcept {
    return sum_of(reinterpret_cast<const std::uint64_t*>(base + format::heap_header_offset),
                  header_sum_words);
}
[[nodiscard]] inline std::uint64_t directory_sum(const std::byte* base) noexcept {
    return sum_of(reinterpret_cast<const std::uint64_t*>(base + format::directory_offset),
                  format::directory_fanout_root);
}

/// The check of a descriptor, of block `number`: the low 16 bits of a sum of its parts of 16 bits, each by an odd factor,
/// and of the number's. Whichever bit flips, the sum changes; a descriptor of another block does not pass for it.
[[nodiscard]] inline std::uint16_t descriptor_check(const format::block_descriptor& block,
                                                    std::uint32_t number) noexcept {
    static_assert(offsetof(format::block_descriptor, check) == 6 &&
                  std::endian::native == std::endian::little);
    std::uint16_t parts[sizeof block / 2];
    std::memcpy(parts, &block, sizeof block);
    parts[3] = 0;
    std::uint32_t sum = 0x5BD1 + (number & 0xFFFF) * 0x7F4B + (number >> 16) * 0x9E37;
    for (std::uint32_t i = 0; i < sizeof block / 2; ++i)
        sum += parts[i] * (0x2545U * i | 1U);
    return static_cast<std::uint16_t>(sum);
}

/// Differences of the two sums, as words change.
struct sum_differences {
    std::uint64_t header = 0;
    std::uint64_t directory = 0;

    void note(std::uint64_t offset, std::uint64_t before, std::uint64_t now) noexcept {
        if (offset >= format::heap_offset) [[likely]]
            return;
        const std::uint64_t in_header = (offset - format::heap_header_offset) / 8;
        const std::uint64_t in_directory = (offset - format::directory_offset) / 8;
        if (in_header < header_sum_words)
            header += (now - before) * sum_factor(in_header);
        else if (in_directory < format::directory_fanout_root)
            directory += (now - before) * sum_factor(in_directory);
    }
};

} // namespace holdfast
