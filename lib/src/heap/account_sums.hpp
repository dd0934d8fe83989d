// Checks over the heap's accounts: a sum for the header, one for the directory's page, a small one in each descriptor
// and in each entry of a list, one in each chunk and in each park.
//
// The first two are sums of words, each by an odd factor of its own: a changed word changes them by a difference that
// needs no other word, and any flipped bit shows. The undo log, which all changes go through, keeps the differences;
// they enter the header at the end of the transaction.
#pragma once

#include <array>
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
    for (std::uint64_t index = 0; index < count; ++index) {
        sum += words[index] * sum_factor(index);
    }
    return sum;
}
/// Not `header_sum`, which is the segment's: two functions of one signature, and the linker takes either.
[[nodiscard]] inline std::uint64_t heap_header_sum(const std::byte* base) noexcept {
    return sum_of(reinterpret_cast<const std::uint64_t*>(base + format::heap_header_offset),
                  header_sum_words);
}
[[nodiscard]] inline std::uint64_t directory_sum(const std::byte* base) noexcept {
    return sum_of(reinterpret_cast<const std::uint64_t*>(base + format::directory_offset),
                  format::directory_fanout_root);
}

/// What the words of a descriptor, and the number of its block, count for.
inline constexpr std::array<std::uint64_t, 9> descriptor_factors = {
    0xCD68'6D56'4BBB'0D9F, 0xDB28'34EB'B2F4'F5CF, 0x1DBC'4910'5189'E499,
    0x50F5'3DD7'CC75'C771, 0x5F85'6543'0FAD'9D85, 0x93D0'792A'BDC5'8645,
    0x925A'2DED'F2DA'082D, 0xBDAD'72A5'EB0D'874B, 0xD9B3'EF1C'7126'5B7B,
};

/// Whether a flipped bit of any word changes the high 16 bits of the sum, whatever is carried into them.
consteval bool shows_each_bit() {
    for (const std::uint64_t factor : descriptor_factors) {
        for (unsigned bit = 0; bit < 64; ++bit) {
            const std::uint64_t change = factor << bit >> 48;
            if (change == 0 || change == 0xFFFF) {
                return false;
            }
        }
    }
    return true;
}
static_assert(shows_each_bit());

/// Where the check lies in the first word of a descriptor.
inline constexpr unsigned check_shift = 48;
inline constexpr std::uint64_t check_bits = std::uint64_t{0xFFFF} << check_shift;

/// The sum of a descriptor's words, without the check, and the number of its block, each by a factor.
[[nodiscard]] inline std::uint64_t descriptor_sum(const std::uint64_t* words, std::uint32_t number) noexcept {
    static_assert(offsetof(format::block_descriptor, check) == 6 &&
                  std::endian::native == std::endian::little);
    std::uint64_t sum =
        sum_seed + number * descriptor_factors[8] + (words[0] & ~check_bits) * descriptor_factors[0];
    for (std::size_t i = 1; i < sizeof(format::block_descriptor) / 8; ++i) {
        sum += words[i] * descriptor_factors[i];
    }
    return sum;
}

/// The check of a descriptor: the high 16 bits of its sum. Whichever bit flips, the check changes; a descriptor of
/// another block does not pass for it.
[[nodiscard]] inline std::uint16_t descriptor_check(const format::block_descriptor& block,
                                                    std::uint32_t number) noexcept {
    return static_cast<std::uint16_t>(
        descriptor_sum(reinterpret_cast<const std::uint64_t*>(&block), number) >> check_shift);
}

/// The check of an entry of a list, at the place in its second word: of all its other bits, and of where it lies.
[[nodiscard]] inline std::uint64_t entry_check(const format::list_entry& entry,
                                               std::uint64_t offset) noexcept {
    const std::uint64_t sum = sum_seed + offset * descriptor_factors[8] +
                              entry.tagged * descriptor_factors[0] +
                              (entry.word & ~check_bits) * descriptor_factors[1];
    return sum & check_bits;
}

/// Of the words of an object at `offset`: a change of any of them, and of the place, shows.
[[nodiscard]] inline std::uint64_t placed_sum(const std::uint64_t* words, std::uint64_t count,
                                              std::uint64_t offset) noexcept {
    return sum_of(words, count) + offset * descriptor_factors[8];
}
[[nodiscard]] inline std::uint64_t chunk_sum(const format::list_chunk& chunk, std::uint64_t offset) noexcept {
    return placed_sum(&chunk.next, 1, offset);
}
[[nodiscard]] inline std::uint64_t park_sum(const format::park& park, std::uint64_t offset) noexcept {
    return placed_sum(reinterpret_cast<const std::uint64_t*>(&park), offsetof(format::park, check) / 8,
                      offset);
}

/// Differences of the two sums, as words change.
struct sum_differences {
    std::uint64_t header = 0;
    std::uint64_t directory = 0;

    void note(std::uint64_t offset, std::uint64_t before, std::uint64_t now) noexcept {
        if (offset >= format::heap_offset) [[likely]] {
            return;
        }
        const std::uint64_t in_header = (offset - format::heap_header_offset) / 8;
        const std::uint64_t in_directory = (offset - format::directory_offset) / 8;
        if (in_header < header_sum_words) {
            header += (now - before) * sum_factor(in_header);
        } else if (in_directory < format::directory_fanout_root) {
            directory += (now - before) * sum_factor(in_directory);
        }
    }
};

} // namespace holdfast
