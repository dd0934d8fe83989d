// Who holds a byte lock, for messages.
//
// Thread and process safety: any thread; what it says may be out of date when it is read.
#pragma once

#include <string>

#include "os/byte_lock.hpp"

namespace holdfast::os {

/// "process 123", or "a process that can't be seen from here": the kernel does not tell of open-file-description locks
/// whose they are, so all processes that /proc shows are asked. Slow: for failures only.
[[nodiscard]] std::string describe_lock_holder(const file& f, byte_range range);

} // namespace holdfast::os
