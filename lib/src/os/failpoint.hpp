// Named points at which tests kill the process, make a system call fail, or remove an ordering of a protocol.
//
// Only builds with HOLDFAST_FAILPOINTS have them; elsewhere all of this compiles to nothing. A test programs
// them through `arm_failpoints` or the environment variable HOLDFAST_FAILPOINTS, a comma-separated list of
//   NAME=kill@N    SIGKILL to this process at the Nth passage (N from 1)
//   NAME=fail@N    the Nth passage of a `failpoint_error` reports the error ENOSPC (or fail:ERRNO@N)
//   NAME=fail      each passage does
//   NAME=off       `protocol_order(NAME)` is false: that ordering is removed
//   *=kill@N       SIGKILL at the Nth passage of any point
//   *=count        nothing but counting, for `failpoints_passed`
// ERRNO is a number or one of the usual names. Passages are counted from the moment something is armed; while
// nothing is, a passage costs one relaxed load and is not counted. A test may also watch: see `failpoint_observer`.
// Thread safety: arming is not safe beside passages of other threads; passages are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

#ifdef HOLDFAST_FAILPOINTS
inline constexpr bool failpoints_built_in = true;
/// A point of a protocol at which a test may kill this process.
void failpoint(std::string_view name) noexcept;
/// The errno that the system call about to be made is to fail with, or 0.
[[nodiscard]] int failpoint_error(std::string_view name) noexcept;
/// Whether the named ordering of the protocol is to be kept: true unless a test removed it.
[[nodiscard]] bool protocol_order(std::string_view name) noexcept;
/// Replaces all programs by those of `list`; empty: none. Throws std::invalid_argument on bad syntax.
void arm_failpoints(const std::string& list);
/// Every name passed since arming with its number of passages, one "NAME COUNT" a line, in no order.
[[nodiscard]] std::string failpoints_passed();

/// What a simulated power cut has to know. Called in the thread that passes.
class failpoint_observer {
public:
    virtual ~failpoint_observer() = default;
    virtual void passed(std::string_view name) noexcept = 0;
    /// These bytes of a file are on the medium now; `bytes` 0: the whole file, and its length.
    virtual void reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept = 0;
};
/// From now on; null: nobody. Not safe beside passages of other threads.
void observe_failpoints(failpoint_observer* observer) noexcept;
/// Returns `code`, the outcome of the system call that was to bring these bytes to the medium.
[[nodiscard]] int reached_medium(int code, std::uint64_t start, std::uint64_t bytes) noexcept;
#else
inline constexpr bool failpoints_built_in = false;
inline void failpoint(std::string_view) noexcept {}
[[nodiscard]] inline int failpoint_error(std::string_view) noexcept { return 0; }
[[nodiscard]] constexpr bool protocol_order(std::string_view) noexcept { return true; }
[[nodiscard]] constexpr int reached_medium(int code, std::uint64_t, std::uint64_t) noexcept { return code; }
#endif

} // namespace holdfast
