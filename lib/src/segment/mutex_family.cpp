// Mutexes for Boost.Interprocess.
#include "segment/mutex_family.hpp"

#include "os/system.hpp"
#include <holdfast/error.hpp>

namespace holdfast {

family_mutex::family_mutex() {
    if (const int code = os::init_mutex(mutex_); code != 0) {
        throw error(errc::io_error, "can't make a mutex in shared memory: " + os::error_text(code));
    }
}

bool family_mutex::finish(os::mutex_result result) {
    switch (result) {
    case os::mutex_result::locked:
        return true;
    case os::mutex_result::owner_died:
        unrepaired_.store(1, std::memory_order_relaxed);
        os::mark_consistent(mutex_);
        return true;
    case os::mutex_result::timed_out:
        return false;
    case os::mutex_result::not_recoverable:
    case os::mutex_result::failed:
        break;
    }
    fail(result);
}

void family_mutex::fail(os::mutex_result result) {
    if (result == os::mutex_result::timed_out) {
        throw error(errc::timed_out,
                    "a mutex in shared memory was not to be had within 30 s; another process holds it");
    }
    throw error(errc::io_error, "a mutex in shared memory is unusable; close the store in all processes");
}

} // namespace holdfast
