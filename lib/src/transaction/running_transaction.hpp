// The running transaction: the writer lock, the accounts' undo log, and the space that its trees allocate from.
//
// Invariants: see docs/design.md, "The central invariant". The one publishing store is in `commits::publish`;
// nothing after it throws. A transaction that is not committed is undone when it is destroyed.
//
// Thread safety: used by one thread of its process at a time, whichever that is.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include <holdfast/durability.hpp>

#include "format/commit.hpp"
#include "transaction/commit_state.hpp"
#include "transaction/engine.hpp"
#include "transaction/reclaim_pace.hpp"
#include "tree/space.hpp"

namespace holdfast {

class running_transaction final : public space {
public:
    /// Waits for the writer lock until `stop` is requested, rolls back what a dead writer left, reclaims when enough
    /// was retired.
    running_transaction(std::shared_ptr<engine> owner, std::chrono::milliseconds timeout,
                        const std::stop_token& stop = {});
    ~running_transaction() override;

    // --- space ---
    [[nodiscard]] ref allocate(std::uint64_t size) override;
    void release(ref place, std::uint64_t size, txn_id made) override;
    [[nodiscard]] space_view view() const noexcept override {
        return {base_, format::heap_offset, engine_->heap().end_bytes()};
    }

    /// The commit that this transaction builds on.
    [[nodiscard]] const format::commit_slot& before() const noexcept { return before_.slot; }
    [[nodiscard]] engine& owner() const noexcept { return *engine_; }

    /// Allocations may use the reserve: set while a transaction only erases.
    void allow_reserve(bool allowed) noexcept {
        engine_->heap().allocation_policy().may_break_reserve = allowed;
    }

    /// Reclaims what no pin holds, as far as the undo log has room without growing. Returns how many objects or lists
    /// were examined.
    std::uint64_t reclaim_all_that_fits();
    /// Whether it ran into a full disk.
    [[nodiscard]] bool was_short_of_space() const noexcept { return pace_.was_pressed(); }

    /// What it does, if that has to be entered in the redo log; else null.
    [[nodiscard]] operation_log* operations() const noexcept {
        return logging_ && engine_->operations().wants_more() ? &engine_->operations() : nullptr;
    }

    /// Makes `next`, which has the roots and next_map_id and is given the rest, the newest commit, ends the
    /// transaction, and waits for the medium, as `level` says. If it throws and the transaction has not ended,
    /// nothing was committed and it can only be undone; if it has ended, it is committed, but may not be on the medium.
    void commit(format::commit_slot& next, durability level = durability::process);
    /// Undoes everything and ends the transaction, unless it has ended.
    void abort() noexcept;

private:
    void load_newest();
    void begin_operations();
    void make_log(format::commit_slot& next);
    [[nodiscard]] logged_commit enter_log(format::commit_slot& next);
    [[nodiscard]] std::string holders_of_space() const;
    void finish() noexcept;

    std::shared_ptr<engine> engine_;
    commit_state before_;
    retired_objects retired_;
    reclaim_pace pace_;
    std::chrono::milliseconds timeout_;
    bool open_ = false;
    bool logging_ = false; ///< commits enter the redo log
    bool starts_log_ = false;
    bool hidden_ = false; ///< readers do not see the commit before yet
};

} // namespace holdfast
