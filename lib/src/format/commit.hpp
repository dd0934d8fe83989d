// The heads, the ring of commit slots, the roots of maps, and the durable slots.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "format/geometry.hpp"

namespace holdfast::format {

/// One map: the root of its tree and what is known of all of it. Also the value of a catalogue entry.
struct map_root {
    std::uint64_t root;   ///< reference to the root node; 0: the map is empty
    std::uint64_t digest; ///< what the root node would add to a parent's digest
    std::uint64_t entries;
    std::uint64_t bytes;   ///< of keys and values
    std::uint64_t made;    ///< transaction that last changed the map
    std::uint32_t id;      ///< stays with the map; never reused
    std::uint8_t level;    ///< of the root node; 0 is a leaf
    std::uint8_t key_type; ///< a key_part; or key_type_tuple, and `key_parts` says of what
    std::uint8_t direct;   ///< i + 1: the commit slot has the root, as its `direct[i]`; 0: it is here
    std::uint8_t reserved;
    std::uint64_t key_parts; ///< of a tuple: part i in byte i, 0 ends it; else 0
    std::uint64_t reserved_word;
};
inline constexpr std::uint8_t key_type_tuple = 255;

/// The ids of the maps that every store has; users' begin behind all that are kept for the store itself.
namespace map_number {
inline constexpr std::uint32_t unnamed = 1;
inline constexpr std::uint32_t catalogue = 2;
inline constexpr std::uint32_t system = 3;
inline constexpr std::uint32_t first_named = 16;
} // namespace map_number

static_assert(sizeof(map_root) == 64 && std::has_unique_object_representations_v<map_root>);
static_assert(offsetof(map_root, entries) == 16 && offsetof(map_root, id) == 40 &&
              offsetof(map_root, level) == 44);

/// All of one commit. Slots are a ring: each commit takes the place behind that of the commit before. Only the first
/// 256 bytes and `direct_count` direct roots count; whoever copies a slot copies these.
struct commit_slot {
    static constexpr std::size_t direct_max = 12;
    std::uint64_t checksum; ///< XXH3-64 of all that counts behind it
    std::uint64_t txn;
    std::uint64_t end_bytes; ///< of the file, as this commit knows it: no reference of it reaches beyond
    std::uint64_t time_ns;   ///< CLOCK_REALTIME of the commit, coarse
    std::uint64_t next_map_id;
    std::uint16_t direct_count; ///< at most direct_max
    std::uint16_t log_blocks;   ///< of the redo log
    std::uint32_t log_block;    ///< where the redo log begins; 0: there is none
    std::uint64_t sequence;     ///< a count of commits; its place in the ring is this modulo `commit_slots`
    std::uint64_t log_end;      ///< position in the redo log behind this commit's record
    map_root unnamed;           ///< the map ""
    map_root catalogue;         ///< name -> map_root
    map_root system;            ///< likewise, of the store's own maps, which no user sees
    /// Roots of named maps: a commit that changes only these leaves the catalogue as it is. All zero: not in use.
    std::array<map_root, direct_max> direct;
};
static_assert(sizeof(commit_slot) == 1024 && std::has_unique_object_representations_v<commit_slot>);
static_assert(offsetof(commit_slot, unnamed) == 64 && offsetof(commit_slot, direct) == 256);

/// Whether a direct root is not in use.
[[nodiscard]] bool is_unused(const map_root& direct) noexcept;
/// The bytes of a slot that count, whatever it claims.
[[nodiscard]] constexpr std::size_t used_bytes(const commit_slot& slot) noexcept {
    const std::size_t direct =
        slot.direct_count < commit_slot::direct_max ? slot.direct_count : commit_slot::direct_max;
    return offsetof(commit_slot, direct) + direct * sizeof(map_root);
}
/// Zeroes what does not count.
void clear_unused(commit_slot& slot) noexcept;
/// Whether all that counts is equal.
[[nodiscard]] bool same_commit(const commit_slot& a, const commit_slot& b) noexcept;

inline constexpr std::size_t commit_slots = 64;
static_assert(commit_slots_offset + commit_slots * sizeof(commit_slot) <= durable_slot_a_offset);

/// A commit that has a part in the protocol, on a cache line of its own: a checked_word whose tag is the slot.
struct alignas(64) head_line {
    std::uint64_t word;
    std::array<std::uint64_t, 7> reserved;
};

/// While no commit waits for the medium, only `visible` moves.
struct heads {
    head_line visible;   ///< what readers see
    head_line applied;   ///< what the next writer builds on, where it is ahead of `visible`
    head_line durable;   ///< the newest commit on the medium; a number only
    head_line candidate; ///< the commit that a sync point is carrying there, or 0; a number only
};
static_assert(sizeof(heads) == 256 && std::has_unique_object_representations_v<heads>);
static_assert(heads_offset + sizeof(heads) <= directory_offset);

inline constexpr std::array<char, 8> durable_magic = {'H', 'F', 'D', 'U', 'R', 'A', 'B', '2'};

/// What is known to be on the medium; slot A and B are written alternately, with RWF_DSYNC.
struct durable_slot {
    std::array<char, 8> magic;
    std::uint64_t sequence; ///< the higher valid one counts
    std::uint64_t clean;    ///< 1: closed cleanly, everything is on the medium and nothing was written since
    std::uint64_t
        root_guarded; ///< 1: nothing that the commit reaches is used again while this slot is the newest
    std::uint64_t version_limit; ///< no transaction above it was ever promised
    std::uint64_t header_sum;    ///< clean: XXH3-64 of the header pages; see docs/format.md
    std::array<std::uint8_t, 16> incarnation;
    std::array<std::uint8_t, 16> history; ///< random; another one after history was lost
    std::array<std::uint64_t, 22> reserved;
    commit_slot commit;
    std::array<std::uint64_t, 95> reserved_words;
    std::uint64_t checksum; ///< XXH3-64 of all bytes before it
};
static_assert(sizeof(durable_slot) == 2048 && offsetof(durable_slot, commit) == 256 &&
              offsetof(durable_slot, checksum) == 2040 &&
              std::has_unique_object_representations_v<durable_slot>);
static_assert(durable_slot_b_offset + sizeof(durable_slot) <= superblock_copy_offset);

/// What the redo log of a commit takes.
[[nodiscard]] constexpr std::uint64_t log_offset(const commit_slot& slot) noexcept {
    return std::uint64_t{slot.log_block} * block_bytes;
}
[[nodiscard]] constexpr std::uint64_t log_bytes(const commit_slot& slot) noexcept {
    return std::uint64_t{slot.log_blocks} * block_bytes;
}

[[nodiscard]] std::uint64_t checksum_of(const commit_slot& slot) noexcept;
[[nodiscard]] std::uint64_t checksum_of(const durable_slot& slot) noexcept;

/// Whether the slot is whole and sound in itself: magic where it has one, checksum, an end within the format.
[[nodiscard]] bool is_sound(const commit_slot& slot) noexcept;
[[nodiscard]] bool is_sound(const durable_slot& slot) noexcept;

} // namespace holdfast::format
