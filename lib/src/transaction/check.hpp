// Verifying a whole store: every tree, and that each object of the heap is reachable, waiting, or free, and only one
// of these.
//
// Thread and process safety: `accounts` needs the writer lock (or to be alone); without it the newest commit must be
// pinned. Damage is reported, never thrown; system failures are thrown.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "segment/segment.hpp"
#include "tree/space.hpp"

namespace holdfast {

struct check_finding {
    std::string what;
    std::string map;
    std::string key;
};

/// Whose the bytes of a file are, up to the end of the heap. Their sum is that end.
struct space_usage {
    std::uint64_t front = 0;   ///< what lies before the heap: superblock, head, directory, undo log, locks
    std::uint64_t tables = 0;  ///< block tables and leaves of the directory
    std::uint64_t trees = 0;   ///< objects that the maps of the newest commit reach
    std::uint64_t waiting = 0; ///< objects that were retired
    std::uint64_t lists = 0;   ///< chunks and parks that say so
    std::uint64_t reserve = 0;
    std::uint64_t logs = 0;
    std::map<std::uint32_t, std::uint64_t> arenas; ///< by id; 0: objects in shared slabs
    std::uint64_t unused = 0;                      ///< of slabs: free objects, and what is too short for one
    std::uint64_t free = 0;                        ///< free runs
    std::uint64_t leaked = 0;                      ///< allocated, and nobody's: each is a finding

    [[nodiscard]] std::uint64_t total() const noexcept {
        std::uint64_t sum =
            front + tables + trees + waiting + lists + reserve + logs + unused + free + leaked;
        for (const auto& [id, bytes] : arenas) {
            sum += bytes;
        }
        return sum;
    }
};

struct check_options {
    bool accounts = true;                        ///< also the heap's accounts
    const format::commit_slot* commit = nullptr; ///< that the caller has pinned; null: the newest
    const space_view* view =
        nullptr; ///< of that commit, which may reach less than it does; null: as the file has it
    txn_id trusted =
        txn_id::none; ///< what was made up to then is whole, and is not looked at; without `accounts`
    space_usage* usage = nullptr; ///< filled if the accounts are read to their end
    std::function<void(std::uint64_t done, std::uint64_t total)> progress{};
};

/// O(n) in time; memory: a bit for each 16 bytes of the file.
[[nodiscard]] std::vector<check_finding> check_everything(segment& file, const check_options& options);

} // namespace holdfast
