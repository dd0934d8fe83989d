// Closing: the lines of this process are freed; whoever is the last one brings everything to the medium and says
// there that the file is clean.
//
// What can't be done stays undone, and the next one who opens the store finds it as after a kill. Destructors are
// silent about it; `segment::close` throws it.
#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "base/assert.hpp"
#include "format/checked_word.hpp"
#include "format/heap.hpp"
#include "os/byte_lock.hpp"
#include "os/failpoint.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

namespace {

/// Where the calling thread wants to know what a close could not do; null: nowhere. The last holder may be given up by
/// any thread at any time, and only the thread that happens to do it runs the destructor.
thread_local std::exception_ptr* close_failure = nullptr;

} // namespace

void segment::close(std::shared_ptr<void> holder) {
    std::exception_ptr failure;
    std::exception_ptr* const outer = std::exchange(close_failure, &failure);
    holder.reset();
    close_failure = outer;
    if (failure) {
        std::rethrow_exception(failure);
    }
}

void segment::detach() noexcept {
    if (!attached_ || forked()) {
        return; // the child of a fork has no descriptor, and the lines are its parent's
    }
    HOLDFAST_ASSERT(read_only() || !writer_lock().held_by_this_process());
    failpoint("segment.close.begin");
    std::optional<gate_lock> gate;
    if (!read_only()) {
        try {
            flush_if_last();
            gate.emplace(gate_, file_, path_, os::lock_mode::exclusive, os::deadline_after(options_.timeout));
            failpoint("segment.close.gate");
            if (!somebody_attached()) {
                close_last();
            }
        } catch (...) {
            poison();
            if (close_failure != nullptr) {
                *close_failure = std::current_exception();
            }
        }
        table_->leave();
    }
    os::unlock_all(file_);
    failpoint("segment.close.unlocked");
}

/// So that there is nothing left to flush when the gate is shut for those who come, unless somebody writes meanwhile.
void segment::flush_if_last() {
    if (!poisoned_.load(std::memory_order_relaxed) && load_shared(control().dirty) != 0 &&
        !somebody_attached()) {
        const change_counts before = changes_so_far();
        sync_file();
        flushed_at_close_ = before;
    }
}

/// Equal at two moments: in between nobody changed what a clean close brings to the medium.
segment::change_counts segment::changes_so_far() const noexcept {
    auto& log = *reinterpret_cast<format::undo_log*>(base() + format::undo_log_offset);
    return {commits().visible().raw(), commits().applied().raw(), load_shared(log.txn),
            load_shared(control().recoveries)};
}

/// Nobody else is attached. Throws where the store can't be closed cleanly.
void segment::close_last() {
    failpoint("segment.close.alone");
    if (load_shared(control().dirty) == 0) {
        return;
    }
    if (poisoned_.load(std::memory_order_relaxed)) {
        fail(errc::io_error, path_, "an earlier failure forbids closing the store cleanly",
             "open it again: that verifies it where it has to be");
    }
    lock_writer(std::chrono::milliseconds::zero()); // undoes what a dead writer left
    try {
        mark_clean();
    } catch (...) {
        unlock_writer();
        throw;
    }
    unlock_writer();
}

/// No number above the last one that was used was ever given: what was promised beyond it is taken back.
std::uint64_t segment::version_limit_at_close(const format::commit_slot& newest) const noexcept {
    const auto& log = *reinterpret_cast<const format::undo_log*>(base() + format::undo_log_offset);
    const format::checked_word begun(log.txn);
    const std::uint64_t last = std::max(
        {newest.txn, load_shared(control().version_floor), begun.is_sound() ? raw(begun.number()) : 0});
    return std::min(last, format::txn_limit);
}

/// Everything to the medium, with commits that waited for it, of processes that died: once they are there, readers may
/// see them.
void segment::sync_and_show() {
    sync_file();
    holdfast::commits heads = commits();
    if (heads.has_hidden()) {
        heads.show(heads.applied());
        sync_file(); // a clean close speaks of what readers see
    }
}

/// Everything to the medium, and then that it is there.
void segment::mark_clean() {
    if (flushed_at_close_ != changes_so_far() || commits().has_hidden()) {
        sync_and_show();
    }
    const judged_commit newest = judge_newest(base(), file_, path_);
    failpoint("segment.close.synced");
    const durable_content content = {.commit = &newest.commit,
                                     .version_limit = version_limit_at_close(newest.commit),
                                     .clean = true,
                                     .header_sum = header_sum(base())};
    // Where one of the slots is damaged, "clean" is believed only once both are whole again.
    for (int slots = durable().other_is_damaged ? 2 : 1; slots > 0; --slots) {
        write_next_slot(durable(), content);
    }
    failpoint("segment.close.clean");
    commits().set_durable(txn_id{newest.commit.txn});
    commits().set_candidate(txn_id::none);
    store_shared(control().dirty, 0);
    failpoint("segment.close.marked");
}

} // namespace holdfast
