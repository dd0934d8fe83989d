// Starting threads.
#include "os/thread.hpp"

#include <csignal>
#include <utility>

namespace holdfast::os {

std::unique_ptr<std::thread> start_quiet_thread(std::function<void()> work) noexcept {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    if (::pthread_sigmask(SIG_SETMASK, &all, &before) != 0) {
        return nullptr;
    }
    std::unique_ptr<std::thread> started;
    try {
        started = std::make_unique<std::thread>(std::move(work));
    } catch (const std::exception&) { // no memory, or no more threads
        started = nullptr;
    }
    static_cast<void>(::pthread_sigmask(SIG_SETMASK, &before, nullptr));
    return started;
}

} // namespace holdfast::os
