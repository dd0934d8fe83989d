// The shared control area: what processes share while they run, and nobody needs after a reboot.
//
// Everything here is initialised anew by whoever is alone when the stamp is of another boot or another file.
// It lies in [control_offset, heap_offset), the only part that a handle opened for reading maps writable.
// All words are accessed with std::atomic_ref.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "format/geometry.hpp"

namespace holdfast::format {

/// Whose locks and tables these are. A difference in any field means: nobody who wrote them is alive.
struct lock_stamp {
    std::array<std::uint8_t, 16> boot_id;
    std::array<std::uint8_t, 16> incarnation;
    std::uint64_t device;
    std::uint64_t inode;
    std::uint64_t lock_layout; ///< how the words of locks are read
    std::uint64_t reserved;
};
static_assert(sizeof(lock_stamp) == 64 && std::has_unique_object_representations_v<lock_stamp>);
inline constexpr std::uint64_t lock_layout = 2;

/// The word of a lock between processes, on a cache line of its own. 0: free.
struct alignas(64) lock_line {
    std::uint64_t word;
    std::array<std::uint64_t, 7> reserved;
};
static_assert(sizeof(lock_line) == 64);

struct alignas(64) control_header {
    lock_stamp stamp;
    lock_line writer;  ///< one writer at a time
    lock_line sync;    ///< sync points
    lock_line durable; ///< choosing and writing a durable slot
    lock_line log;     ///< flushing the redo log
    lock_line changes; ///< reserved: a word that moves with `visible`, and whether somebody sleeps on it
    std::uint64_t generations;     ///< of attachment lines, given so far
    std::uint64_t recoveries;      ///< transactions of dead processes that were rolled back
    std::uint64_t lines_used;      ///< attachment lines ever claimed: scans end here
    std::uint64_t lines_allocated; ///< attachment lines with disk space behind them
    std::uint64_t dirty;           ///< 1: the newest durable slot says "not clean"; set under `writer`
    std::uint64_t failed_sync;     ///< 1: a sync failed, and nobody has followed it up
    std::uint64_t fenced;          ///< 1: some process can't issue membarrier, readers fence themselves
    std::uint64_t version_limit;   ///< the durable slot's: no transaction may have a number above it
    std::uint64_t version_floor;   ///< numbers up to here may have been given in a history that was lost
    std::uint64_t logging;         ///< 1: each commit enters the redo log; set under `writer`
    std::uint64_t log_gap;         ///< the newest commit that is not in it; under `writer`
    /// Records from this position on are still needed; only rises, but under `writer` when logging starts.
    std::uint64_t log_tail;
    std::uint64_t log_flushed;    ///< up to this position the log is on the medium; likewise
    std::uint64_t synced_ns;      ///< CLOCK_BOOTTIME of the last sync point; 0: none yet
    std::uint64_t failed_syncs;   ///< how many there were
    std::uint64_t slot_on_medium; ///< the sequence of the durable slot that is known to be there; 0: of none
};
static_assert(sizeof(control_header) == 512 && std::has_unique_object_representations_v<control_header>);
static_assert(offsetof(control_header, writer) == 64 && offsetof(control_header, generations) == 384);

/// What a line of the attachment table is: the low half of `claim`.
enum class line_kind : std::uint32_t {
    free = 0,
    process = 1, ///< an attached process; the OFD lock on its byte says that it lives
    slot = 2,    ///< a reader slot; the high half of `claim` is the line of the process that owns it
};

/// One cache line of the attachment table. `claim` is set by one compare-and-swap, so that a kill leaves no
/// line without an owner.
struct alignas(64) attachment_line {
    std::uint64_t claim;
    std::uint64_t pin;        ///< slot: the transaction whose snapshot is held; 0: idle
    std::uint64_t since_ns;   ///< slot: when the pin was taken (CLOCK_BOOTTIME), 0 for single reads
    std::uint64_t pid;        ///< process: its id in its own PID namespace
    std::uint64_t pid_space;  ///< process: inode of its PID namespace
    std::uint64_t generation; ///< process: no other attachment of this boot has it
    std::array<std::uint64_t, 2> reserved;
};
static_assert(sizeof(attachment_line) == 64 && std::is_trivially_copyable_v<attachment_line>);

[[nodiscard]] constexpr std::uint64_t make_claim(line_kind kind, std::uint32_t owner) noexcept {
    return std::uint64_t{owner} << 32 | static_cast<std::uint32_t>(kind);
}
[[nodiscard]] constexpr line_kind kind_of(std::uint64_t claim) noexcept {
    return static_cast<line_kind>(static_cast<std::uint32_t>(claim));
}
[[nodiscard]] constexpr std::uint32_t owner_of(std::uint64_t claim) noexcept {
    return static_cast<std::uint32_t>(claim >> 32);
}

inline constexpr std::uint64_t attachment_lines_max =
    (heap_offset - attachments_offset) / sizeof(attachment_line);

/// Bytes of the file that are locked as open-file-description locks. They lie beyond any data.
namespace lock_byte {
inline constexpr std::uint64_t base = std::uint64_t{1} << 61;
inline constexpr std::uint64_t gate = base;          ///< exclusive while opening, closing, claiming lines
inline constexpr std::uint64_t read_only = base + 1; ///< shared by read-only attachers; delays truncation
inline constexpr std::uint64_t process = base + (std::uint64_t{1} << 32); ///< + line: that process lives
inline constexpr std::uint64_t pin = std::uint64_t{1}
                                     << 62; ///< + transaction: a read-only process's snapshot
} // namespace lock_byte

} // namespace holdfast::format
