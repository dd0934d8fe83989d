// From exceptions to one line on standard error and an exit status.
#include "program/errors.hpp"

#include <cstring>
#include <exception>
#include <new>

#include <unistd.h>

#include "output/escape.hpp"
#include "program/interrupt.hpp"

namespace holdfast::cli {

namespace {

bool coloured = false;

} // namespace

exit_status status_of(errc reason) noexcept {
    switch (reason) {
    case errc::not_found:
        return exit_status::not_found;
    case errc::invalid_argument:
        return exit_status::usage;
    case errc::wrong_type:
    case errc::out_of_range:
        return exit_status::wrong_type;
    case errc::no_space:
    case errc::address_space:
        return exit_status::no_space;
    case errc::corrupt:
    case errc::not_a_store:
    case errc::newer_format:
        return exit_status::corrupt;
    case errc::timed_out:
    case errc::cancelled:
        return exit_status::timed_out;
    case errc::condition_not_met:
        return exit_status::condition_not_met;
    case errc::permission:
    case errc::io_error:
    case errc::nested_write:
    case errc::forked:
    case errc::read_only:
    case errc::unsupported:
    case errc::transaction_failed:
    case errc::transaction_ended:
    case errc::moved_from:
    case errc::closed:
    case errc::stale_iterator:
        return exit_status::io_error;
    }
    return exit_status::io_error;
}

void throw_usage(const std::string& message) { throw error(errc::invalid_argument, message); }

void throw_system_error(errc reason, const std::string& what, int error_number) {
    throw error(reason, what + ": " + std::strerror(error_number));
}

void colour_reports(bool on) noexcept { coloured = on; }

void report(std::string_view message) noexcept {
    try {
        std::string line = coloured ? "\x1b[31mholdfast:\x1b[0m " : "holdfast: ";
        line += escape_controls(message);
        line += '\n';
        // One call, so that lines of several processes do not mix. If it fails, there is nobody to tell.
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    } catch (...) {
        constexpr std::string_view line = "holdfast: out of memory\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    }
}

exit_status report_current_exception() noexcept {
    try {
        throw;
    } catch (const reader_gone&) {
        return exit_status::done;
    } catch (const interrupted& by) {
        end_by_signal(by.signal); // what there is to say was said
    } catch (const output_failure& failure) {
        report(failure.why.what());
        return status_of(failure.why.reason());
    } catch (const error& failure) {
        report(failure.what());
        return status_of(failure.reason());
    } catch (const std::bad_alloc&) {
        report("out of memory; close other programs or store less at once");
        return exit_status::no_space;
    } catch (const std::exception& failure) {
        report(failure.what());
        return exit_status::io_error;
    } catch (...) {
        report("unknown failure");
        return exit_status::io_error;
    }
}

} // namespace holdfast::cli
