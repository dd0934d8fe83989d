// Numbers with a check of themselves in one word, so that one store changes both, and a flipped bit is seen.
//
//   bits 0..47   the number of a transaction
//   bits 48..53  a tag: of a head, the place of the commit's slot; of the undo log, `undo_word_tag`
//   bits 54..63  check: the highest ten bits of (bits 0..53) × check_factor, modulo 2^64
//
// The factor was chosen so that changing any one or any two of bits 0..53 changes the check; changing a bit of the
// check alone does, of course. The word 0 stands for the number 0, "none".
#pragma once

#include <cstdint>

#include "base/types.hpp"

namespace holdfast::format {

/// No transaction has such a number. At a million commits a second it is reached after nine years.
inline constexpr std::uint64_t txn_limit = (std::uint64_t{1} << 48) - 2;

/// Of the undo log's number, so that a word of zeros is not taken for one.
inline constexpr std::uint64_t undo_word_tag = 1;

class checked_word {
public:
    constexpr explicit checked_word(std::uint64_t raw) noexcept : raw_(raw) {}
    constexpr checked_word(txn_id number, std::uint64_t tag) noexcept
        : raw_(with_check(holdfast::raw(number) | tag << tag_shift)) {}

    [[nodiscard]] constexpr bool is_sound() const noexcept { return raw_ == with_check(raw_ & payload_mask); }
    [[nodiscard]] constexpr txn_id number() const noexcept { return txn_id{raw_ & number_mask}; }
    [[nodiscard]] constexpr std::uint64_t tag() const noexcept { return (raw_ & payload_mask) >> tag_shift; }
    [[nodiscard]] constexpr std::uint64_t raw() const noexcept { return raw_; }
    friend constexpr bool operator==(checked_word, checked_word) noexcept = default;

    static constexpr std::uint64_t check_factor = 0xE1988AD9F06C144BULL;

private:
    static constexpr unsigned tag_shift = 48;
    static constexpr unsigned check_shift = 54;
    static constexpr std::uint64_t number_mask = (std::uint64_t{1} << tag_shift) - 1;
    static constexpr std::uint64_t payload_mask = (std::uint64_t{1} << check_shift) - 1;

    static constexpr std::uint64_t with_check(std::uint64_t payload) noexcept {
        return payload | (payload * check_factor) >> check_shift << check_shift;
    }

    std::uint64_t raw_;
};

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
