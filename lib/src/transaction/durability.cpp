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
    if (has_unsynced()) {
        return file_->make_sync_point();
    }
    holdfast::commits heads = file_->commits();
    heads.show(heads.applied()); // a syncer may have died before it did
}

void engine::bring_to_medium(std::chrono::milliseconds timeout) {
    if (!file_->logs() || !file_->flush_log(os::deadline_after(timeout))) {
        make_sync_point(timeout);
    }
}

void engine::wait_until_durable(const logged_commit& one, std::chrono::milliseconds timeout) {
    holdfast::commits heads = file_->commits();
    try {
        while (!file_->is_durable(one) || heads.visible().number() < one.number) {
            if (file_->has_failed_sync()) {
                throw error(errc::io_error,
                            file_->path().string() + ": bringing commits to the medium has failed");
            }
            bring_to_medium(timeout);
        }
    } catch (const error& failure) {
        heads.show(heads.applied()); // it stands, and one's own writes are to be read
        throw error(failure.reason(), std::string(failure.what()) +
                                          " (the transaction is committed, but may be lost in a power cut)");
    }
}

// --- By itself --------------------------------------------------------------------------------------------

void engine::configure(const durability_options& options) {
    durability_ = options;
    const bool flushes = options.level == durability::interval;
    const bool syncs = options.sync_interval > std::chrono::milliseconds::zero();
    if (!options.background || (!flushes && !syncs)) {
        return;
    }
    const std::chrono::milliseconds interval = !flushes ? options.sync_interval
                                               : !syncs
                                                   ? options.flush_interval
                                                   : std::min(options.flush_interval, options.sync_interval);
    background_ = std::make_unique<background_sync>([this] { work_in_background(); },
                                                    [this] { return has_unsynced(); }, interval);
}

bool engine::is_sync_point_due() const {
    if (durability_.sync_interval <= std::chrono::milliseconds::zero()) {
        return false;
    }
    // Some other process may have made one in between.
    const std::uint64_t since_ns = os::boottime_ns() - load_shared(file_->control().synced_ns);
    const auto interval_ns =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(durability_.sync_interval).count());
    return since_ns >= interval_ns - interval_ns / 8;
}

/// The log runs full, or has a gap; or the durable commit holds back more than a third of the heap, and has not just
/// been made.
bool engine::is_sync_point_urgent() const {
    format::control_header& shared = file_->control();
    if (file_->logs()) {
        const log_state log = file_->log();
        return log.filled > log.bytes / 2 || raw(file_->commits().durable()) < file_->log_gap();
    }
    constexpr std::uint64_t held_back_min = 16 * format::mib;
    constexpr std::uint64_t pause_ns = 250'000'000;
    auto& header = *reinterpret_cast<format::heap_header*>(file_->base() + format::heap_header_offset);
    const std::uint64_t held_back = load_shared(header.held_back_bytes, std::memory_order_relaxed);
    return held_back > held_back_min &&
           held_back / format::block_bytes > load_shared(header.end_blocks, std::memory_order_relaxed) / 3 &&
           os::boottime_ns() - load_shared(shared.synced_ns) > pause_ns;
}

void engine::work_in_background() {
    if (is_sync_point_due() || is_sync_point_urgent()) {
        return make_sync_point(patience);
    }
    if (durability_.level == durability::interval && file_->logs()) {
        static_cast<void>(file_->flush_log(os::deadline_after(patience)));
    }
}

/// A clock is read with every commit.
void engine::work_in_passing() noexcept {
    try {
        if (is_sync_point_due() || is_sync_point_urgent()) {
            make_sync_point(patience);
        }
    } catch (const error&) { // recorded; who writes next follows it up
    }
}

void engine::note_commit() noexcept {
    if (background_) {
        background_->wake();
        if (file_->logs() && is_sync_point_urgent()) [[unlikely]] {
            background_->urge();
        }
    } else if (!durability_.background) {
        work_in_passing();
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
