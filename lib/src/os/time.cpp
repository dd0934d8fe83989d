// Deadlines, polling and clocks.
#include "os/time.hpp"

#include <time.h>

#include <algorithm>
#include <thread>

namespace holdfast::os {

namespace {

std::uint64_t read_clock(clockid_t clock) noexcept {
    timespec now{};
    static_cast<void>(::clock_gettime(clock, &now));
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

deadline deadline_after(std::chrono::milliseconds timeout) noexcept {
    using std::chrono::milliseconds;
    constexpr milliseconds year = std::chrono::hours(24 * 365);
    return std::chrono::steady_clock::now() + std::clamp(timeout, milliseconds::zero(), year);
}

bool backoff::wait() noexcept {
    using std::chrono::microseconds;
    const auto left = std::chrono::ceil<microseconds>(until_ - std::chrono::steady_clock::now());
    if (left <= microseconds::zero()) {
        return false;
    }
    sleep_for(std::min(step_, left));
    step_ = std::min(step_ * 2, microseconds(20'000));
    return true;
}

void sleep_for(std::chrono::microseconds time) noexcept { std::this_thread::sleep_for(time); }

std::uint64_t realtime_ns() noexcept { return read_clock(CLOCK_REALTIME); }

std::uint64_t realtime_coarse_ns() noexcept { return read_clock(CLOCK_REALTIME_COARSE); }

std::uint64_t boottime_ns() noexcept { return read_clock(CLOCK_BOOTTIME); }

} // namespace holdfast::os
