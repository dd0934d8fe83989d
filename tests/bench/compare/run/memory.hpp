// What a process has in memory.
#pragma once

#include <string_view>

namespace compare {

/// A figure of /proc/PID/status in bytes: "RssAnon" (its own), "RssFile" (pages of files); 0 if it can't be known.
[[nodiscard]] double memory_of(int process, std::string_view name);

} // namespace compare
