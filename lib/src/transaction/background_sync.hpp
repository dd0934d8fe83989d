// A thread that makes sync points while there is something to sync, and is not there otherwise.
//
// It is started by the first commit that finds none, works whenever the interval is over or somebody urges it, and ends
// when it finds nothing left: a process that only reads, or has not written for a while, has no thread of ours. It
// blocks all signals and keeps nothing alive: whoever ends the engine stops it first. What a sync point throws is
// not lost: the segment records it, and the next writer and the close throw it.
//
// Thread safety: wake, from any thread; stop, once. After fork() there is no thread in the child, which must not touch
// or destroy this.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace holdfast {

class background_sync {
public:
    /// `work` is done whenever `interval` is over, while `has_work`.
    background_sync(std::function<void()> work, std::function<bool()> has_work,
                    std::chrono::milliseconds interval)
        : work_(std::move(work)), has_work_(std::move(has_work)), interval_(interval) {}
    ~background_sync() = default;
    background_sync(const background_sync&) = delete;
    background_sync& operator=(const background_sync&) = delete;

    /// There is work. One load if the thread is there.
    void wake() noexcept {
        if (!running_.load(std::memory_order_relaxed)) [[unlikely]] {
            start();
        }
    }
    /// Does the work now, not at the end of the interval. Not again before it has begun.
    void urge() noexcept;
    /// From now on works at least so often.
    void hurry_to(std::chrono::milliseconds interval) noexcept;
    /// Ends the thread, and waits for a sync point at work. Whether there was a thread: something may be left to sync.
    bool stop() noexcept;

private:
    void start() noexcept;
    void run() noexcept;
    [[nodiscard]] bool work_once() noexcept;
    [[nodiscard]] bool has_work() const noexcept;
    [[nodiscard]] bool may_end() noexcept;

    std::function<void()> work_;
    std::function<bool()> has_work_;
    std::chrono::milliseconds interval_; ///< under the mutex
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false; ///< under the mutex
    std::atomic<bool> urged_{false};
    std::atomic<bool> running_{false}; ///< stored under the mutex
    std::unique_ptr<std::thread> thread_;
};

} // namespace holdfast
