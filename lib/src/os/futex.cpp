// Futexes, by Linux.
#include "os/futex.hpp"

#include <limits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace holdfast::os {

bool sleep_on(const std::uint32_t& word, std::uint32_t seen, std::chrono::nanoseconds time) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    timespec wait{};
    wait.tv_sec = static_cast<time_t>(seconds.count());
    wait.tv_nsec = static_cast<long>((time - seconds).count());
    return ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, &wait, nullptr, 0) != 0 &&
           (errno == ETIMEDOUT || errno == EINTR);
}

void wake_one(const std::uint32_t& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void wake_all(const std::uint32_t& word) noexcept {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, std::numeric_limits<int>::max(), nullptr, nullptr, 0);
}

} // namespace holdfast::os
