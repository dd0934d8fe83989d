// Doing something in a child process that may be killed, and how that ended.
//
// Thread safety: fork() is called with whatever threads there are; callers have none besides themselves.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace holdfast::test {

enum class child_end { finished, killed, failed };

/// Waits for a child and says how it ended; `killed` is by SIGKILL, `failed` is all else but status 0.
inline child_end wait_for_child(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return child_end::failed;
        }
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return child_end::killed;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? child_end::finished : child_end::failed;
}

/// Calls `work` in a child process, which ends without running destructors or atexit functions of the parent.
/// An exception that leaves `work` makes it `failed`.
template <class Work>
[[nodiscard]] pid_t start_child(Work&& work) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) {
        throw std::runtime_error("fork failed");
    }
    if (child != 0) {
        return child;
    }
    int status = 0;
    try {
        std::forward<Work>(work)();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "child: %s\n", failure.what());
        status = 3;
    }
    std::fflush(nullptr);
    ::_exit(status);
}

template <class Work>
child_end run_child(Work&& work) {
    return wait_for_child(start_child(std::forward<Work>(work)));
}

} // namespace holdfast::test
