// The writer lock: one writer among all processes and threads, and what the death of one means.
//
// Invariant: `writer_pid` is not 0 exactly while somebody holds the lock, or left it without having undone a dead
// process's transaction. So whoever gets the lock and finds it set has to recover, even if the mutex says nothing.
#include <cerrno>
#include <string>

#include "os/failpoint.hpp"
#include "os/mutex.hpp"
#include "os/system.hpp"
#include "segment/failure.hpp"
#include "segment/impl.hpp"
#include "segment/words.hpp"

namespace holdfast {

bool segment::impl::writing_here() const noexcept {
    return writer_thread_.load(std::memory_order_relaxed) == os::thread_number();
}

void segment::impl::lock_writer(segment& self, std::chrono::milliseconds timeout) {
    check_usable();
    if (read_only()) {
        fail(errc::read_only, path_, "the store is opened for reading only", "open it for writing");
    }
    if (writing_here()) {
        fail(errc::nested_write, path_, "this thread already has a write transaction on the store",
             "commit or abort that one first");
    }
    const bool owner_died = acquire_writer(timeout);
    failpoint("segment.writer.locked");
    if (owner_died && !protocol_order("lock.consistent_last")) {
        hand_on_unrepaired(timeout);
    }
    const bool left_unclean = owner_died || load(control().writer_pid) != 0;
    writer_thread_.store(os::thread_number(), std::memory_order_relaxed);
    store(control().writer_line, table_->own_line());
    store(control().writer_pid, pid_);
    failpoint("segment.writer.recorded");
    try {
        prepare_to_write(self, left_unclean);
    } catch (...) {
        // The mutex has to be made consistent, or nobody could ever lock it again. What stays undone, the next one
        // finds by `writer_pid`.
        if (owner_died) {
            os::mark_consistent(control().writer);
        }
        release_writer(!left_unclean);
        throw;
    }
    if (owner_died) {
        failpoint("segment.writer.recovered");
        os::mark_consistent(control().writer);
        failpoint("segment.writer.consistent");
    }
}

/// Takes the mutex; whether its owner died. The clock is read only where there is something to wait for.
bool segment::impl::acquire_writer(std::chrono::milliseconds timeout) {
    os::mutex_result result = os::try_lock_mutex(control().writer);
    if (result == os::mutex_result::timed_out) {
        result = os::lock_mutex_until(control().writer, os::deadline_after(timeout));
    }
    if (result != os::mutex_result::locked && result != os::mutex_result::owner_died) {
        fail_writer_lock(result == os::mutex_result::timed_out, timeout);
    }
    return result == os::mutex_result::owner_died;
}

/// What must not be done with a dead owner's mutex; the kill campaign proves that it notices.
void segment::impl::hand_on_unrepaired(std::chrono::milliseconds timeout) {
    os::mark_consistent(control().writer);
    store(control().writer_pid, 0);
    os::unlock_mutex(control().writer);
    failpoint("segment.writer.consistent_early");
    if (os::lock_mutex_until(control().writer, os::deadline_after(timeout)) != os::mutex_result::locked) {
        fail_writer_lock(true, timeout);
    }
}

void segment::impl::prepare_to_write(segment& self, bool left_unclean) {
    check_usable(); // it may have been poisoned while we waited
    mark_dirty();
    if (left_unclean && options_.hooks.recover != nullptr) {
        try {
            options_.hooks.recover(self);
        } catch (...) {
            poison();
            throw;
        }
    }
}

/// The first writer after a clean close says so on the medium, before it changes a byte.
void segment::impl::mark_dirty() {
    if (load(control().dirty) != 0) {
        return;
    }
    failpoint("segment.dirty.begin");
    const durable_state state = durable();
    const format::commit_slot commit = state.newest ? state.newest->commit : visible_commit();
    if (const int code = write_durable(file_, incarnation_, state, commit, false); code != 0) {
        if (reason_of(code) != errc::no_space) {
            poison();
        }
        fail_system(code, path_, "can't mark the store as being written");
    }
    failpoint("segment.dirty.written");
    store(control().dirty, 1);
    failpoint("segment.dirty.marked");
}

void segment::impl::unlock_writer() noexcept {
    if (!forked()) { // the child of a fork never had the lock
        // A poisoned holder may have failed to undo its own transaction: then the next one has to.
        release_writer(!poisoned_.load(std::memory_order_relaxed));
    }
}

void segment::impl::release_writer(bool consistent) noexcept {
    failpoint("segment.writer.release");
    writer_thread_.store(0, std::memory_order_relaxed);
    if (consistent) {
        store(control().writer_pid, 0);
        failpoint("segment.writer.cleared");
    }
    os::unlock_mutex(control().writer);
    failpoint("segment.writer.unlocked");
}

std::string segment::impl::describe_holder() const {
    const std::uint64_t pid = load(control().writer_pid);
    const std::uint64_t line = load(control().writer_line);
    if (pid == 0) {
        return "a process that is just taking or releasing it";
    }
    std::string text = "process " + std::to_string(pid);
    const bool known = line != 0 && line < table_->lines_allocated();
    const std::uint64_t space = known ? load(table_->line(static_cast<std::uint32_t>(line)).pid_space) : 0;
    if (space != 0 && space != os::pid_namespace()) {
        text += " of another PID namespace";
    }
    return text;
}

void segment::impl::fail_writer_lock(bool timed_out, std::chrono::milliseconds timeout) const {
    if (timed_out) {
        fail(errc::timed_out, path_,
             "the writer lock was not to be had within " + std::to_string(timeout.count()) + " ms, held by " +
                 describe_holder(),
             "wait for that transaction to end, or end that process");
    }
    fail(errc::io_error, path_, "the writer lock is unusable",
         "close the store in all processes and open it again");
}

} // namespace holdfast
