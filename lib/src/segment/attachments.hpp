// The attachment table: which processes are attached, which reader slots they have, what those pin.
//
// A process line lives while its byte of the file is locked; a slot line belongs to a process line and dies with
// it. Thread safety: all members. Process safety: lines are claimed by compare-and-swap; a line's byte is locked
// before the line is claimed, and the reaper of a dead line holds its byte until the line is free.
// Invariants
//  - lines_used is above every line that was ever claimed, and is raised before the claim.
//  - A line's pin is 0 whenever it is free.
//  - Counters and claims in the file are not trusted: all are bounded by the room that the table has.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "base/types.hpp"
#include "format/control.hpp"
#include "os/file.hpp"
#include "os/lifetime_lock.hpp"
#include "os/time.hpp"

namespace holdfast {

/// One snapshot that somebody holds.
struct held_pin {
    txn_id pin = txn_id::none;
    std::uint64_t pid = 0;      ///< 0: a read-only process whose id is not known
    std::uint64_t since_ns = 0; ///< CLOCK_BOOTTIME; 0: unknown or momentary
};

class attachments final {
public:
    /// `base` is where the file is mapped, writable.
    attachments(std::byte* base, const os::file& f, const std::filesystem::path& path) noexcept;

    /// Makes the table empty. Alone only. Generations go on where `same_boot` says that lock words may name them.
    void clear(bool same_boot) noexcept;

    /// Claims a line for this process, growing the table. Under the gate. Throws no_space, io_error, and timed_out
    /// where
    /// a process that may only read keeps all lines locked.
    void claim_process(os::deadline until);
    /// Frees all slots of this process, then its line and its byte.
    void leave() noexcept;
    /// The line of this process; 0: it has none.
    [[nodiscard]] std::uint32_t own_line() const noexcept { return own_line_; }
    [[nodiscard]] std::uint64_t own_generation() const noexcept { return own_generation_; }

    enum class life { present, gone, unknown };
    /// Whether the process that had `line` in `generation` may still store into the file. `unknown`: the locks of this
    /// very process can't be seen, so those of others prove nothing.
    [[nodiscard]] life find_life(std::uint32_t line, std::uint64_t generation) const noexcept;

    /// Whether any other process, or another mapping of this one, has a line and lives; 0 or an errno. Under the gate
    /// the answer stays true. Who may only read can't make it true, for it takes a write lock to say so.
    [[nodiscard]] int find_others(bool& found) const noexcept;

    /// A free line, now a slot of this process; nothing if all allocated lines are taken. Lock-free.
    [[nodiscard]] std::optional<std::uint32_t> try_claim_slot() noexcept;
    void release_slot(std::uint32_t line) noexcept;
    /// Makes room for more lines. Under the gate. Throws no_space (naming who has most of the lines), io_error.
    void grow();
    [[nodiscard]] std::uint32_t lines_allocated() const noexcept;

    /// Frees the lines of dead processes; returns how many processes there were.
    std::size_t reap() noexcept;

    /// Adds what slots pin now.
    void collect_pins(std::vector<held_pin>& pins) const;
    /// The lines of processes that live.
    [[nodiscard]] std::vector<std::uint32_t> living() const;
    [[nodiscard]] format::attachment_line& line(std::uint32_t index) const noexcept { return lines_[index]; }

private:
    [[nodiscard]] std::uint32_t lines_used() const noexcept;
    [[nodiscard]] bool try_claim(std::uint32_t index, std::uint64_t claim) const noexcept;
    enum class claim_outcome { claimed, taken, blocked };
    [[nodiscard]] claim_outcome try_claim_process_at(std::uint32_t index);
    [[nodiscard]] bool is_write_locked(std::uint32_t index) const;
    [[nodiscard]] std::uint64_t next_generation() const noexcept;
    [[noreturn]] void fail_blocked() const;
    [[noreturn]] void fail_full() const;
    void free_line(std::uint32_t index) const noexcept;
    void free_slots_of(const std::vector<bool>& owners) const noexcept;
    [[nodiscard]] std::vector<std::uint32_t> lock_dead() const;

    format::control_header* control_;
    format::attachment_line* lines_;
    const os::file& file_;
    const std::filesystem::path& path_;
    std::uint32_t own_line_ = 0;
    std::uint64_t own_generation_ = 0;
    os::lifetime_lock own_byte_;
    std::atomic<std::uint32_t> hint_{1}; ///< where a free line is likely
    std::mutex reaping_;                 ///< byte locks don't keep threads of one process apart
};

} // namespace holdfast
