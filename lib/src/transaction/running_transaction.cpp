// Beginning, committing and undoing a write transaction.
#include "transaction/running_transaction.hpp"

#include <algorithm>
#include <vector>

#include <holdfast/error.hpp>

#include "os/failpoint.hpp"
#include "os/time.hpp"

namespace holdfast {

namespace {

/// What is retired goes to the file in portions, so that no transaction needs memory in proportion to its size.
constexpr std::size_t flush_threshold = 16'384;

} // namespace

running_transaction::running_transaction(std::shared_ptr<engine> owner, std::chrono::milliseconds timeout,
                                         const std::stop_token& stop)
    : engine_(std::move(owner)), pace_(*engine_) {
    engine_->file().lock_writer(timeout, stop);
    try {
        load_newest();
        base_ = engine_->file().base();
        transaction_ = engine_->next_number();
        engine_->file().promise_version(transaction_);
        engine_->heap().begin(transaction_);
        open_ = true;
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

void running_transaction::commit(format::commit_slot& next) {
    if (pace_.failed()) { // whoever made the allocation that reclaimed may have swallowed its failure
        throw error(errc::transaction_failed,
                    engine_->file().path().string() +
                        ": an allocation failed midway; nothing of this transaction "
                        "can be committed, begin it again");
    }
    heap& memory = engine_->heap();
    retired_.flush(memory, transaction_);
    memory.before_commit();
    next.txn = raw(transaction_);
    next.end_bytes = memory.end_bytes();
    next.time_ns = os::realtime_coarse_ns();
    engine_->file().commits().publish(next);
    engine_->note_sound(transaction_);
    engine_->reclaiming().committed();
    finish();
    engine_->note_commit();
}

void running_transaction::abort() noexcept {
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
