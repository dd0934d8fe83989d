// Ending on SIGINT or SIGTERM with a word about what was done, instead of at once.
//
// Process-wide: one at a time.
#pragma once

namespace holdfast::cli {

/// Thrown where an interruption is noticed. The program then ends by that signal, as its parent expects.
struct interrupted {
    int signal;
};

/// As long as it exists, the first SIGINT or SIGTERM is only noted; calls of the system that wait return EINTR. A
/// second
/// one ends the program at once.
class interrupt_guard {
public:
    interrupt_guard() noexcept;
    ~interrupt_guard();
    interrupt_guard(const interrupt_guard&) = delete;
    interrupt_guard& operator=(const interrupt_guard&) = delete;
    interrupt_guard(interrupt_guard&&) = delete;
    interrupt_guard& operator=(interrupt_guard&&) = delete;
};

/// Throws `interrupted` if a signal was noted.
void stop_if_interrupted();
/// Ends the program by this signal.
[[noreturn]] void end_by_signal(int signal) noexcept;

} // namespace holdfast::cli
