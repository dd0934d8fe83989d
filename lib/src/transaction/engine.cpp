// Opening an engine; pinning and reading commits.
#include "transaction/engine.hpp"

#include <algorithm>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "os/failpoint.hpp"
#include "os/fence.hpp"
#include "os/time.hpp"
#include "transaction/thread_slots.hpp"

namespace holdfast {

namespace {

[[nodiscard]] std::uint64_t next_engine_id() noexcept {
    static std::atomic<std::uint64_t> counter{0};
    return ++counter;
}

} // namespace

std::shared_ptr<engine> engine::open(const std::filesystem::path& path, segment_options options) {
    options.hooks = engine_hooks();
    return std::make_shared<engine>(holdfast::segment::open(path, options));
}

engine::engine(std::shared_ptr<holdfast::segment> file)
    : file_(std::move(file)), memory_(*file_), heap_(memory_), id_(next_engine_id()) {
    if (file_->unrestored()) {
        standing_.emplace(*file_);
    }
}

engine::~engine() {
    stop_background();
    thread_slots::forget(id_);
}

bool engine::is_sound(const format::commit_slot& slot) noexcept {
    if (slot.txn == raw(known_sound_)) {
        return true;
    }
    if (!format::is_sound(slot)) {
        return false;
    }
    known_sound_ = txn_id{slot.txn};
    return true;
}

void engine::reap_if_due() {
    constexpr std::uint64_t second_ns = 1'000'000'000;
    const std::uint64_t now_ns = os::boottime_ns();
    if (now_ns - reaped_ns_ < second_ns) {
        return;
    }
    reaped_ns_ = now_ns;
    file_->reap();
}

void engine::verify_heap() {
    if (!heap_.undo().is_sound()) {
        throw_corrupt("the undo log's header is damaged", ref::from_offset(format::undo_log_offset));
    }
    if (raw(next_number()) >= format::txn_limit) {
        throw_corrupt("the number of the last transaction is impossible",
                      ref::from_offset(format::undo_log_offset));
    }
    if (heap_.end_bytes() > known_bytes_) {
        known_bytes_ = file_->file_bytes();
    }
    heap_.blocks().verify_header(known_bytes_);
}

bool engine::copy_commit(commit_head head, commit_state& state) const noexcept {
    if (!file_->commits().copy(head, state.slot)) {
        return false;
    }
    state.view = space_view(file_->base(), format::heap_offset, state.slot.end_bytes);
    return true;
}

txn_id engine::next_number() const noexcept {
    std::uint64_t& floor = file_->control().version_floor;
    return next(std::max({file_->commits().applied().number(), heap_.undo().last_begun(),
                          txn_id{std::atomic_ref(floor).load(std::memory_order_relaxed)}}));
}

void engine::pin_in(const reader_slot& slot, commit_state& state) const {
    struct unless_done {
        const reader_slot* slot;
        ~unless_done() {
            if (slot != nullptr) {
                slot->pin->store(0, std::memory_order_release);
            }
        }
    } guard{&slot};
    for (int attempt = 0;; ++attempt) {
        const commit_head seen = file_->commits().visible();
        // The other half is the barrier of whoever reclaims.
        os::publish_pin(*slot.pin, raw(seen.number()), std::atomic_ref(file_->control().fenced));
        failpoint("pin.before_check");
        if (copy_visible(seen, state)) {
            break;
        }
        verify_readable(attempt, seen);
    }
    expect_reach(state);
    guard.slot = nullptr;
}

/// A commit's slot is unreadable only while the head moves on; otherwise it is damaged.
void engine::verify_readable(int attempt, commit_head seen) const {
    constexpr int patience = 1000;
    if (attempt > patience && file_->commits().visible() == seen) {
        throw_corrupt("the newest commit's slot is damaged", ref::from_offset(format::heads_offset));
    }
}

void engine::expect_reach(const commit_state& state) const {
    if (state.slot.end_bytes <= file_->capacity_bytes()) [[likely]] {
        return;
    }
    if (standing_ && standing_->state().id() == state.id()) {
        return; // it ends in addresses of its own
    }
    throw error(errc::address_space,
                file_->path().string() + ": the store has outgrown the " +
                    std::to_string(file_->capacity_bytes()) +
                    " bytes of addresses reserved for it; open it again with a larger capacity");
}

engine::pin engine::pin_newest() {
    file_->expect_usable();
    if (file_->read_only()) {
        return pin_by_lock();
    }
    pin held;
    held.slot = thread_slots::take(id_, file_);
    try {
        held.slot.since_ns->store(os::boottime_ns(), std::memory_order_relaxed);
        pin_in(held.slot, held.state);
    } catch (...) {
        give_back(held.slot);
        throw;
    }
    format::clear_unused(held.state.slot);
    return held;
}

engine::pin engine::pin_by_lock() {
    pin held;
    for (int attempt = 0;; ++attempt) {
        const commit_head seen = file_->commits().visible();
        const txn_id number = standing_ && standing_->stands_for(seen) ? standing_->pinned() : seen.number();
        file_->pin_by_lock(number);
        try {
            // The lock is in the kernel's list when fcntl returns: from here on a reclaimer sees it. If the head is
            // still the same, nobody has reclaimed what it stands for before.
            if (copy_read(seen, held.state)) {
                expect_reach(held.state);
                held.locked = number;
                format::clear_unused(held.state.slot);
                return held;
            }
            verify_readable(attempt, seen);
        } catch (...) {
            file_->unpin_by_lock(number);
            throw;
        }
        file_->unpin_by_lock(number);
    }
}

void engine::unpin(const pin& held) noexcept {
    if (file_->forked()) {
        return; // the slot is the parent's
    }
    if (held.slot) {
        held.slot.pin->store(0, std::memory_order_release);
        give_back(held.slot);
    } else {
        file_->unpin_by_lock(held.locked);
    }
}

void engine::give_back(const reader_slot& slot) noexcept {
    slot.since_ns->store(0, std::memory_order_relaxed);
    thread_slots::give_back(id_, *file_, slot);
}

engine::thread_slot::thread_slot(engine& owner) : slot_(&thread_slots::mine(owner.id_, owner.file_)) {}

engine::thread_slot::~thread_slot() { slot_->pin->store(0, std::memory_order_release); }

} // namespace holdfast
