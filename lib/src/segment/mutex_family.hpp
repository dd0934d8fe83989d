// Mutexes for Boost.Interprocess's `mutex_family`: robust, process-shared, never recursive, each wait timed.
//
// Boost's own are not usable here: before 1.81 they are not robust, and from then on they unlock after the death
// of an owner without pthread_mutex_consistent, so that every later lock fails for good.
// Thread and process safety: as a mutex, between all processes that map it. Lives in shared memory; made in place
// by its default constructor, while nobody else knows of it. Its destructor does nothing: the memory goes away.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "os/mutex.hpp"

namespace holdfast {

class family_mutex {
public:
    family_mutex();
    ~family_mutex() = default;
    family_mutex(const family_mutex&) = delete;
    family_mutex& operator=(const family_mutex&) = delete;

    /// Waits up to 30 s, then throws timed_out. If the owner died, calls `repair` and makes the mutex consistent
    /// last; if `repair` throws, the mutex is free again and the next one to lock it has to repair.
    template <class Repair>
    void lock(Repair&& repair);
    /// The same, where what the mutex guards is whole after every store, and nothing has to be repaired.
    void lock() {
        lock([] {});
    }

    [[nodiscard]] bool try_lock() { return finish(os::try_lock_mutex(mutex_)); }

    /// `when`: a std::chrono time point, or a boost::posix_time::ptime of the universal time.
    template <class TimePoint>
    [[nodiscard]] bool timed_lock(const TimePoint& when) {
        return finish(os::lock_mutex_until(mutex_, deadline_of(when)));
    }

    void unlock() noexcept { os::unlock_mutex(mutex_); }

private:
    static constexpr std::chrono::seconds patience{30};

    /// Whether it is locked; a dead owner's is made consistent, and left to the next `lock` to be repaired.
    [[nodiscard]] bool finish(os::mutex_result result);
    [[noreturn]] static void fail(os::mutex_result result);

    template <class TimePoint>
    [[nodiscard]] static os::deadline deadline_of(const TimePoint& when);

    pthread_mutex_t mutex_;
    std::atomic<std::uint32_t> unrepaired_{0}; ///< 1: an owner died and nobody repaired yet
};

/// Boost names two kinds; a recursive robust mutex can't be had safely, so both are the same.
struct mutex_family {
    using mutex_type = family_mutex;
    using recursive_mutex_type = family_mutex;
};

// --- Implementation ---------------------------------------------------------------------------------------

template <class Repair>
void family_mutex::lock(Repair&& repair) {
    const os::mutex_result result = os::lock_mutex_until(mutex_, os::deadline_after(patience));
    const bool owner_died = result == os::mutex_result::owner_died;
    if (result != os::mutex_result::locked && !owner_died) {
        fail(result);
    }
    if (!owner_died && unrepaired_.load(std::memory_order_relaxed) == 0) {
        return;
    }
    try {
        std::forward<Repair>(repair)();
    } catch (...) {
        unrepaired_.store(1, std::memory_order_relaxed);
        if (owner_died) {
            os::mark_consistent(mutex_);
        }
        unlock();
        throw;
    }
    unrepaired_.store(0, std::memory_order_relaxed);
    if (owner_died) {
        os::mark_consistent(mutex_);
    }
}

template <class TimePoint>
os::deadline family_mutex::deadline_of(const TimePoint& when) {
    using std::chrono::milliseconds;
    if constexpr (requires { typename TimePoint::clock; }) {
        return os::deadline_after(std::chrono::ceil<milliseconds>(when - TimePoint::clock::now()));
    } else {
        if (when.is_pos_infinity()) {
            return os::deadline_after(milliseconds::max());
        }
        // Through the type's own names, so that Boost.DateTime, which later Boosts do without, is not included.
        const TimePoint epoch(typename TimePoint::date_type(1970, 1, 1));
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return os::deadline_after(std::chrono::ceil<milliseconds>(
            std::chrono::microseconds((when - epoch).total_microseconds()) - now));
    }
}

} // namespace holdfast
