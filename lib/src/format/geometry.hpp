// Where everything lies in the file. docs/format.md is the prose of this header; a test compares the two.
//
//   0        superblock page
//   8 KiB    heap header
//   12 KiB   heads
//   16 KiB   directory of the block tables
//   24 KiB   undo log: header and first chunk
//   64 KiB   ring of commit slots
//   128 KiB  durable slot A                      never written through the mapping
//   192 KiB  durable slot B, superblock copy     never written through the mapping
//   256 KiB  shared control: stamp, locks, counters     } only while processes run:
//   320 KiB  attachments: processes and reader slots    } worthless after a reboot
//   64 MiB   heap: 16 KiB blocks up to the end
#pragma once

#include <cstdint>

namespace holdfast::format {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;

inline constexpr std::uint64_t superblock_offset = 64;
inline constexpr std::uint64_t heap_header_offset = 8 * kib;
inline constexpr std::uint64_t heads_offset = 12 * kib;
inline constexpr std::uint64_t directory_offset = 16 * kib;
inline constexpr std::uint64_t undo_log_offset = 24 * kib;
inline constexpr std::uint64_t commit_slots_offset = 64 * kib;
inline constexpr std::uint64_t durable_slot_a_offset = 128 * kib;
inline constexpr std::uint64_t durable_slot_b_offset = 192 * kib;
inline constexpr std::uint64_t superblock_copy_offset = 196 * kib;
inline constexpr std::uint64_t control_offset = 256 * kib;
inline constexpr std::uint64_t attachments_offset = 320 * kib;
inline constexpr std::uint64_t heap_offset = 64 * mib; // leaves room for a million attachment lines

/// The parts [control_offset, heap_offset) are allocated on disk in steps of this size, when they are needed.
inline constexpr std::uint64_t control_step_bytes = 64 * kib;

/// The unit of the heap: a slab of equal objects, or a part of a run.
inline constexpr std::uint64_t block_bytes = 16 * kib;
inline constexpr std::uint32_t heap_first_block = heap_offset / block_bytes;

/// One block table describes this many blocks (16 MiB) and fills four blocks itself.
inline constexpr std::uint32_t blocks_per_table = 1024;
inline constexpr std::uint32_t blocks_of_table = 4;
/// The first table that there is; those before it would describe the front of the file.
inline constexpr std::uint32_t first_table = heap_first_block / blocks_per_table;
static_assert(heap_first_block % blocks_per_table == 0);

/// The directory: 512 leaves (a block each) of 2,048 tables, 16 TiB in all.
inline constexpr std::uint32_t directory_fanout_root = 512;
inline constexpr std::uint32_t directory_fanout_leaf = 2048;
inline constexpr std::uint64_t file_bytes_max =
    std::uint64_t{directory_fanout_root} * directory_fanout_leaf * blocks_per_table * block_bytes;
static_assert(file_bytes_max == std::uint64_t{16} << 40);

} // namespace holdfast::format
