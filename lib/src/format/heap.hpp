// The heap on disk: block tables, free runs, slabs, lists of retired references, and the undo log.
//
// Every word of it is changed under the writer lock only, and only after its old value stands in the undo
// log; so a transaction that dies is undone by copying the old values back, any number of times.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "format/geometry.hpp"

namespace holdfast::format {

// --- Size classes -----------------------------------------------------------------------------------------

/// Slab object sizes, in bytes. All are multiples of 16; powers of two from 64 up are naturally aligned.
/// From 512 on all are multiples of 64, and all multiples of 64 below are among them: an object whose size is a
/// multiple of 64 lies at one.
inline constexpr auto slab_sizes = std::to_array<std::uint16_t>({
    48,   64,   80,   96,   112,  128,  144,  160,  176, 192, 208, 224, 240, 256, // steps of 16
    288,  320,  352,  384,  416,  448,  480,  512,                                // steps of 32
    576,  640,  704,  768,  832,  896,  960,  1024,                               // steps of 64
    1152, 1280, 1408, 1536, 1664, 1792, 2048,                                     // 8 or more a block
    2304, 2688, 3264, 4096, 5440, 8192,                                           // 7 to 2 a block
});
inline constexpr std::size_t slab_classes = slab_sizes.size();
inline constexpr std::uint64_t slab_bytes_max = slab_sizes.back();

// --- Block tables -----------------------------------------------------------------------------------------

/// What a block is. Zero is "none": never yet described.
enum class block_state : std::uint8_t {
    none = 0,
    free_run = 1,    ///< first and last block of a free run; those between are not looked at
    slab = 2,        ///< equal objects, of the tree
    run = 3,         ///< first block of an allocated run; `length` blocks belong to it
    table = 4,       ///< holds a part of a block table, or a leaf of the directory
    punched_run = 5, ///< a free run whose disk space was given back: allocate it before use (reserved)
    run_tail = 6,    ///< last block of an allocated run of two or more
};

/// Whose a slab or an allocated run is. What belongs to an arena is outside the trees' accounting.
enum class block_owner : std::uint8_t {
    none = 0,  ///< not a slab and not an allocated run
    tree = 1,  ///< nodes, records, lists, the reserve
    log = 2,   ///< a run: of the undo log
    redo = 4,  ///< a run: the redo log
    arena = 3, ///< a run: of the arena whose id is in used[1]; a slab: objects of any arenas
};

struct alignas(64) block_descriptor {
    std::uint8_t state;      ///< block_state
    std::uint8_t size_class; ///< slab: index into slab_sizes
    std::uint8_t owner;      ///< block_owner
    std::uint8_t reserved;
    std::uint16_t free;     ///< slab: free objects
    std::uint16_t check;    ///< of all other bytes, and of the block's number
    std::uint32_t next;     ///< slab: next with free objects; free run: next in its bin
    std::uint32_t previous; ///< likewise
    std::array<std::uint64_t, 6>
        used; ///< slab: a bit an object; run, free run: [0] is the length in blocks, [1] the id of a run's arena
};
static_assert(sizeof(block_descriptor) == 64 && std::has_unique_object_representations_v<block_descriptor>);
static_assert(block_bytes / slab_sizes.front() <= 6 * 64,
              "the bitmap has a bit for each object of the smallest class");
static_assert(sizeof(block_descriptor) * blocks_per_table == block_bytes * blocks_of_table);

/// Which list of slabs with free objects is that of an owner and class; the owner has slabs.
[[nodiscard]] constexpr std::size_t partial_list(block_owner owner, std::uint8_t size_class) noexcept {
    return (owner == block_owner::arena ? 64 : 0) + size_class;
}
[[nodiscard]] constexpr bool has_slabs(block_owner owner) noexcept {
    return owner == block_owner::tree || owner == block_owner::arena;
}

// --- Lists of references ----------------------------------------------------------------------------------

enum class entry_kind : std::uint8_t {
    object = 1, ///< something to free: `word` is the transaction that made it
    marker = 2, ///< `word` is the transaction that retired the entries that follow
    freed = 3,  ///< was an object, and was freed where it stood
};

struct list_entry {
    std::uint64_t tagged; ///< reference (48 bits), unused (8), entry_kind (8)
    std::uint64_t word;   ///< a transaction (48 bits); in the file its high 16 bits are a check
    friend bool operator==(const list_entry&, const list_entry&) noexcept = default;
};
static_assert(sizeof(list_entry) == 16);

[[nodiscard]] constexpr list_entry object_entry(std::uint64_t units, std::uint64_t made) noexcept {
    return {units | static_cast<std::uint64_t>(entry_kind::object) << 56, made};
}
[[nodiscard]] constexpr list_entry marker_entry(std::uint64_t retired_by) noexcept {
    return {static_cast<std::uint64_t>(entry_kind::marker) << 56, retired_by};
}
[[nodiscard]] constexpr list_entry freed_entry() noexcept {
    return {static_cast<std::uint64_t>(entry_kind::freed) << 56, 0};
}
[[nodiscard]] constexpr entry_kind kind_of(const list_entry& entry) noexcept {
    return static_cast<entry_kind>(entry.tagged >> 56);
}
/// Of an object: its reference.
[[nodiscard]] constexpr std::uint64_t units_of(const list_entry& entry) noexcept {
    return entry.tagged & ((std::uint64_t{1} << 48) - 1);
}
/// Of an object, the transaction that made it; of a marker, the one that retired what follows.
[[nodiscard]] constexpr std::uint64_t txn_of(const list_entry& entry) noexcept { return entry.word; }

struct list_chunk {
    static constexpr std::size_t capacity = 63;
    std::uint64_t next;  ///< reference, 0: the last
    std::uint64_t check; ///< of `next` and of where the chunk lies; entries have one each
    std::array<list_entry, capacity> entries;
};
static_assert(sizeof(list_chunk) == 1024 && std::has_unique_object_representations_v<list_chunk>);

/// A queue of entries in chunks: taken at the front, added at the back.
struct entry_list {
    std::uint64_t front; ///< reference to a chunk; 0: the list is empty and owns nothing
    std::uint64_t back;
    std::uint32_t front_index; ///< next to take, in `front`
    std::uint32_t back_index;  ///< next to fill, in `back`
    std::uint64_t entries;     ///< markers included
};
static_assert(sizeof(entry_list) == 32 && std::has_unique_object_representations_v<entry_list>);

/// Entries that wait for one pinned snapshot. Linked in falling order of pins.
struct park {
    std::uint64_t next; ///< reference
    std::uint64_t pin;
    entry_list list;
    std::uint64_t check; ///< sum of all words before, and of where the park lies
};
static_assert(sizeof(park) == 56 && std::has_unique_object_representations_v<park>);

// --- Header -----------------------------------------------------------------------------------------------

inline constexpr std::array<char, 8> heap_magic = {'H', 'F', 'H', 'E', 'A', 'P', '0', '1'};

/// Free runs are binned by length: exact up to 32 blocks, then four bins a power of two.
inline constexpr std::size_t run_bins = 160;

struct heap_header {
    std::array<char, 8> magic;
    std::uint64_t end_blocks;      ///< of the file: the heap is [heap_first_block, end_blocks)
    std::uint64_t free_blocks;     ///< in free runs
    std::uint64_t held_back_bytes; ///< of objects in the retired list and the parks
    std::uint64_t front_retired;   ///< the transaction that retired the entries at the front of `retired`
    std::uint64_t
        reserve_block; ///< a run that only erasing transactions may break open; 0: none at the moment
    std::uint64_t parked_bytes; ///< … in the parks
    std::uint64_t parks;        ///< reference to the first park
    entry_list retired;
    std::array<std::uint32_t, 2 * 64> partial; ///< see partial_list: first slab with free objects
    std::array<std::uint32_t, run_bins> bins;  ///< first free run of each bin
    std::uint64_t header_check;                ///< sum of all words before
    std::uint64_t directory_check;             ///< sum of the words of the directory's page
};
static_assert(sizeof(heap_header) == 64 + 32 + 512 + 640 + 16 &&
              std::has_unique_object_representations_v<heap_header>);
static_assert(heap_header_offset + sizeof(heap_header) <= heads_offset && slab_classes <= 64);

// --- Undo log ---------------------------------------------------------------------------------------------

struct undo_entry {
    std::uint64_t tagged; ///< offset of a word in the file (48 bits), undo_tag
    std::uint64_t old;    ///< what it held
};
static_assert(sizeof(undo_entry) == 16);

/// The high 16 bits of the entries that a transaction writes: those of others behind the end are not taken for its own.
[[nodiscard]] constexpr std::uint64_t undo_tag(std::uint64_t txn) noexcept { return txn << 48; }

/// Chunk 0 follows the header; chunk k has twice the entries of chunk k - 1 and is a run of the heap.
struct undo_log {
    static constexpr std::uint64_t first_capacity = 2496;
    static constexpr std::size_t chunks_max = 20;
    std::uint64_t
        txn; ///< checked_word with undo_word_tag: whose entries these are; void if it is not above `applied`
    std::uint64_t tail;                           ///< counted_word: entries
    std::array<std::uint64_t, chunks_max> chunks; ///< references; [0] is unused
    std::array<std::uint64_t, 10> reserved;
    std::array<undo_entry, first_capacity> first;
};
static_assert(offsetof(undo_log, first) == 256 && std::has_unique_object_representations_v<undo_log>);
static_assert(undo_log_offset + sizeof(undo_log) <= durable_slot_a_offset);

} // namespace holdfast::format
