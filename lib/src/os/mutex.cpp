// Robust mutexes, by pthreads.
#include "os/mutex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace holdfast::os {

namespace {

mutex_result result_of(int code) noexcept {
    switch (code) {
    case 0:
        return mutex_result::locked;
    case EOWNERDEAD:
        return mutex_result::owner_died;
    case ETIMEDOUT:
    case EBUSY:
        return mutex_result::timed_out;
    case ENOTRECOVERABLE:
        return mutex_result::not_recoverable;
    default:
        return mutex_result::failed;
    }
}

timespec timespec_of(std::chrono::nanoseconds time) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    timespec made{};
    made.tv_sec = static_cast<time_t>(seconds.count());
    made.tv_nsec = static_cast<long>((time - seconds).count());
    return made;
}

// While a thread is inside a lock function of the C library, the kernel takes the mutex for its own as soon as the
// number of the owner equals its own; if it is killed there, the next one is told that the owner died. In another PID
// namespace the living owner may well have that number (each container has a process 1). So nobody waits in there: we
// look at the word, whose meaning is the kernel's interface for robust mutexes, and wait for it ourselves.

/// A waiter that is killed after it was woken, and before it has the mutex, takes the wake-up with it: if another got
/// the mutex first, that one knows of no waiters. So nobody sleeps longer than this before making itself known again.
constexpr std::chrono::milliseconds sleep_max{20};

std::atomic_ref<int> word_of(pthread_mutex_t& mutex) noexcept { return std::atomic_ref(mutex.__data.__lock); }

bool has_owner(int word) noexcept { return (static_cast<unsigned>(word) & FUTEX_TID_MASK) != 0; }

void sleep_while_owned(pthread_mutex_t& mutex, deadline until) noexcept {
    int seen = word_of(mutex).load(std::memory_order_relaxed);
    const int marked = static_cast<int>(static_cast<unsigned>(seen) | FUTEX_WAITERS);
    if (!has_owner(seen) || (seen != marked && !word_of(mutex).compare_exchange_strong(seen, marked))) {
        return;
    }
    const timespec when = timespec_of(until.time_since_epoch()); // steady_clock is CLOCK_MONOTONIC
    ::syscall(SYS_futex, &mutex.__data.__lock, FUTEX_WAIT_BITSET, marked, &when, nullptr,
              FUTEX_BITSET_MATCH_ANY);
}

} // namespace

int init_mutex(pthread_mutex_t& mutex) noexcept {
    std::memset(static_cast<void*>(&mutex), 0, sizeof mutex);
    pthread_mutexattr_t attributes;
    int code = ::pthread_mutexattr_init(&attributes);
    if (code != 0) {
        return code;
    }
    const int kinds[] = {::pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_NORMAL),
                         ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED),
                         ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST)};
    for (const int kind : kinds) {
        code = code != 0 ? code : kind;
    }
    code = code != 0 ? code : ::pthread_mutex_init(&mutex, &attributes);
    ::pthread_mutexattr_destroy(&attributes);
    return code;
}

mutex_result lock_mutex_until(pthread_mutex_t& mutex, deadline until) noexcept {
    mutex_result result = try_lock_mutex(mutex);
    bool slept = false;
    for (auto now = deadline::clock::now(); result == mutex_result::timed_out && now < until;
         now = deadline::clock::now()) {
        sleep_while_owned(mutex, std::min<deadline>(until, now + sleep_max));
        result = try_lock_mutex(mutex);
        slept = true;
    }
    if (slept && (result == mutex_result::locked || result == mutex_result::owner_died)) {
        word_of(mutex).fetch_or(static_cast<int>(FUTEX_WAITERS)); // others may still be asleep
    }
    return result;
}

mutex_result try_lock_mutex(pthread_mutex_t& mutex) noexcept {
    if (has_owner(word_of(mutex).load(std::memory_order_relaxed))) {
        return mutex_result::timed_out;
    }
    return result_of(::pthread_mutex_trylock(&mutex));
}

void mark_consistent(pthread_mutex_t& mutex) noexcept {
    static_cast<void>(::pthread_mutex_consistent(&mutex));
}

void unlock_mutex(pthread_mutex_t& mutex) noexcept { static_cast<void>(::pthread_mutex_unlock(&mutex)); }

} // namespace holdfast::os
