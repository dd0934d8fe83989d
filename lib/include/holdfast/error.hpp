// The errors of Holdfast: one closed list of codes and one exception type.
//
// Thread and process safety: values; as safe as the standard library's.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

#include <holdfast/detail/export.hpp>

namespace holdfast {

/// Why a call failed. The list is closed: every failure that Holdfast reports is one of these.
enum class errc {
    not_found = 1,      ///< no such store or map
    wrong_type,         ///< the value or map is of another type
    out_of_range,       ///< a number out of range
    invalid_argument,   ///< a key too long, a bad option
    no_space,           ///< the disk, the quota or the file's limit is exhausted; nothing was changed
    corrupt,            ///< the file is damaged, or cut short
    not_a_store,        ///< the file is something else
    newer_format,       ///< the file was made by a newer Holdfast
    timed_out,          ///< a lock was not to be had within the time allowed
    permission,         ///< the operating system refuses access
    io_error,           ///< any other failure of the operating system; the handle is unusable afterwards
    condition_not_met,  ///< a compare-and-swap or an "if absent" found another state
    nested_write,       ///< this thread already has a write transaction on this store
    forked,             ///< the handle was inherited through fork(); open the store again
    address_space,      ///< the store is larger than the address space reserved for it
    read_only,          ///< a write through a handle opened for reading
    unsupported,        ///< a file system or machine on which the promises can't be kept
    transaction_failed, ///< an earlier failure in this transaction forbids its commit
    transaction_ended,  ///< the transaction was committed or aborted before
    moved_from,         ///< the handle was moved from: what it stood for is elsewhere
    closed,             ///< the store was closed by `close()`
    stale_iterator,     ///< the map was changed since the iterator was made, or its transaction ended
    cancelled,          ///< a wait was ended by its std::stop_token
};

/// The category of `errc`; its name is "holdfast". Codes with a counterpart in std::errc equal it, so that
/// `failure.code() == std::errc::timed_out` works: see error.cpp for which.
[[nodiscard]] HOLDFAST_API const std::error_category& error_category() noexcept;

[[nodiscard]] inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

/// What every failing call throws. `what()` is one line: what failed, on which file or key, and what to do.
class HOLDFAST_API error : public std::system_error {
public:
    error(errc code, const std::string& message);
    ~error() override;
    error(const error&) = default;
    error& operator=(const error&) = default;

    [[nodiscard]] const char* what() const noexcept override;

    /// The same as `code()`, as the closed enumeration.
    [[nodiscard]] errc reason() const noexcept { return static_cast<errc>(code().value()); }

private:
    std::runtime_error line_;
};

} // namespace holdfast

template <>
struct std::is_error_code_enum<holdfast::errc> : std::true_type {};
