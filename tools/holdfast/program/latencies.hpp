// Latencies of many operations in little memory, for percentiles. The benchmarks of tests/bench use it, too.
//
// Belongs to one thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::cli {

/// Counts of latencies, in nanoseconds, in buckets at most 1/64 as wide as what they hold: 58 KiB whatever their
/// number.
class latencies {
public:
    void add(std::uint64_t nanoseconds) noexcept {
        ++counts_[bucket(nanoseconds)];
        ++count_;
        max_ = nanoseconds > max_ ? nanoseconds : max_;
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    /// What that share of all, 0 to 1, did not exceed, to within a bucket's width; 0 if there are none.
    [[nodiscard]] std::uint64_t at(double share) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > wanted) {
                return last_of(i) < max_ ? last_of(i) : max_;
            }
        }
        return max_;
    }

private:
    static constexpr unsigned bits = 7;
    [[nodiscard]] static std::size_t bucket(std::uint64_t value) noexcept {
        const unsigned shift = static_cast<unsigned>(std::bit_width(value | ((1U << bits) - 1))) - bits;
        return (std::size_t{shift} << bits) + static_cast<std::size_t>(value >> shift);
    }
    [[nodiscard]] static std::uint64_t last_of(std::size_t bucket) noexcept {
        const std::size_t shift = bucket >> bits;
        return (((bucket & ((std::size_t{1} << bits) - 1)) + 1) << shift) - 1;
    }
    std::array<std::uint64_t, (64 - bits + 1) << bits> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

} // namespace holdfast::cli
