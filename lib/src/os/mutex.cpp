// Robust mutexes, by pthreads.
#include "os/mutex.hpp"

#include <time.h>

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
    if (const mutex_result at_once = try_lock_mutex(mutex); at_once != mutex_result::timed_out) {
        return at_once;
    }
#ifdef HOLDFAST_TSAN
    // ThreadSanitizer does not know pthread_mutex_clocklock before GCC 13.
    const auto left = until - std::chrono::steady_clock::now();
    const timespec when = timespec_of((std::chrono::system_clock::now() + left).time_since_epoch());
    return result_of(::pthread_mutex_timedlock(&mutex, &when));
#else
    const timespec when = timespec_of(until.time_since_epoch()); // steady_clock is CLOCK_MONOTONIC
    return result_of(::pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &when));
#endif
}

mutex_result try_lock_mutex(pthread_mutex_t& mutex) noexcept {
    return result_of(::pthread_mutex_trylock(&mutex));
}

void mark_consistent(pthread_mutex_t& mutex) noexcept {
    static_cast<void>(::pthread_mutex_consistent(&mutex));
}

void unlock_mutex(pthread_mutex_t& mutex) noexcept { static_cast<void>(::pthread_mutex_unlock(&mutex)); }

} // namespace holdfast::os
