// The segment: one file, mapped once per process over a reserved stretch of addresses, with the protocol of
// who is attached, who is alone and who writes.
//
// Invariants
//  - A file at a store's path is complete: it is made under no name (or a temporary one) and published by link.
//  - A process maps a file once for writing (the registry); the base never moves while anybody holds the segment.
//  - All bytes below head's `end_bytes` have disk space behind them, so touching them can't raise SIGBUS.
//  - Control area locks are used only after the stamp was found to be this boot's, under the gate.
//  - Nobody truncates or re-initialises unless it holds the "alone" byte exclusively, under the gate.
//
// Thread safety: all members may be called from any thread, except where said. Process safety: by OFD locks and
// the robust writer mutex. After fork() the child's segments throw errc::forked.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "format/commit.hpp"
#include "format/control.hpp"

namespace holdfast {

class segment;

/// What the layers above do at the turning points of a segment's life. All may throw.
struct segment_hooks {
    /// A new file, zeroed, mapped and allocated up to `segment_initial_bytes`, known to nobody yet: write the first commit.
    void (*format_new)(segment&) = nullptr;
    /// Called with the writer mutex held (its owner died), or alone under the gate: roll back the transaction
    /// of a dead process, if there is one. Idempotent. Counts in control().recoveries when there was one.
    void (*recover)(segment&) = nullptr;
    /// Alone under the gate, the stamp is of another boot or another file, and the file was not closed cleanly:
    /// verify all of it (after `recover`); throws errc::corrupt if it is not whole.
    void (*verify)(segment&) = nullptr;
};

enum class segment_mode {
    create,    ///< read and write; created if there is none
    write,     ///< read and write; must exist
    read_only, ///< O_RDONLY, PROT_READ: never changes a byte
};

struct segment_options {
    segment_mode mode = segment_mode::create;
    std::chrono::milliseconds timeout{30'000}; ///< for each wait on a lock
    std::uint64_t capacity_bytes = 0;          ///< of address space to reserve; 0: the default
    bool any_file_system = false;              ///< also NFS, 9p, virtiofs and FUSE
    bool separate_mapping = false;             ///< tests only: not shared through the registry
    segment_hooks hooks{};
};

/// Disk space that a new file has: the heap's first table and some blocks for data.
inline constexpr std::uint64_t segment_initial_bytes = format::heap_offset + 32 * format::block_bytes;

/// One snapshot that somebody holds.
struct held_pin {
    txn_id pin = txn_id::none;
    std::uint64_t pid = 0;      ///< 0: a read-only process whose id is not known
    std::uint64_t since_ns = 0; ///< CLOCK_BOOTTIME; 0: unknown or momentary
};

/// A reader slot of this process. Claimed by `segment::claim_slot`; `pin` is the word that writers look at.
struct reader_slot {
    std::atomic<std::uint64_t>* pin = nullptr;
    std::atomic<std::uint64_t>* since_ns = nullptr;
    std::uint32_t line = 0;
    [[nodiscard]] explicit operator bool() const noexcept { return pin != nullptr; }
};

class segment final : public std::enable_shared_from_this<segment> {
public:
    /// Opens `path` as `options.mode` says, creating the file and (mode create) nothing else.
    /// Throws not_found, not_a_store, corrupt, newer_format, permission, timed_out, no_space, unsupported, io_error.
    [[nodiscard]] static std::shared_ptr<segment> open(const std::filesystem::path& path,
                                                       const segment_options& options);
    ~segment(); ///< detaches; whoever is the last one syncs and marks the file clean

    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept;
    [[nodiscard]] bool read_only() const noexcept;
    [[nodiscard]] std::byte* base() const noexcept;
    [[nodiscard]] std::uint64_t capacity_bytes() const noexcept;
    [[nodiscard]] format::head& head() const noexcept;
    [[nodiscard]] format::control_header& control() const noexcept;
    [[nodiscard]] std::array<std::uint8_t, 16> incarnation() const noexcept;

    /// Throws forked or io_error (a failure of the system poisons the segment until all its handles are closed).
    /// Every operation begins with it; costs two loads.
    void check_usable() const;
    /// Whether this is a child's copy of its parent's segment: it must not touch shared words.
    [[nodiscard]] bool forked() const noexcept;
    void poison() noexcept;

    /// Allocates disk space so that the file has at least `end_bytes` bytes, all backed. Under the writer lock or
    /// alone. Throws no_space (disk or quota full, or a file size limit), address_space, io_error.
    void ensure_allocated(std::uint64_t end_bytes);
    /// As the file system counts it.
    [[nodiscard]] std::uint64_t allocated_bytes() const;
    [[nodiscard]] std::uint64_t file_bytes() const;

    // --- The writer lock ---

    /// Takes the robust writer mutex; if its owner died, runs hooks.recover and marks it consistent last.
    /// Marks the file dirty (durably) if it was clean. Throws timed_out (naming the holder), nested_write (this
    /// thread holds it), read_only, forked, io_error, corrupt.
    void lock_writer(std::chrono::milliseconds timeout);
    void unlock_writer() noexcept;
    /// Whether the calling thread holds the writer lock through this segment.
    [[nodiscard]] bool writing_here() const noexcept;

    // --- Readers ---

    /// A slot of this process, idle; grows the table. Not for read-only segments. Lock-free unless it grows.
    [[nodiscard]] reader_slot claim_slot();
    void release_slot(reader_slot slot) noexcept;
    /// Read-only segments: pins a transaction by an OFD read lock (counted per process); the kernel drops it at death.
    void pin_by_lock(txn_id pin);
    void unpin_by_lock(txn_id pin) noexcept;
    /// Makes the pins and heads of all readers comparable: after it, a pin that is not seen will see the head.
    /// membarrier(GLOBAL_EXPEDITED), or a fence where head().fenced is set.
    void reader_barrier() const noexcept;
    /// All pins held now, in no order, single reads included. After reader_barrier.
    [[nodiscard]] std::vector<held_pin> pins() const;
    /// Clears the lines of processes that died. Returns how many there were.
    std::size_t reap();

    struct attached_process {
        std::uint64_t pid = 0;
        std::uint32_t line = 0;
        bool self = false;
    };
    [[nodiscard]] std::vector<attached_process> processes() const;

private:
    class impl;
    explicit segment(std::unique_ptr<impl> state) noexcept;
    std::unique_ptr<impl> impl_;
};

} // namespace holdfast
