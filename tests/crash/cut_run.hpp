// Simulated power cuts: scene after scene, in several processes, until there were enough images or a promise is broken.
//
// Thread safety: one thread. A process that makes scenes has no threads; the one that calls `run_cuts` may.
#pragma once

#include <cstdint>
#include <string>

#include "cut_worker.hpp"

namespace holdfast::crash {

struct cut_result {
    cut_counts counts;
    std::uint64_t scenes = 0;
    double seconds = 0;
    std::string failure; ///< empty: every promise was kept
};

[[nodiscard]] cut_result run_cuts(const cut_settings& settings);

} // namespace holdfast::crash
