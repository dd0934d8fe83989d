// Robust, process-shared, non-recursive mutexes in shared memory.
//
// Never recursive: a process of another PID namespace with the owner's thread id would be let in. After
// `owner_died` the caller holds the mutex, repairs what it guards, and calls mark_consistent last; unlocking
// without that would make the mutex unusable for good.
#pragma once

#include <pthread.h>

#include "os/time.hpp"

namespace holdfast::os {

enum class mutex_result {
    locked,
    owner_died,      ///< locked, too
    timed_out,       ///< try_lock: somebody holds it
    not_recoverable, ///< somebody unlocked it without mark_consistent
    failed,          ///< not a mutex of this kind
};

/// 0 or an errno. Nobody may use the mutex meanwhile; whatever its bytes were before.
[[nodiscard]] int init_mutex(pthread_mutex_t& mutex) noexcept;
[[nodiscard]] mutex_result lock_mutex_until(pthread_mutex_t& mutex, deadline until) noexcept;
[[nodiscard]] mutex_result try_lock_mutex(pthread_mutex_t& mutex) noexcept;
void mark_consistent(pthread_mutex_t& mutex) noexcept;
void unlock_mutex(pthread_mutex_t& mutex) noexcept;

} // namespace holdfast::os
