// Threads of the library's own.
//
// Thread and process safety: any thread.
#pragma once

#include <functional>
#include <memory>
#include <thread>

namespace holdfast::os {

/// A thread that runs `work` and takes no signal: those are for the program's own threads. Null: none could be made.
[[nodiscard]] std::unique_ptr<std::thread> start_quiet_thread(std::function<void()> work) noexcept;

} // namespace holdfast::os
