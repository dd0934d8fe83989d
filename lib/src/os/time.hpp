// Deadlines, polling and clocks.
//
// Thread and process safety: pure functions and values.
#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast::os {

using deadline = std::chrono::steady_clock::time_point;

/// Now plus `timeout`; negative is now, and more than a year is a year.
[[nodiscard]] deadline deadline_after(std::chrono::milliseconds timeout) noexcept;

/// Sleeps that double from 50 microseconds to 20 milliseconds, for what can only be waited for by asking.
class backoff {
public:
    explicit backoff(deadline until) noexcept : until_(until) {}
    /// Sleeps; false, without sleeping, when the time is up.
    [[nodiscard]] bool wait() noexcept;

private:
    deadline until_;
    std::chrono::microseconds step_{50};
};

void sleep_for(std::chrono::microseconds time) noexcept;

/// CLOCK_REALTIME, nanoseconds since 1970.
[[nodiscard]] std::uint64_t realtime_ns() noexcept;
/// The same as of the last tick of the kernel, some milliseconds old, and several times as quick.
[[nodiscard]] std::uint64_t realtime_coarse_ns() noexcept;
/// CLOCK_BOOTTIME: comparable between the processes of one boot, and runs on during suspend.
[[nodiscard]] std::uint64_t boottime_ns() noexcept;

} // namespace holdfast::os
