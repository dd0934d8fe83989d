// The redo log: what transactions did, so that a commit is durable before the pages it changed are.
//
// A run of the heap, used as a ring: position p lies at byte p % size, and positions only grow, over all laps. A record
// is a header and its operations, wrapped around the end of the ring. What it says is logical: keys, values and the
// names of maps. Each names the commit that it follows and where it lies, so nothing but the record that followed that
// very commit is taken for its successor: not one of an earlier lap, of a transaction that was undone, or of a history
// that was lost.
#pragma once

#include <cstdint>
#include <type_traits>

#include "format/geometry.hpp"

namespace holdfast::format {

struct log_record {
    std::uint64_t checksum; ///< XXH3-64 of all bytes behind it
    std::uint64_t position; ///< of the record
    std::uint64_t txn;
    std::uint64_t previous; ///< the commit that it follows
    std::uint64_t time_ns;  ///< of the commit
    std::uint64_t bytes;    ///< with the header; records begin at multiples of 8
};
static_assert(sizeof(log_record) == 48 && std::has_unique_object_representations_v<log_record>);

enum class log_action : std::uint8_t {
    map = 1,          ///< declares the next map: key is its name, value a log_map
    put = 2,          ///< key, value
    erase = 3,        ///< key
    erase_range = 4,  ///< key: the first, value: behind the last
    erase_prefix = 5, ///< key: the prefix
    clear = 6,
    drop = 7,
};

/// Followed by its key and its value. Maps are numbered from 1 on as they are declared; 0 is the unnamed one.
struct log_operation {
    std::uint8_t action; ///< log_action
    std::uint8_t value_type;
    std::uint8_t aligned; ///< 1: the value is to begin at a multiple of its alignment
    std::uint8_t reserved;
    std::uint32_t map;
    std::uint32_t key_bytes;
    std::uint32_t value_bytes;
};
static_assert(sizeof(log_operation) == 16 && std::has_unique_object_representations_v<log_operation>);

struct log_map {
    std::uint32_t id;
    std::uint8_t key_type;
    std::uint8_t reserved[3];
    std::uint64_t key_parts;
};
static_assert(sizeof(log_map) == 16 && std::has_unique_object_representations_v<log_map>);

/// Room for 292,000 years at a GiB a second: a position never comes back.
inline constexpr std::uint64_t log_position_max = std::uint64_t{1} << 62;
inline constexpr std::uint64_t log_blocks_min = 4;
inline constexpr std::uint64_t log_blocks_max = 0xFFFF;

} // namespace holdfast::format
