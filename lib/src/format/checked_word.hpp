// A number and its check in one word, so that one store changes both, and no flipped bit is believed.
#pragma once

#include <cstdint>

namespace holdfast::format {

/// Numbers that a checked word can hold are below this.
inline constexpr std::uint64_t checked_limit = std::uint64_t{1} << 48;

/// The low 16 bits of a sum of the number's three parts of 16 bits, each by an odd factor: whichever bit flips, the sum
/// changes. The word zero is not a checked word.
[[nodiscard]] constexpr std::uint64_t checked_word(std::uint64_t number) noexcept {
    const std::uint64_t sum = (number & 0xFFFF) * 0x9E37 + (number >> 16 & 0xFFFF) * 0x79B9 +
                              (number >> 32 & 0xFFFF) * 0x7F4B + 0x5BD1;
    return (number & (checked_limit - 1)) | sum << 48;
}
[[nodiscard]] constexpr bool is_checked(std::uint64_t word) noexcept {
    return checked_word(word & (checked_limit - 1)) == word;
}
/// Of a word that is checked.
[[nodiscard]] constexpr std::uint64_t checked_number(std::uint64_t word) noexcept {
    return word & (checked_limit - 1);
}

/// A count of 32 bits and its complement: counting on is one addition.
[[nodiscard]] constexpr std::uint64_t counted_word(std::uint64_t count) noexcept {
    return count + ((0xFFFF'FFFF - count) << 32);
}
inline constexpr std::uint64_t counted_step = counted_word(1) - counted_word(0); // modulo 2^64
[[nodiscard]] constexpr bool is_counted(std::uint64_t word) noexcept {
    return counted_word(word & 0xFFFF'FFFF) == word;
}
[[nodiscard]] constexpr std::uint64_t counted_number(std::uint64_t word) noexcept {
    return word & 0xFFFF'FFFF;
}

} // namespace holdfast::format
