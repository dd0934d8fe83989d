// The writer lock: one writer among all processes and threads, and what the death of one means.
//
// Invariant: whoever gets the lock from a dead holder, or finds it abandoned, undoes what that one left before it
// writes; if it can't, it abandons the lock, and so the next one has to.
#include <algorithm>
#include <string>

#include "base/assert.hpp"
#include "os/failpoint.hpp"
#include "os/system.hpp"
#include "os/time.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

void segment::lock_writer(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    expect_usable();
    if (read_only()) {
        fail(errc::read_only, path_, "the store is opened for reading only", "open it for writing");
    }
    if (writing_here()) {
        fail(errc::nested_write, path_, "this thread already has a write transaction on the store",
             "commit or abort that one first");
    }
    process_lock lock = writer_lock();
    // The clock is read only where there is something to wait for.
    lock_result result = lock.try_lock() ? lock_result::locked : lock.lock(os::deadline_after(timeout), stop);
    if (result != lock_result::locked && result != lock_result::owner_died) {
        fail_writer_lock(result, timeout);
    }
    failpoint("segment.writer.locked");
    note_writing_thread();
    try {
        prepare_to_write(result == lock_result::owner_died && protocol_order("lock.repair_first"));
    } catch (...) {
        writer_thread_.store(0, std::memory_order_relaxed);
        static_cast<void>(result == lock_result::owner_died ? lock.abandon() : lock.unlock());
        throw;
    }
}

void segment::prepare_to_write(bool left_unclean) {
    expect_usable(); // it may have been poisoned while we waited
    expect_in_place();
    mark_dirty();
    if (left_unclean && options_.hooks.recover != nullptr) {
        try {
            options_.hooks.recover(*this);
        } catch (const error& failure) {
            if (failure.reason() != errc::address_space) { // then a process with more addresses can do it
                poison();
            }
            throw;
        } catch (...) {
            poison();
            throw;
        }
        failpoint("segment.writer.recovered");
    }
    follow_up_failed_sync();
}

/// What is written to a file without a name is lost: who has it open should know. Asked once a second.
void segment::expect_in_place() {
    constexpr std::uint64_t second_ns = 1'000'000'000;
    const std::uint64_t now_ns = os::realtime_coarse_ns();
    if (!attached_ ||
        now_ns - file_checked_ns_ < second_ns) { // a file that is just being made has no name yet
        return;
    }
    const os::file_fate fate = file_.find_fate(absolute_path_);
    if (fate == os::file_fate::in_place) {
        file_checked_ns_ = now_ns;
        return;
    }
    fail(errc::not_found, path_,
         fate == os::file_fate::deleted ? "the store's file was deleted while it was open"
                                        : "the store's file was replaced by another while it was open",
         "close all handles of it in this process and open it again");
}

void segment::unlock_writer() noexcept {
    if (forked()) { // the child of a fork never had the lock
        return;
    }
    failpoint("segment.writer.release");
    writer_thread_.store(0, std::memory_order_relaxed);
    process_lock lock = writer_lock();
    // A poisoned holder may have failed to undo its own transaction: then the next one has to.
    const bool ours = poisoned_.load(std::memory_order_relaxed) ? lock.abandon() : lock.unlock();
    HOLDFAST_ASSERT(ours);
    failpoint("segment.writer.unlocked");
}

std::string segment::describe_holder() const {
    const lock_holder holder = writer_lock().holder();
    if (holder.line == 0 || holder.line >= table_->lines_allocated()) {
        return "a process that is just taking or releasing it";
    }
    if (holder.line == table_->own_line()) {
        return "another thread of this process";
    }
    const format::attachment_line& line = table_->line(holder.line);
    std::string text = "process " + std::to_string(line.pid);
    if (line.pid_space != 0 && line.pid_space != os::pid_namespace()) {
        text += " of another PID namespace";
    }
    return text;
}

void segment::fail_writer_lock(lock_result result, std::chrono::milliseconds timeout) const {
    switch (result) {
    case lock_result::timed_out:
        fail(errc::timed_out, path_,
             "the writer lock was not to be had within " + std::to_string(timeout.count()) + " ms, held by " +
                 describe_holder(),
             "wait for that transaction to end, or end that process");
    case lock_result::cancelled:
        fail(errc::cancelled, path_, "waiting for the writer lock was cancelled");
    default:
        fail(errc::io_error, path_, "this process can't see its own lock on the file",
             "open the store again; the file system may have lost its locks");
    }
}

} // namespace holdfast
