// How durable the commits of a handle are, and who sees to it.
#pragma once

#include <chrono>
#include <cstdint>

#include <holdfast/durability.hpp>

namespace holdfast {

struct durability_options {
    durability level = durability::process;
    std::chrono::milliseconds sync_interval{0};    ///< between sync points; 0: none are made by themselves
    std::chrono::milliseconds flush_interval{100}; ///< between flushes of the log, at level `interval`
    std::uint64_t log_bytes = 0;                   ///< of a log that is made
    bool background = true;                        ///< in a thread of its own, else by commits in passing
};

} // namespace holdfast
