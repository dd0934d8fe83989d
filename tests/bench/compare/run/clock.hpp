// Timing: operations repeated for a while, with or without the latency of each.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <limits>

namespace compare {

using steady = std::chrono::steady_clock;

[[nodiscard]] inline double nanoseconds_since(steady::time_point begin) {
    return std::chrono::duration<double, std::nano>(steady::now() - begin).count();
}

/// Counts of latencies, in buckets that are at most 1/64 wide of what they hold.
class latencies {
public:
    void add(std::uint64_t nanoseconds) noexcept {
        ++counts_[bucket(nanoseconds)];
        ++count_;
        max_ = nanoseconds > max_ ? nanoseconds : max_;
    }
    void add(const latencies& other) noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            counts_[i] += other.counts_[i];
        }
        count_ += other.count_;
        max_ = other.max_ > max_ ? other.max_ : max_;
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    /// What that share of all did not exceed, to within a bucket's width.
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

/// When to stop repeating.
struct limits {
    double seconds = 1;
    std::uint64_t operations_max = std::numeric_limits<std::uint64_t>::max();
};

struct timed {
    std::uint64_t operations = 0;
    double nanoseconds = 0;
    [[nodiscard]] double each() const noexcept { return nanoseconds / static_cast<double>(operations); }
};

/// `operation(i)` for i = 0, 1, …; the clock is read at every sixteenth, so that it costs nothing.
template <class Operation>
[[nodiscard]] timed repeat(const limits& until, Operation&& operation) {
    const double nanoseconds_max = until.seconds * 1e9;
    const steady::time_point begin = steady::now();
    for (std::uint64_t i = 0; i < until.operations_max;) {
        operation(i++);
        if (i % 16 == 0 && nanoseconds_since(begin) >= nanoseconds_max) {
            return {i, nanoseconds_since(begin)};
        }
    }
    return {until.operations_max, nanoseconds_since(begin)};
}

/// The same with the latency of each, which costs some 25 ns an operation.
template <class Operation>
[[nodiscard]] timed repeat(const limits& until, latencies& each, Operation&& operation) {
    const steady::time_point begin = steady::now();
    const steady::time_point end =
        begin + std::chrono::nanoseconds(static_cast<std::int64_t>(until.seconds * 1e9));
    steady::time_point before = begin;
    std::uint64_t i = 0;
    while (i < until.operations_max && before < end) {
        operation(i++);
        const steady::time_point now = steady::now();
        each.add(static_cast<std::uint64_t>((now - before).count()));
        before = now;
    }
    return {i, std::chrono::duration<double, std::nano>(before - begin).count()};
}

} // namespace compare
