// Sync points: bringing a commit to the medium, beside readers and writers.
//
// Invariants
//  - The commit that is carried was the newest when `candidate` named it, so no reclaimer can have overlooked it.
//  - `durable` names only what a slot on the medium names, whose pages were flushed before.
//  - A slot's successor is written by what the file says, under the slot lock: writers promise numbers meanwhile.
//
// If a syncer dies, `candidate` stays and holds back what it needs. Its slot may be in the page cache only: whoever
// finds `candidate` set writes the newest slot again, durably, before `durable` follows it; and so does whoever writes
// the next one.
#include <algorithm>

#include "os/failpoint.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

void segment::lock_sync(os::deadline until) {
    expect_usable();
    if (read_only()) {
        fail(errc::read_only, path_, "the store is opened for reading only", "open it for writing");
    }
    process_lock lock = sync_lock();
    const lock_result result = lock.try_lock() ? lock_result::locked : lock.lock(until, {});
    expect_locked(result, "another process's sync point did not end in time");
    failpoint("sync.locked");
    try {
        settle_candidate();
    } catch (...) {
        static_cast<void>(lock.unlock());
        throw;
    }
}

/// Of a lock whose dead holder leaves nothing to repair.
void segment::expect_locked(lock_result result, std::string_view what) const {
    if (result == lock_result::timed_out) {
        fail(errc::timed_out, path_, what, "try again");
    }
    if (result == lock_result::blind) {
        fail(errc::io_error, path_, "this process can't see its own lock on the file",
             "open the store again; the file system may have lost its locks");
    }
}

void segment::unlock_sync() noexcept {
    process_lock lock = sync_lock();
    static_cast<void>(lock.unlock());
    failpoint("sync.unlocked");
}

void segment::make_sync_point() {
    expect_no_failed_sync();
    bring_newest_to_medium(false);
}

/// Under the lock of whoever flushes: a sync that failed meanwhile may have given up pages, so that the next one
/// succeeds without them.
void segment::expect_no_failed_sync() const {
    if (has_failed_sync()) {
        fail(errc::io_error, path_,
             "bringing commits to the medium has failed, which has to be followed up first",
             "write something, or open the store again");
    }
}

void segment::bring_newest_to_medium(bool follows_up) {
    format::commit_slot newest{};
    failpoint("sync.begin");
    choose_candidate(newest);
    failpoint("sync.candidate");
    bring_to_medium(newest, follows_up);
}

/// What a later commit retires is freed only after that one became visible, and who frees looks at `candidate` after it
/// looked at `visible`, with a barrier for both sides in between: so if the newest commit is not behind what readers
/// see once `candidate` names it, it holds back all that it reaches.
void segment::choose_candidate(format::commit_slot& commit) {
    holdfast::commits heads = commits();
    for (int tries = 0;; ++tries) {
        const commit_head newest = heads.applied();
        if (protocol_order("sync.candidate_first")) {
            heads.set_candidate(newest.number());
            os::full_fence();
        }
        if (heads.copy_sound(newest, commit) && heads.visible().number() <= newest.number()) {
            return;
        }
        constexpr int tries_max = 1'000'000;
        if (tries >= tries_max && heads.applied() == newest) {
            heads.set_candidate(txn_id::none);
            fail(errc::corrupt, path_, "the newest commit is damaged", "run 'holdfast check' on the store");
        }
    }
}

void segment::bring_to_medium(const format::commit_slot& commit, bool follows_up) {
    holdfast::commits heads = commits();
    if (protocol_order("sync.flush_first")) {
        flush_up_to(commit.end_bytes);
    }
    failpoint("sync.flushed");
    if (!follows_up) {
        expect_no_failed_sync();
    }
    if (!protocol_order("sync.slot_first")) {
        heads.set_durable(txn_id{commit.txn});
        failpoint("sync.durable_early");
    }
    write_slot([&](durable_content& next) { next.commit = &commit; });
    failpoint("sync.written");
    heads.set_durable(txn_id{commit.txn});
    failpoint("sync.durable");
    heads.set_candidate(txn_id::none);
    heads.show(commit_head(txn_id{commit.txn}, commit.sequence % format::commit_slots));
    raise_to(control().log_tail, commit.log_end);
    raise_to(control().log_flushed, commit.log_end); // the log is a part of the heap
    store_shared(control().synced_ns, os::boottime_ns());
    failpoint("sync.done");
}

txn_id segment::durable_version() const {
    if (!read_only() || somebody_attached()) {
        return commits().durable();
    }
    const durable_state state = durable(); // nobody keeps the heads
    return state.newest ? txn_id{state.newest->commit.txn} : txn_id::none;
}

/// A syncer died, or failed: `durable` follows the slot that it may have written.
void segment::settle_candidate() {
    holdfast::commits heads = commits();
    if (heads.candidate() == txn_id::none) {
        return;
    }
    if (protocol_order("sync.take_over")) {
        with_slot_lock([&] { settle_slot(durable()); });
    }
    const txn_id written{durable().newest.value_or(format::durable_slot{}).commit.txn};
    failpoint("sync.taken_over");
    heads.set_durable(written);
    heads.set_candidate(txn_id::none);
}

/// All that a commit which ends there can reach, and the accounts; not the control area, which never rests.
void segment::flush_up_to(std::uint64_t end_bytes) {
    const std::uint64_t end = std::min(end_bytes, capacity_bytes());
    int code = mapping_.flush({format::heap_offset, end - format::heap_offset});
    code = code != 0 ? code : mapping_.flush({0, format::control_offset});
    if (code != 0) {
        note_failed_sync();
        fail_system(code, path_, "can't bring the store to the medium");
    }
}

/// The whole file, by whoever is alone.
void segment::sync_file() {
    if (const int code = file_.sync_data(); code != 0) {
        note_failed_sync();
        fail_system(code, path_, "can't bring the store to the medium");
    }
}

// --- When that fails --------------------------------------------------------------------------------------

/// The kernel may have given up pages that it could not write, and says so once: the next sync would succeed without
/// them. So nobody writes, in any process, until that was followed up.
/// What waits for it stands, and becomes visible.
void segment::note_failed_sync() noexcept {
    store_shared(control().failed_sync, 1);
    shared_word(control().failed_syncs).fetch_add(1, std::memory_order_relaxed);
    commits().show(commits().applied());
}

/// A write that waits for the medium is told of others' failures, too, and nobody else is.
void segment::note_failed_write(int code) noexcept {
    if (reason_of(code) != errc::no_space) {
        note_failed_sync();
    }
}

/// Makes every page dirty again, makes sure that none was read back as it was before, and brings all to the medium.
/// Under the writer lock.
void segment::follow_up_failed_sync() {
    if (!has_failed_sync()) {
        return;
    }
    lock_sync(os::deadline_after(options_.timeout));
    try {
        const std::uint64_t failures = load_shared(control().failed_syncs);
        dirty_all_pages(judge_newest(base(), file_, path_).end_bytes);
        if (options_.hooks.verify != nullptr) {
            options_.hooks.verify(*this);
        }
        bring_newest_to_medium(true);
        if (load_shared(control().failed_syncs) == failures) { // else the next one follows that up
            store_shared(control().failed_sync, 0);
        }
        failpoint("sync.followed_up");
    } catch (...) {
        unlock_sync();
        throw;
    }
    unlock_sync();
}

void segment::dirty_all_pages(std::uint64_t end_bytes) noexcept {
    constexpr std::uint64_t page_bytes = 4 * format::kib;
    const auto dirty = [&](std::uint64_t begin, std::uint64_t end) {
        for (std::uint64_t at = begin; at < end; at += page_bytes) {
            shared_word(*reinterpret_cast<std::uint64_t*>(base() + at)).fetch_or(0);
        }
    };
    dirty(0, format::durable_slot_a_offset); // what is behind is written through the descriptor, or not kept
    dirty(format::heap_offset, end_bytes);
}

/// Writes the successor of the newest durable slot: the same, but for what `change` makes of it.
void segment::write_slot(const std::function<void(durable_content&)>& change) {
    with_slot_lock([&] { write_slot_alone(change); });
}

void segment::with_slot_lock(const std::function<void()>& work) {
    if (!attached_) {
        return work(); // alone: nobody else can
    }
    process_lock lock = slot_lock();
    // Whoever holds it waits for nothing but the medium. A dead one leaves nothing to repair: the file is read anew.
    const lock_result result =
        lock.try_lock() ? lock_result::locked : lock.lock(os::deadline_after(options_.timeout), {});
    expect_locked(result, "another process's write to the medium did not end in time");
    try {
        work();
    } catch (...) {
        static_cast<void>(lock.unlock());
        throw;
    }
    static_cast<void>(lock.unlock());
}

void segment::write_slot_alone(const std::function<void(durable_content&)>& change) {
    const durable_state state = durable();
    format::commit_slot commit{};
    if (state.newest) {
        commit = state.newest->commit;
    } else if (!commits().copy_newest(commit)) {
        fail(errc::corrupt, path_, "the newest commit is damaged", "restore it from a backup");
    }
    durable_content next{.commit = &commit, .version_limit = state.version_limit()};
    change(next);
    // With a slot lost nobody knows what was newest on the medium, until a sync point brings something there: and this
    // one takes the place of the lost one.
    next.guarded = next.commit != &commit ||
                   (state.newest && state.newest->root_guarded == 1 && !state.other_is_damaged);
    if (next.commit->txn + versions_at_a_time / 2 > next.version_limit) {
        next.version_limit = next.commit->txn + versions_at_a_time;
    }
    next.version_limit = std::min(next.version_limit, format::txn_limit);
    write_next_slot(state, next);
    store_shared(control().version_limit, next.version_limit);
}

/// The newest slot may be in the page cache only, of somebody who died writing it. Its successor goes to the other
/// place, where what the medium knows for certain is: so the newest has to be there first, or a cut might leave two
/// halves.
void segment::settle_slot(const durable_state& state) {
    if (!state.newest || state.newest->sequence == load_shared(control().slot_on_medium) ||
        !protocol_order("sync.settle_first")) {
        return;
    }
    if (const int code = write_again(file_, state); code != 0) {
        note_failed_write(code);
        fail_system(code, path_, "can't write to the medium what is on it");
    }
    store_shared(control().slot_on_medium, state.newest->sequence);
    failpoint("segment.slot.settled");
}

void segment::write_next_slot(const durable_state& state, const durable_content& content) {
    settle_slot(state);
    if (const int code = write_durable(file_, incarnation_, state, content); code != 0) {
        note_failed_write(code);
        fail_system(code, path_, "can't write to the medium what is on it");
    }
    store_shared(control().slot_on_medium, state.next_sequence());
}

// --- What writers need of it ------------------------------------------------------------------------------

/// The first writer after a clean close says so on the medium, before it changes a byte.
void segment::mark_dirty() {
    if (load_shared(control().dirty) != 0) {
        return;
    }
    failpoint("segment.dirty.begin");
    promise_versions(load_shared(control().version_limit) + versions_at_a_time);
    failpoint("segment.dirty.written");
    store_shared(control().dirty, 1);
    failpoint("segment.dirty.marked");
}

void segment::raise_version_limit(txn_id number) {
    failpoint("segment.limit.begin");
    promise_versions(raw(number) + versions_at_a_time);
    failpoint("segment.limit.written");
}

/// Says durably that the store is in use, and which numbers its transactions may have.
void segment::promise_versions(std::uint64_t limit) {
    try {
        write_slot([&](durable_content& next) { next.version_limit = std::max(next.version_limit, limit); });
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space) {
            poison();
        }
        throw;
    }
}

} // namespace holdfast
