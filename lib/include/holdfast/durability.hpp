// How much of what was committed a power cut may take.
//
// Whatever the level, a commit outlives the process that made it, its crash and a clean reboot, and after a power
// cut the store opens at a commit: a prefix of history, never a hole in it.
#pragma once

#include <cstdint>

namespace holdfast {

enum class durability : std::uint8_t {
    /// A power cut takes what was committed since the last sync point (open_options::sync_interval).
    process = 0,
    /// A power cut takes what was committed in the last open_options::flush_interval, which is how often it is
    /// brought to the medium, by a redo log.
    interval = 1,
    /// The commit is on the medium when it returns, and nobody else sees it before. Commits of several threads and
    /// processes share one write of the redo log.
    commit = 2,
};

} // namespace holdfast
