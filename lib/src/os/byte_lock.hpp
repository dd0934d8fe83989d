// Open-file-description locks on bytes of a file, far beyond its data. The kernel drops them at death.
//
// They belong to the open file: two threads with one os::file never exclude each other by them, and closing
// another descriptor of the same file does not release them (as it would classic POSIX locks).
// Functions return 0 or an errno. Thread safety: as the kernel's.
#pragma once

#include <cstdint>
#include <optional>

#include "os/file.hpp"
#include "os/time.hpp"

namespace holdfast::os {

enum class lock_mode { shared, exclusive };

/// Takes the lock, or converts one that this open file has. EAGAIN: somebody else's is in the way.
[[nodiscard]] int try_lock(const file& f, lock_mode mode, byte_range range) noexcept;
/// The same, asked again and again until `until`; then ETIMEDOUT.
[[nodiscard]] int lock_until(const file& f, lock_mode mode, byte_range range, deadline until) noexcept;
int unlock(const file& f, byte_range range) noexcept;
/// Releases every byte lock of this open file, in one step.
int unlock_all(const file& f) noexcept;

/// Some lock of another open file within `range` that would be in the way of `mode`, or nothing. Which one, is
/// not specified: the kernel's list is ordered by owner before it is by place.
[[nodiscard]] int find_lock(const file& f, lock_mode mode, byte_range range,
                            std::optional<byte_range>& found) noexcept;

} // namespace holdfast::os
