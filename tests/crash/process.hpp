// Child processes that may be killed, and memory that survives them.
//
// Thread safety: none; the campaign's processes have one thread each.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>

namespace holdfast::crash {

/// How a process ended.
struct ending {
    bool killed = false; ///< by SIGKILL
    int signal = 0;      ///< by another one
    int code = 0;        ///< by itself
    [[nodiscard]] bool good() const noexcept { return !killed && signal == 0 && code == 0; }
    [[nodiscard]] std::string describe() const;
};

/// The status that a child ends with when it throws; what it threw went to the failure board.
inline constexpr int status_failed = 3;

/// A child process; it is killed and waited for at the end of its scope. If its parent dies, it is killed, too.
class child final {
public:
    child() noexcept = default;
    ~child();
    child(child&& other) noexcept;
    child& operator=(child&& other) noexcept;

    /// Forks; the child runs `body` and ends with what it returns, without running destructors of statics.
    /// `failed` is called in the child with the message of an exception that leaves `body`.
    [[nodiscard]] static child start(const std::function<int()>& body,
                                     const std::function<void(const std::string&)>& failed);

    [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    void kill() const noexcept;
    /// Nothing, when it still runs after that time.
    [[nodiscard]] std::optional<ending> wait(std::chrono::microseconds patience);

private:
    pid_t pid_ = 0;
    int descriptor_ = -1; ///< a pidfd
};

/// Zeroed memory shared with all processes that are forked later.
void* share_memory(std::size_t bytes);
void unshare_memory(void* memory, std::size_t bytes) noexcept;

/// One T in shared memory. T's members must make sense in several processes.
template <class T>
class shared final {
public:
    shared() : object_(new (share_memory(sizeof(T))) T()) {}
    ~shared() { unshare_memory(object_, sizeof(T)); }
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;
    [[nodiscard]] T* operator->() const noexcept { return object_; }
    [[nodiscard]] T& operator*() const noexcept { return *object_; }

private:
    T* object_;
};

void sleep_exactly(std::chrono::microseconds time) noexcept;

} // namespace holdfast::crash
