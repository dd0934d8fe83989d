// Bringing commits to the medium: for who waits, and by itself.
#include <algorithm>

#include <holdfast/error.hpp>

#include "os/time.hpp"
#include "segment/words.hpp"
#include "transaction/engine.hpp"

namespace holdfast {

namespace {

/// For what nobody waits for.
constexpr std::chrono::minutes patience{1};

} // namespace

// --- For who waits ----------------------------------------------------------------------------------------

void engine::sync(std::chrono::milliseconds timeout) {
    file_->expect_usable();
    if (file_->has_failed_sync()) { // what a writer has to do first
        file_->lock_writer(timeout);
        file_->unlock_writer();
    }
    bring_to_medium(timeout);
}

void engine::make_sync_point(std::chrono::milliseconds timeout) {
    struct turn {
        segment* file;
        ~turn() { file->unlock_sync(); }
    };
    file_->lock_sync(os::deadline_after(timeout));
    const turn mine{file_.get()};
    holdfast::commits heads = file_->commits();
    const commit_head newest = heads.applied(); // once: the next one is not on the medium
    if (newest.number() != heads.durable()) {
        return file_->make_sync_point();
    }
    heads.show(newest); // a syncer may have died before it did
}

void engine::bring_to_medium(std::chrono::milliseconds timeout, const logged_commit* waiting) {
    if (!file_->logs() || !file_->flush_log(os::deadline_after(timeout), waiting)) {
        make_sync_point(timeout);
    }
}

void engine::wait_until_durable(const logged_commit& one, std::chrono::milliseconds timeout) {
    holdfast::commits heads = file_->commits();
    try {
        while (!file_->is_durable_and_visible(one)) {
            if (file_->has_failed_sync()) {
                throw error(errc::io_error,
                            file_->path().string() + ": bringing commits to the medium has failed");
            }
            bring_to_medium(timeout, &one);
        }
    } catch (const error& failure) {
        if (file_->is_durable_and_visible(one)) {
            return;
        }
        heads.show(commit_head(one.number, one.place)); // it stands, and one's own writes are to be read
        throw error(failure.reason(), std::string(failure.what()) +
                                          " (the transaction is committed, but may be lost in a power cut)");
    }
}

// --- By itself --------------------------------------------------------------------------------------------

void engine::configure(const durability_options& options) {
    durability_ = options;
    flushes_ = options.level == durability::interval;
    const bool syncs = options.sync_interval > std::chrono::milliseconds::zero();
    if (!options.background || (!flushes_ && !syncs)) {
        return;
    }
    std::chrono::milliseconds interval = syncs ? options.sync_interval : options.flush_interval;
    if (flushes_) {
        interval = std::min(interval, options.flush_interval);
    }
    background_ = std::make_unique<background_sync>([this] { work_in_background(); },
                                                    [this] { return has_unsynced(); }, interval);
}

bool engine::is_sync_point_due() const {
    if (durability_.sync_interval <= std::chrono::milliseconds::zero()) {
        return false;
    }
    // Some other process may have made one in between.
    const std::uint64_t since_ns =
        os::boottime_ns() - std::max(opened_ns_, load_shared(file_->control().synced_ns));
    const auto interval_ns =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(durability_.sync_interval).count());
    return since_ns >= interval_ns - interval_ns / 8;
}

/// The log runs full, has a gap, or is not there while commits of level `interval` need it; or the durable commit holds
/// back more than a third of the heap, and has not just been made.
bool engine::is_sync_point_urgent() const {
    format::control_header& shared = file_->control();
    if (file_->logs()) {
        const log_state log = file_->log();
        return log.filled > log.bytes / 2 || raw(file_->commits().durable()) < file_->log_gap();
    }
    if (flushes_.load(std::memory_order_relaxed) && has_unsynced()) {
        return true;
    }
    constexpr std::uint64_t held_back_min = 16 * format::mib;
    constexpr std::uint64_t pause_ns = 250'000'000;
    auto& header = *reinterpret_cast<format::heap_header*>(file_->base() + format::heap_header_offset);
    const std::uint64_t held_back = load_shared(header.held_back_bytes, std::memory_order_relaxed);
    return held_back > held_back_min &&
           held_back / format::block_bytes > load_shared(header.end_blocks, std::memory_order_relaxed) / 3 &&
           os::boottime_ns() - load_shared(shared.synced_ns) > pause_ns;
}

void engine::flush_log_if_due() {
    if (!flushes_.load(std::memory_order_relaxed) || !file_->logs()) {
        return;
    }
    const std::uint64_t now_ns = os::boottime_ns();
    const auto interval_ns =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(durability_.flush_interval).count());
    if (now_ns - flushed_ns_.load(std::memory_order_relaxed) >= interval_ns - interval_ns / 8) {
        flushed_ns_.store(now_ns, std::memory_order_relaxed);
        bring_to_medium(patience);
    }
}

void engine::work_in_background() {
    if (is_sync_point_due() || is_sync_point_urgent()) {
        make_sync_point(patience);
    } else {
        flush_log_if_due();
    }
}

/// A clock is read with every commit.
void engine::work_in_passing() noexcept {
    try {
        work_in_background();
    } catch (const error&) { // recorded; who writes next follows it up
    }
}

void engine::note_commit(durability level) noexcept {
    if (level == durability::interval && !flushes_.load(std::memory_order_relaxed)) {
        flushes_.store(true, std::memory_order_relaxed);
        if (background_) {
            background_->hurry_to(durability_.flush_interval);
        }
    }
    if (background_) {
        background_->wake();
        if (file_->logs() || level == durability::interval) [[unlikely]] {
            urge_if_urgent();
        }
    } else if (!durability_.background) {
        work_in_passing();
    }
}

void engine::urge_if_urgent() noexcept {
    try {
        if (is_sync_point_urgent()) {
            background_->urge();
        }
    } catch (const error&) { // a head is damaged, which the next transaction says
    }
}

/// The last one to close the file syncs it; where others stay, they have not been told of what we committed.
void engine::stop_background() noexcept {
    if (file_->forked()) { // the thread is the parent's; destroying what it waits on would wait for it
        static_cast<void>(background_.release());
        return;
    }
    if (!background_ || !background_->stop()) {
        return;
    }
    try {
        if (file_->somebody_attached() && has_unsynced()) {
            make_sync_point(patience);
        }
    } catch (const error&) { // it is no worse than the end of a process
    }
}

} // namespace holdfast
