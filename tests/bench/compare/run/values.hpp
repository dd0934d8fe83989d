// Values that say whose they are, and the check that a value read is one of them.
//
// The first eight bytes of a value and its last eight are the same word: the entry's number, and a generation that
// differs in each value made. What lies between is random, so that no store gains by compressing it. A check looks at
// both ends, and so touches the first and the last line of what was read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace compare {

inline constexpr unsigned generation_bits = 24;
/// The two words are one, or don't overlap.
[[nodiscard]] constexpr bool is_value_size(std::size_t bytes) noexcept { return bytes == 8 || bytes >= 16; }

[[nodiscard]] constexpr std::uint64_t word_of(std::uint64_t entry, std::uint64_t generation) noexcept {
    return entry << generation_bits | (generation & ((std::uint64_t{1} << generation_bits) - 1));
}
[[nodiscard]] constexpr std::uint64_t entry_of(std::uint64_t word) noexcept {
    return word >> generation_bits;
}

[[nodiscard]] inline std::uint64_t word_at(const char* place) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, place, sizeof word);
    return word;
}

/// Makes values, each different from all before. A value is valid until the next one is made.
class value_source {
public:
    value_source(std::size_t value_bytes, std::uint64_t seed);
    [[nodiscard]] std::string_view next(std::uint64_t entry) noexcept {
        place_ = place_ + value_bytes_ <= last_ ? place_ + value_bytes_ : 0;
        char* value = &pool_[place_];
        const std::uint64_t word = word_of(entry, generation_ += 2);
        std::memcpy(value + value_bytes_ - sizeof word, &word, sizeof word);
        std::memcpy(value, &word, sizeof word);
        return {value, value_bytes_};
    }
    /// That of the value made last.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    std::vector<char> pool_;
    std::size_t value_bytes_;
    std::size_t last_; ///< the last place where a value fits
    std::size_t place_ = 0;
    std::uint64_t generation_; ///< odd, so that no word is 0
};

/// Counts the values that are what they should be.
class value_check {
public:
    explicit value_check(std::size_t value_bytes) noexcept : value_bytes_(value_bytes) {}
    /// From now on position i stands for entry `entries[i]`; they must outlive their use.
    void expect(std::span<const std::uint64_t> entries) noexcept { entries_ = entries; }
    /// The entry that is looked for; for limits that need no look-up.
    [[nodiscard]] std::uint64_t expected(std::size_t position) const noexcept { return entries_[position]; }

    /// A value that was found for the key at that position.
    void take(std::size_t position, std::string_view value) noexcept {
        const std::uint64_t word = whole(value);
        good_ += static_cast<std::uint64_t>(word != 0 && entry_of(word) == entries_[position]);
        ++taken_;
        last_ = word;
    }
    /// A value that was met in a scan.
    void meet(std::string_view value) noexcept {
        const std::uint64_t word = whole(value);
        good_ += static_cast<std::uint64_t>(word != 0);
        ++taken_;
        sum_ += entry_of(word);
    }
    [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
    [[nodiscard]] std::uint64_t good() const noexcept { return good_; }
    /// Of the numbers of the entries met.
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_; }
    [[nodiscard]] std::uint64_t last_word() const noexcept { return last_; }

private:
    /// The word of a value, or 0 if it is none.
    [[nodiscard]] std::uint64_t whole(std::string_view value) const noexcept {
        if (value.size() != value_bytes_) {
            return 0;
        }
        const std::uint64_t word = word_at(value.data());
        return word == word_at(value.data() + value.size() - sizeof word) ? word : 0;
    }
    std::span<const std::uint64_t> entries_;
    std::size_t value_bytes_;
    std::uint64_t taken_ = 0;
    std::uint64_t good_ = 0;
    std::uint64_t sum_ = 0;
    std::uint64_t last_ = 0;
};

} // namespace compare
