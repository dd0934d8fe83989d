// Verifying a whole store: every tree, and that each object of the heap is reachable, waiting, or free, and only one
// of these.
//
// Thread and process safety: `accounts` needs the writer lock (or to be alone); without it the newest commit must be
// pinned. Damage is reported, never thrown; system failures are thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "segment/segment.hpp"

namespace holdfast {

struct check_finding {
    std::string what;
    std::string map;
    std::string key;
};

struct check_options {
    bool accounts = true; ///< also the heap's accounts
    std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

/// O(n) in time; memory: a bit for each 16 bytes of the file.
[[nodiscard]] std::vector<check_finding> check_everything(segment& file, const check_options& options);

} // namespace holdfast
