// Timing: operations repeated for a while, with or without the latency of each.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include "program/latencies.hpp"

namespace compare {

using steady = std::chrono::steady_clock;

[[nodiscard]] inline double nanoseconds_since(steady::time_point begin) {
    return std::chrono::duration<double, std::nano>(steady::now() - begin).count();
}

using holdfast::cli::latencies;

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
