// The thread that makes sync points.
#include "transaction/background_sync.hpp"

#include <algorithm>

#include <holdfast/error.hpp>

#include "os/system.hpp"
#include "os/thread.hpp"

namespace holdfast {

void background_sync::start() noexcept {
    const std::lock_guard guard(mutex_);
    if (running_.load(std::memory_order_relaxed) || stopping_) {
        return;
    }
    if (thread_) {
        thread_->join(); // it has said that it ends
    }
    running_.store(true, std::memory_order_relaxed);
    thread_ = os::start_quiet_thread([this] { run(); });
    if (!thread_) {
        running_.store(false,
                       std::memory_order_relaxed); // the next commit tries again; the close syncs anyway
    }
}

bool background_sync::stop() noexcept {
    bool was_running = false;
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
        was_running = running_.load(std::memory_order_relaxed);
    }
    changed_.notify_all();
    if (thread_) {
        thread_->join();
        thread_.reset();
    }
    return was_running;
}

void background_sync::urge() noexcept {
    if (!urged_.exchange(true, std::memory_order_relaxed)) {
        const std::lock_guard guard(mutex_); // it looks at the word and falls asleep under the mutex
        changed_.notify_all();
    }
}

void background_sync::hurry_to(std::chrono::milliseconds interval) noexcept {
    {
        const std::lock_guard guard(mutex_);
        interval_ = std::min(interval_, interval);
    }
    urge();
}

bool background_sync::work_once() noexcept {
    try {
        urged_.store(false, std::memory_order_relaxed);
        work_();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

bool background_sync::has_work() const noexcept {
    try {
        return has_work_();
    } catch (const std::exception&) {
        return false;
    }
}

/// A commit that finds us running starts nobody: so say first that we end, then look once more. The barrier stands for
/// the one that commits do without; where there is none, we stay.
bool background_sync::may_end() noexcept {
    running_.store(false, std::memory_order_relaxed);
    if (os::issue_barrier() && !has_work()) {
        return true;
    }
    running_.store(true, std::memory_order_relaxed);
    return false;
}

void background_sync::run() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait_for(lock, interval_,
                          [this] { return stopping_ || urged_.load(std::memory_order_relaxed); });
        if (stopping_) {
            return;
        }
        lock.unlock();
        const bool done = work_once();
        lock.lock();
        if (stopping_ || (!has_work() && may_end())) {
            return;
        }
        if (!done) { // whoever commits next tries again
            running_.store(false, std::memory_order_relaxed);
            return;
        }
    }
}

} // namespace holdfast
