// The redo log while it is in use: entering commits, and bringing them to the medium for all who wait.
//
// While a store logs, each commit has a record behind that of the commit before, and says where the log ends with it.
// A commit is durable once the log is on the medium up to there, provided that the durable commit is not older than the
// gap: the newest commit that the log does not have, because it was too large, or because it was the one that switched
// the log on.
//
// Invariants
//  - Bytes of records that a replay may need, from `log_tail` on, are never overwritten.
//  - A commit that waits becomes visible when it is durable, with all before it; or when that has failed.
//  - All of it may be repeated: who follows a killed flusher flushes again.
#include <algorithm>

#include "os/failpoint.hpp"
#include "os/in_order.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

// --- Entering, under the writer lock ----------------------------------------------------------------------

void segment::start_logging(std::uint64_t log_end, txn_id by) {
    const durable_state state = durable(); // what it would be replayed on
    format::control_header& shared = control();
    store_shared(shared.log_tail, state.newest ? std::min(state.newest->commit.log_end, log_end) : log_end);
    store_shared(shared.log_flushed, log_end);
    leave_gap(by);
    store_shared(shared.logging, 1);
    failpoint("log.started");
}

bool segment::log_has_room(const format::commit_slot& before, std::uint64_t operations) const noexcept {
    const std::uint64_t record = redo_log::record_bytes(operations);
    const std::uint64_t bytes = format::log_bytes(before);
    return record <= bytes / 4 && before.log_end - log_tail(before) + record <= bytes;
}

std::uint64_t segment::log_tail(const format::commit_slot& newest) const noexcept {
    return std::min(load_shared(control().log_tail), newest.log_end);
}

void segment::log_commit(const format::commit_slot& before, format::commit_slot& next,
                         std::span<const std::byte> operations) noexcept {
    format::log_record header{};
    header.txn = next.txn;
    header.previous = before.txn;
    header.time_ns = next.time_ns;
    next.log_end = redo_log(base(), next).write(before.log_end, header, operations);
    failpoint("log.written");
}

/// What a transaction that was undone left must not become a commit by a power cut that brings later heads to the
/// medium. Where the log is full there is no record of it, but one that is still needed.
void segment::erase_undone_commit(const format::commit_slot& newest) {
    if (!protocol_order("log.erase_undone")) {
        return;
    }
    const std::uint64_t slot = commits().spoil_place(newest.sequence + 1);
    flush_ranges({{{slot, sizeof(format::commit_slot)}, {}}});
    const std::uint64_t end = newest.log_end + sizeof(format::log_record);
    if (newest.log_block == 0 || end - log_tail(newest) > format::log_bytes(newest)) {
        return;
    }
    redo_log log(base(), newest);
    log.erase(newest.log_end);
    flush_ranges(log.places(newest.log_end, end));
    failpoint("log.erased");
}

// --- Flushing ---------------------------------------------------------------------------------------------

bool segment::is_durable(const logged_commit& one) const {
    const std::uint64_t durable = raw(commits().durable());
    return durable >= raw(one.number) ||
           (durable >= one.gap && load_shared(control().log_flushed) >= one.log_end);
}

bool segment::logged_since_durable(const format::commit_slot& newest) const {
    const durable_state state = durable();
    if (!logs() || !state.newest || state.newest->commit.txn < log_gap() ||
        state.newest->commit.txn > newest.txn) {
        return true;
    }
    const redo_log log(base(), newest);
    std::uint64_t position = state.newest->commit.log_end;
    txn_id last{state.newest->commit.txn};
    while (raw(last) < newest.txn) {
        const auto record = log.read(position, last);
        if (!record) {
            return false;
        }
        position = record->end;
        last = txn_id{record->header.txn};
    }
    return raw(last) == newest.txn && position == newest.log_end;
}

bool segment::flush_log(os::deadline until, const logged_commit* waiting) {
    process_lock lock = {control().log.word, *table_};
    const auto is_done = [&]() noexcept {
        try {
            return waiting != nullptr && is_durable_and_visible(*waiting);
        } catch (const error&) { // a head is damaged: whoever waits finds that out by itself
            return true;
        }
    };
    const lock_result result = lock.lock_unless(is_done, until, {});
    if (result == lock_result::unneeded) {
        return true;
    }
    expect_locked(result, "another process's write to the redo log did not end in time");
    try {
        const bool done = is_done() || flush_log_locked();
        static_cast<void>(lock.unlock_for_all());
        return done;
    } catch (...) {
        static_cast<void>(lock.unlock());
        throw;
    }
}

/// Under the log lock, which keeps no writer from entering further commits.
bool segment::flush_log_locked() {
    failpoint("log.locked");
    expect_no_failed_sync();
    const holdfast::commits heads = commits();
    format::commit_slot newest{};
    commit_head head = heads.applied();
    while (!heads.copy_sound(head, newest)) { // its place is used again only once later ones are visible
        const commit_head now = heads.applied();
        if (now == head) {
            fail(errc::corrupt, path_, "the newest commit is damaged", "run 'holdfast check' on the store");
        }
        head = now;
    }
    // The gap is stored before the commit that leaves it is applied.
    if (load_shared(control().logging) == 0 || newest.log_block == 0 ||
        raw(heads.durable()) < load_shared(control().log_gap)) {
        return false;
    }
    const std::uint64_t flushed = load_shared(control().log_flushed);
    if (newest.log_end > flushed) {
        const std::uint64_t from = std::max(flushed, log_tail(newest));
        in_order(
            "log.flush_first", "log.flushed",
            [&] {
                flush_ranges(redo_log(base(), newest).places(from, newest.log_end));
                expect_no_failed_sync();
            },
            [&] { raise_to(control().log_flushed, newest.log_end); });
    }
    commits().show(head);
    failpoint("log.shown");
    return true;
}

void segment::flush_ranges(const std::array<os::byte_range, 2>& ranges) {
    constexpr std::uint64_t page_bytes = 4 * format::kib;
    for (const os::byte_range& range : ranges) {
        const std::uint64_t begin = range.start - range.start % page_bytes;
        const int code = range.bytes == 0 ? 0 : mapping_.flush({begin, range.start + range.bytes - begin});
        if (code != 0) {
            note_failed_sync();
            fail_system(code, path_, "can't bring the redo log to the medium");
        }
    }
}

log_state segment::log() const {
    log_state state;
    format::commit_slot newest{};
    if (!commits().copy_newest(newest) || newest.log_block == 0) {
        return state;
    }
    state.bytes = format::log_bytes(newest);
    if (load_shared(control().logging) != 0) {
        state.in_use = true;
        state.filled = newest.log_end - log_tail(newest);
        state.unflushed = newest.log_end - std::min(load_shared(control().log_flushed), newest.log_end);
    }
    return state;
}

} // namespace holdfast
