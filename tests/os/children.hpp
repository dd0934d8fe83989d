// Child processes and folders for tests of what happens between processes.
//
// A child runs a function and ends by _exit: 0 if the function returned, 1 with the message on standard error if
// it threw. Not thread-safe.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace holdfast::test {

class child final {
public:
    explicit child(const std::function<void()>& work) {
        std::fflush(nullptr); // or the child would print it again
        pid_ = ::fork();
        if (pid_ == 0) {
            run(work);
        }
    }
    child(child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
    child& operator=(child&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        if (pid_ > 0) {
            kill();
        }
    }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// The exit status, or minus the signal that ended it.
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    int kill(int signal = SIGKILL) {
        ::kill(pid_, signal);
        return wait();
    }

private:
    [[noreturn]] static void run(const std::function<void()>& work) {
        int status = 0;
        try {
            work();
        } catch (const std::exception& problem) {
            std::fprintf(stderr, "child: %s\n", problem.what());
            status = 1;
        }
        std::fflush(nullptr);
        ::_exit(status);
    }

    pid_t pid_ = -1;
};

/// A one-way signal between processes, made before fork.
class signal_pipe final {
public:
    signal_pipe() {
        if (::pipe(ends_.data()) != 0) {
            std::abort();
        }
    }
    ~signal_pipe() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    signal_pipe(const signal_pipe&) = delete;
    signal_pipe& operator=(const signal_pipe&) = delete;

    void send() const { static_cast<void>(!::write(ends_[1], "!", 1)); }
    void wait() const {
        char byte = 0;
        static_cast<void>(!::read(ends_[0], &byte, 1));
    }

private:
    std::array<int, 2> ends_{};
};

/// A fresh folder, removed with all that is in it. On the file system of the build folder or of TMPDIR.
class temporary_folder final {
public:
    temporary_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            std::abort();
        }
        path_ = name;
    }
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// Waits until `condition` holds, at most 10 s; whether it does.
inline bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 2000; ++i) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return condition();
}

} // namespace holdfast::test
