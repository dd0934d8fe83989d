// Child processes, by fork and pidfd.
#include "process.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <exception>
#include <system_error>
#include <utility>

namespace holdfast::crash {

namespace {

[[noreturn]] void fail_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// What the child does; never returns to the caller's frames.
[[noreturn]] void be_child(const std::function<int()>& body,
                           const std::function<void(const std::string&)>& failed) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    int code = status_failed;
    try {
        code = body();
    } catch (const std::exception& problem) {
        failed(problem.what());
    }
    ::_exit(code);
}

} // namespace

std::string ending::describe() const {
    if (killed) {
        return "killed";
    }
    return signal != 0 ? "ended by signal " + std::to_string(signal)
                       : "ended with status " + std::to_string(code);
}

child::~child() {
    if (running()) {
        kill();
        static_cast<void>(wait(std::chrono::hours(1)));
    }
}

child::child(child&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), descriptor_(std::exchange(other.descriptor_, -1)) {}

child& child::operator=(child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

child child::start(const std::function<int()>& body, const std::function<void(const std::string&)>& failed) {
    child made;
    made.pid_ = ::fork();
    if (made.pid_ < 0) {
        fail_errno("fork");
    }
    if (made.pid_ == 0) {
        be_child(body, failed);
    }
    made.descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, made.pid_, 0));
    if (made.descriptor_ < 0) {
        fail_errno("pidfd_open");
    }
    return made;
}

void child::kill() const noexcept {
    if (running()) {
        ::kill(pid_, SIGKILL);
    }
}

std::optional<ending> child::wait(std::chrono::microseconds patience) {
    if (!running()) {
        return ending{};
    }
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
        int status = 0;
        const pid_t done = ::waitpid(pid_, &status, WNOHANG);
        if (done == pid_) {
            ::close(std::exchange(descriptor_, -1));
            pid_ = 0;
            const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
            return ending{signal == SIGKILL, signal == SIGKILL ? 0 : signal,
                          WIFEXITED(status) ? WEXITSTATUS(status) : 0};
        }
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() < 0) {
            return std::nullopt;
        }
        pollfd ended = {descriptor_, POLLIN, 0};
        static_cast<void>(
            ::poll(&ended, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 1000))));
    }
}

void* share_memory(std::size_t bytes) {
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fail_errno("mmap");
    }
    return memory;
}

void unshare_memory(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }

void sleep_exactly(std::chrono::microseconds time) noexcept {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    const timespec left = {seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
    ::nanosleep(&left, nullptr);
}

} // namespace holdfast::crash
