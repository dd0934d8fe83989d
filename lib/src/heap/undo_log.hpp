// The undo log: the only way in which the heap's accounts are changed.
//
// Invariant: when a word changes, its old value already stands in the log and is counted by `tail`. So copying
// the old values back, last first, restores the accounts to the beginning of the transaction, however often it
// is interrupted and begun again (docs/design.md, "The central invariant").
//
// Thread and process safety: under the writer lock only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "base/types.hpp"
#include "format/checked_word.hpp"
#include "format/heap.hpp"
#include "heap/account_sums.hpp"
#include "os/failpoint.hpp"
#include "os/in_order.hpp"

namespace holdfast {

class undo_log {
public:
    /// An operation of the heap that begins with `spare() >= spare_min` never runs out of log.
    static constexpr std::uint64_t spare_min = 256;

    explicit undo_log(std::byte* base) noexcept
        : base_(base), log_(reinterpret_cast<format::undo_log*>(base + format::undo_log_offset)) {}

    /// Whether number and length are what was written. If not, it can't be said whether the log is active, and
    /// nobody may write.
    [[nodiscard]] bool is_sound() const noexcept {
        const format::checked_word number(log_->txn);
        return number.is_sound() && number.tag() == format::undo_word_tag && format::is_counted(log_->tail);
    }
    /// Whether the log holds changes of a transaction that was neither committed nor undone; false if it is not sound.
    [[nodiscard]] bool active(txn_id applied) const noexcept {
        return is_sound() && last_begun() > applied && entries() != 0;
    }
    /// The highest transaction that was ever begun, if the log is sound.
    [[nodiscard]] txn_id last_begun() const noexcept { return format::checked_word(log_->txn).number(); }

    /// Empties the log and gives it to transaction `id`, which is below format::txn_limit. Only while it is not
    /// active.
    void begin(txn_id id) noexcept;

    /// Changes a word of the heap's accounts.
    void set(std::uint64_t& word, std::uint64_t value) noexcept {
        HOLDFAST_ASSERT(cursor_ != limit_);
        const std::uint64_t offset = static_cast<std::uint64_t>(reinterpret_cast<std::byte*>(&word) - base_);
        const std::uint64_t old = word;
        sums_.note(offset, old, value);
        failpoint("undo.before_entry");
        in_order(
            "undo.log_first", "undo.before_change",
            [&] {
                cursor_->tagged = offset | tag_;
                cursor_->old = old;
                failpoint("undo.before_count");
                count_entry();
            },
            [&] { store_word(word, value); });
        failpoint("undo.after_change");
    }
    /// The same for half a word.
    void set(std::uint32_t& half, std::uint32_t value) noexcept {
        const auto address = reinterpret_cast<std::uintptr_t>(&half);
        auto& word = *reinterpret_cast<std::uint64_t*>(address & ~std::uintptr_t{7});
        const unsigned shift = (address & 7) != 0 ? 32 : 0;
        set(word, (word & ~(std::uint64_t{0xFFFFFFFF} << shift)) | std::uint64_t{value} << shift);
    }

    /// Copies all old values back and empties the log. `backed_bytes`: the file has that many bytes.
    /// Throws corrupt if an entry does not point into the heap's accounts; then nothing was changed.
    void roll_back(std::uint64_t backed_bytes);

    /// By how much the sums of the accounts have changed since `begin`.
    [[nodiscard]] const sum_differences& sums() const noexcept { return sums_; }

    /// Entries that still fit without another chunk.
    [[nodiscard]] std::uint64_t spare() const noexcept {
        return static_cast<std::uint64_t>(limit_ - cursor_) + after_;
    }
    [[nodiscard]] std::uint64_t entries() const noexcept { return format::counted_number(log_->tail); }

    /// Bytes of the chunk that would be added next.
    [[nodiscard]] std::uint64_t next_chunk_bytes() const noexcept {
        return capacity_of(chunks_) * sizeof(format::undo_entry);
    }
    /// Entries that finding a place for that chunk takes at most: those of runs, and of the tables of a grown heap.
    [[nodiscard]] std::uint64_t growth_entries() const noexcept {
        return 128 + next_chunk_bytes() / (format::block_bytes * format::blocks_per_table) * 8;
    }
    /// Whether the log can't have another chunk.
    [[nodiscard]] bool is_at_limit() const noexcept { return chunks_ == format::undo_log::chunks_max; }
    /// Adds a chunk of that size.
    void add_chunk(ref place);
    /// The chunks added so far: [1, chunks()).
    [[nodiscard]] std::size_t chunks() const noexcept { return chunks_; }
    [[nodiscard]] ref chunk(std::size_t index) const noexcept { return ref::from_units(log_->chunks[index]); }

private:
    [[nodiscard]] static constexpr std::uint64_t capacity_of(std::size_t chunk) noexcept {
        return format::undo_log::first_capacity << chunk;
    }
    static void store_word(std::uint64_t& word, std::uint64_t value) noexcept {
        std::atomic_ref(word).store(value, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    void count_entry() noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst);
        store_word(log_->tail, log_->tail + format::counted_step);
        if (++cursor_ == limit_) {
            advance();
        }
    }
    void advance() noexcept;
    [[nodiscard]] const format::undo_entry& entry(std::uint64_t index, std::uint64_t backed_bytes) const;
    [[nodiscard]] std::uint64_t account_of(const format::undo_entry& entry, std::uint64_t backed_bytes) const;
    void verify(std::uint64_t backed_bytes) const;

    std::byte* base_;
    format::undo_log* log_;
    sum_differences sums_;
    std::uint64_t tag_ = 0;                ///< of the entries of this transaction
    format::undo_entry* cursor_ = nullptr; ///< the next entry
    format::undo_entry* limit_ = nullptr;  ///< the end of its chunk
    std::uint64_t after_ = 0;              ///< entries in the chunks behind it
    std::size_t filling_ = 0;              ///< the chunk that the cursor is in
    std::size_t chunks_ = 1;
};

} // namespace holdfast
