// A lock that belongs to a process: any of its threads may release it, and only its death gives it away.
//
// The word says who holds it: an attachment line and that line's generation. A holder is dead when its line has
// another generation or nobody holds the line's byte. A pair of line and generation is never given twice and death is
// for ever, so "found dead" and a compare-and-swap from that very word are right however late they come.
//
//   bit 0        somebody sleeps
//   bits 1..20   line
//   bits 21..63  generation; {line 0, generation 1} is "abandoned": free, but what it guards needs repair
//
// Thread safety: all members; threads of one process exclude each other, too. Process safety: that is what it is for.
// Memory order: taking it is an acquire, releasing it a release operation. The price: a dead holder counts as alive
// until its whole address space is gone, 50 to 90 ms for each GiB that it had resident.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "format/control.hpp"
#include "os/time.hpp"
#include "segment/words.hpp"

namespace holdfast {

class attachments;

enum class lock_result {
    locked,
    owner_died, ///< locked, too; what it guards has to be repaired first
    timed_out,
    cancelled,
    unneeded, ///< what it was waited for has happened
    blind,    ///< this process can't see its own byte, so it can't judge others
};

/// Who holds a lock; `line` 0: nobody.
struct lock_holder {
    std::uint32_t line = 0;
    std::uint64_t generation = 0;
};

class process_lock final {
public:
    process_lock(std::uint64_t& word, const attachments& table) noexcept : word_(&word), table_(&table) {}

    /// Takes it if it is free: one compare-and-swap.
    [[nodiscard]] bool try_lock() noexcept {
        std::uint64_t expected = 0;
        return shared_word(*word_).compare_exchange_strong(expected, own(), std::memory_order_acq_rel);
    }
    /// Waits for it; asks whether the holder is dead after each nap, and once before it gives up.
    [[nodiscard]] lock_result lock(os::deadline until, const std::stop_token& stop) noexcept {
        return lock_unless([] { return false; }, until, stop);
    }
    /// The same, but gives up as `unneeded` when `happened` says so, which is asked before each try and after each nap.
    [[nodiscard]] lock_result lock_unless(const std::function<bool()>& happened, os::deadline until,
                                          const std::stop_token& stop) noexcept;
    /// False: it was not this process's; nothing has changed.
    [[nodiscard]] bool unlock() noexcept { return leave_as(0, false); }
    /// The same, and lets all who wait look whether they still need it.
    [[nodiscard]] bool unlock_for_all() noexcept { return leave_as(0, true); }
    /// Releases it so that the next one repairs what it guards.
    bool abandon() noexcept { return leave_as(abandoned, false); }

    [[nodiscard]] lock_holder holder() const noexcept;
    [[nodiscard]] bool held_by_this_process() const noexcept;

    [[nodiscard]] static constexpr std::uint64_t word_of(std::uint32_t line,
                                                         std::uint64_t generation) noexcept {
        return generation << 21 | std::uint64_t{line} << 1;
    }
    static constexpr std::uint32_t line_max = (1U << 20) - 1;
    static_assert(format::attachment_lines_max <= line_max);
    static constexpr std::uint64_t generation_max = (std::uint64_t{1} << 43) - 1;

private:
    static constexpr std::uint64_t sleepers = 1;
    static constexpr std::uint64_t abandoned = std::uint64_t{1} << 21; ///< line 0, generation 1

    enum class verdict { alive, dead, blind };
    [[nodiscard]] std::uint64_t own() const noexcept;
    [[nodiscard]] verdict judge(std::uint64_t seen) const noexcept;
    [[nodiscard]] bool leave_as(std::uint64_t left, bool wakes_all) noexcept;
    [[nodiscard]] bool spin() noexcept;
    [[nodiscard]] bool sleep(std::uint64_t seen, std::chrono::microseconds nap) noexcept;

    std::uint64_t* word_;
    const attachments* table_;
};

} // namespace holdfast
