// A small, reproducible source of random numbers (splitmix64, Steele et al. 2014).
//
// Thread and process safety: a plain value.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::crash {

[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

class random_source {
public:
    explicit constexpr random_source(std::uint64_t seed) noexcept : state_(mix(seed)) {}

    [[nodiscard]] constexpr std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        return mix(state_);
    }
    /// In [0, bound); 0 if bound is 0.
    [[nodiscard]] constexpr std::uint64_t below(std::uint64_t bound) noexcept {
        return bound == 0 ? 0 : next() % bound;
    }
    /// In [low, high].
    [[nodiscard]] constexpr std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept {
        return low + below(high - low + 1);
    }
    [[nodiscard]] constexpr bool chance(unsigned in, unsigned of) noexcept { return below(of) < in; }
    /// In [1, max], half of the time with small numbers as likely as large ones on a logarithmic scale.
    [[nodiscard]] constexpr std::uint64_t passage(std::uint64_t max) noexcept {
        if (max <= 1) {
            return 1;
        }
        const std::uint64_t bound = chance(1, 2) ? max : std::uint64_t{1} << below(std::bit_width(max));
        return 1 + below(bound < max ? bound : max);
    }
    template <class T>
    [[nodiscard]] constexpr T pick(std::span<const T> from) noexcept {
        return from[below(from.size())];
    }

private:
    std::uint64_t state_;
};

} // namespace holdfast::crash
