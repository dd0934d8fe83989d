// Beginning, committing and undoing a write transaction.
#include "transaction/running_transaction.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <holdfast/error.hpp>

#include "os/failpoint.hpp"
#include "os/time.hpp"
#include "segment/redo_log.hpp"

namespace holdfast {

namespace {

/// What is retired goes to the file in portions, so that no transaction needs memory in proportion to its size.
constexpr std::size_t flush_threshold = 16'384;

/// Commits that wait for the medium have places in the ring of slots, of which there have to be enough.
constexpr std::uint64_t hidden_max = format::commit_slots / 2;

} // namespace

running_transaction::running_transaction(std::shared_ptr<engine> owner, std::chrono::milliseconds timeout,
                                         const std::stop_token& stop)
    : engine_(std::move(owner)), pace_(*engine_), timeout_(timeout) {
    engine_->file().lock_writer(timeout, stop);
    try {
        if (engine_->file().commits().hidden() >= hidden_max) {
            engine_->bring_to_medium(timeout);
        }
        load_newest();
        base_ = engine_->file().base();
        transaction_ = engine_->next_number();
        engine_->file().promise_version(transaction_);
        engine_->heap().begin(transaction_);
        open_ = true;
        begin_operations();
        engine_->reclaiming().begin(transaction_, before_.id(), retired_);
        engine_->heap().allocation_policy() = {[this](bool pressed) { return pace_.for_space(pressed); },
                                               false};
        failpoint("begin.done");
        pace_.at_begin();
    } catch (...) {
        if (open_) {
            abort();
        } else {
            engine_->file().unlock_writer();
        }
        throw;
    }
}

running_transaction::~running_transaction() {
    if (open_ && !engine_->file().forked()) { // the child of a fork has nothing to undo
        abort();
    }
}

void running_transaction::load_newest() {
    const commit_head applied = engine_->file().commits().applied();
    if (!engine_->copy_commit(applied, before_) || !engine_->is_sound(before_.slot)) {
        throw error(errc::corrupt,
                    engine_->file().path().string() +
                        ": the newest commit's slot is damaged; run 'holdfast check' on the store");
    }
    engine_->verify_heap();
    if (engine_->heap().end_bytes() > engine_->file().capacity_bytes()) {
        throw error(errc::address_space,
                    engine_->file().path().string() +
                        ": the store is larger than the addresses reserved for it; open it again "
                        "with a larger capacity");
    }
}

void running_transaction::begin_operations() {
    const commits heads = engine_->file().commits();
    hidden_ = heads.has_hidden();
    logging_ = before_.slot.log_block != 0 && engine_->file().logs();
    if (logging_) {
        engine_->operations().begin(format::log_bytes(before_.slot) / 4 - redo_log::record_bytes(0));
    }
}

ref running_transaction::allocate(std::uint64_t size) {
    try {
        return engine_->heap().allocate(size);
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space) {
            throw;
        }
        throw error(errc::no_space, failure.what() + holders_of_space());
    }
}

/// Who keeps deleted data from being used again: worth knowing when the disk is full.
std::string running_transaction::holders_of_space() const {
    const std::uint64_t held_bytes = engine_->heap().header().held_back_bytes;
    const std::vector<held_pin> pins = engine_->file().pins();
    const auto oldest = std::min_element(pins.begin(), pins.end(),
                                         [](const held_pin& a, const held_pin& b) { return a.pin < b.pin; });
    if (held_bytes == 0 || oldest == pins.end()) {
        return {};
    }
    const std::string holder =
        oldest->pid == 0 ? "a read-only process" : "process " + std::to_string(oldest->pid);
    return "; the snapshot of version " + std::to_string(raw(oldest->pin)) + " that " + holder +
           " holds keeps up to " + std::to_string(held_bytes) + " bytes from being used again";
}

void running_transaction::release(ref place, std::uint64_t size, txn_id made) {
    if (made == transaction_) {
        engine_->heap().free(place);
        return;
    }
    retired_.add(place, size, made);
    if (retired_.size() >= flush_threshold) {
        retired_.flush(engine_->heap(), transaction_);
    }
    pace_.at_release();
}

std::uint64_t running_transaction::reclaim_all_that_fits() {
    allow_reserve(true);
    return pace_.reclaim_all();
}

/// The log that commits will enter from now on, which is made if there is none. Where there is no space for it, each
/// commit that has to be durable takes a sync point.
void running_transaction::make_log(format::commit_slot& next) {
    const std::uint64_t bytes =
        std::clamp(engine_->durable_options().log_bytes, format::log_blocks_min * format::block_bytes,
                   format::log_blocks_max * format::block_bytes);
    try {
        const ref place = engine_->heap().allocate(bytes, format::block_owner::redo);
        // Once written, its bytes can be flushed without the file system changing anything of its own.
        std::memset(base_ + place.offset(), 0, bytes);
        next.log_block = static_cast<std::uint32_t>(place.offset() / format::block_bytes);
        next.log_blocks = static_cast<std::uint16_t>((bytes + format::block_bytes - 1) / format::block_bytes);
        next.log_end = 0;
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space && failure.reason() != errc::address_space) {
            throw;
        }
    }
}

/// Returns what has to be on the medium for this commit to be durable.
logged_commit running_transaction::enter_log(format::commit_slot& next) {
    segment& file = engine_->file();
    const operation_log& done = engine_->operations();
    if (logging_ && !done.overflowed() && file.log_has_room(before_.slot, done.operations().size())) {
        file.log_commit(before_.slot, next, done.operations());
        return {transaction_, next.log_end, file.log_gap(), 0};
    }
    if (logging_) {
        file.leave_gap(transaction_);
    } else if (starts_log_ && next.log_block != 0) {
        file.start_logging(next.log_end, transaction_);
    }
    return {transaction_, next.log_end, raw(transaction_), 0};
}

void running_transaction::commit(format::commit_slot& next, durability level) {
    heap& memory = engine_->heap();
    starts_log_ = !logging_ && level != durability::process && engine_->wants_log();
    if (starts_log_ && next.log_block == 0) {
        make_log(next);
    }
    if (pace_.failed()) { // whoever made the allocation that reclaimed may have swallowed its failure
        throw error(errc::transaction_failed,
                    engine_->file().path().string() +
                        ": an allocation failed midway; nothing of this transaction "
                        "can be committed, begin it again");
    }
    retired_.flush(memory, transaction_);
    memory.before_commit();
    next.txn = raw(transaction_);
    next.end_bytes = memory.end_bytes();
    next.time_ns = os::realtime_coarse_ns();
    logged_commit waiting = enter_log(next);
    // Who follows a commit that waits for the medium waits with it: nobody may see the one without the other.
    const bool waits = level == durability::commit || hidden_;
    if (waits) {
        engine_->file().commits().publish_hidden(next);
    } else {
        engine_->file().commits().publish(next);
    }
    engine_->note_sound(transaction_);
    engine_->reclaiming().committed();
    finish();
    struct note_at_end {
        engine* owner;
        durability level;
        ~note_at_end() { owner->note_commit(level); }
    } const note{engine_.get(), level};
    if (waits) {
        waiting.place = next.sequence % format::commit_slots;
        engine_->wait_until_durable(waiting, timeout_);
    }
}

void running_transaction::abort() noexcept {
    if (!open_) {
        return;
    }
    engine_->reclaiming().undone();
    try {
        engine_->heap().roll_back();
    } catch (...) {
        engine_->file()
            .poison(); // our own log can't be applied: nothing more may be written through this handle
    }
    finish();
}

void running_transaction::finish() noexcept {
    open_ = false;
    engine_->heap().allocation_policy() = {};
    engine_->file().unlock_writer();
    failpoint("commit.unlocked");
}

} // namespace holdfast
