// How the program fails: every failure is a holdfast::error, shown as one line and turned into an exit status.
//
// The statuses are a promise to scripts; docs/guide.md tabulates them.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/error.hpp>

namespace holdfast::cli {

/// What the program returns.
enum class exit_status : int {
    done = 0,
    not_found = 1,
    usage = 2,
    wrong_type = 3,
    no_space = 4,
    corrupt = 5,
    timed_out = 6,
    io_error = 7,
    condition_not_met = 8,
};

/// Thrown when whoever reads our output has closed the pipe; that is no error.
struct reader_gone {};

/// Thrown when our output can't be written, which is the fault of no key and no line.
struct output_failure {
    error why;
};

[[nodiscard]] exit_status status_of(errc reason) noexcept;

/// Wrong usage, or input that can't be read.
[[noreturn]] void throw_usage(const std::string& message);
/// A failed system call, as "what: why".
[[noreturn]] void throw_system_error(errc reason, const std::string& what, int error_number);

/// Writes "holdfast: message" as one line to standard error, whatever the message holds.
void report(std::string_view message) noexcept;
/// Whether "holdfast:" is shown in red. Set once, when the options are known.
void colour_reports(bool on) noexcept;

/// Reports the exception being handled; returns the status to end with.
[[nodiscard]] exit_status report_current_exception() noexcept;

} // namespace holdfast::cli
