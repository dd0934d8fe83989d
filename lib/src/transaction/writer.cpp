// Beginning, committing and undoing a write transaction.
#include "transaction/writer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <vector>

#include <holdfast/error.hpp>

#include "os/failpoint.hpp"
#include "os/time.hpp"

namespace holdfast {

namespace {

/// A batch of reclaiming is due when so many entries wait: enough to spread the cost of one barrier.
constexpr std::uint64_t reclaim_threshold = 1024;
/// Before the heap grows, fewer are worth a batch.
constexpr std::uint64_t reclaim_before_growth = 256;
/// A batch takes twice what it waits for, and an eighth of a backlog.
constexpr std::uint64_t reclaim_budget = 2 * reclaim_threshold;
/// What is retired goes to the file in portions, so that no transaction needs memory in proportion to its size.
constexpr std::size_t flush_threshold = 16'384;

/// A number never given out before. Its slot, number mod 2, must not be that of the commit that readers see: after an
/// undone transaction the next number would be.
[[nodiscard]] txn_id number_after(txn_id visible, txn_id begun) noexcept {
    const txn_id number = next(std::max(visible, begun));
    return raw(number) % 2 != raw(visible) % 2 ? number : next(number);
}

void store_words(format::commit_slot& to, const format::commit_slot& from) noexcept {
    std::array<std::uint64_t, sizeof(format::commit_slot) / 8> words;
    std::memcpy(words.data(), &from, sizeof from);
    auto* target = reinterpret_cast<std::uint64_t*>(&to);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::atomic_ref(target[i]).store(words[i], std::memory_order_relaxed);
        if (i == words.size() / 2)
            failpoint("commit.half_slot");
    }
}

} // namespace

writer::writer(std::shared_ptr<engine> owner, std::chrono::milliseconds timeout) : engine_(std::move(owner)) {
    engine_->file().lock_writer(timeout);
    try {
        load_newest();
        base_ = engine_->file().base();
        transaction_ = number_after(engine_->visible(), engine_->heap().undo().last_begun());
        engine_->heap().begin(transaction_);
        open_ = true;
        engine_->heap().allocation_policy() = {[this](bool pressed) { return reclaim_for_space(pressed); },
                                               false};
        failpoint("begin.done");
        reclaim_if_due();
    } catch (...) {
        if (open_) {
            abort();
        } else {
            engine_->file().unlock_writer();
        }
        throw;
    }
}

writer::~writer() {
    if (open_ && !engine_->file().forked()) // the child of a fork has nothing to undo
        abort();
}

void writer::load_newest() {
    const txn_id newest = engine_->visible();
    if (!engine_->copy_commit(newest, before_) || !engine_->is_sound(before_.slot)) {
        throw error(errc::corrupt,
                    engine_->file().path().string() +
                        ": the newest commit's slot is damaged; run 'holdfast check' on the store");
    }
    engine_->validate_heap();
    if (engine_->heap().end_bytes() > engine_->file().capacity_bytes()) {
        throw error(errc::address_space,
                    engine_->file().path().string() +
                        ": the store is larger than the addresses reserved for it; open it again "
                        "with a larger capacity");
    }
}

void writer::reclaim_if_due() {
    heap& memory = engine_->heap();
    const std::uint64_t waiting = memory.header().retired.entries;
    memory.refill_reserve();
    if (waiting < reclaim_threshold)
        return;
    reclaimed_ = true;
    engine_->reap_if_due();
    const heap::busy_lists guard(memory);
    try {
        reclaimer(memory, engine_->file(), transaction_, retired_).run(std::max(reclaim_budget, waiting / 8));
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space && failure.reason() != errc::address_space)
            throw;
        // Parking takes space, and the disk is full: that must not keep anybody from erasing.
        memory.roll_back();
        retired_.clear();
        memory.begin(transaction_);
    }
}

/// Called by the heap when nothing is free. Once a transaction is enough: later commits retire nothing more.
bool writer::reclaim_for_space(bool pressed) {
    if (pressed ? reclaimed_pressed_ : reclaimed_)
        return false;
    heap& memory = engine_->heap();
    if (!pressed && memory.header().retired.entries < reclaim_before_growth)
        return false;
    reclaimed_ = true;
    if (pressed) {
        reclaimed_pressed_ = true;
        engine_->file().reap();
    } else {
        engine_->reap_if_due();
    }
    const std::uint64_t everything = ~std::uint64_t{0};
    half_reclaimed_ = true;
    const bool freed =
        reclaimer(memory, engine_->file(), transaction_, retired_).run(pressed ? everything : reclaim_budget);
    half_reclaimed_ = false;
    return freed;
}

ref writer::allocate(std::uint64_t size) {
    try {
        return engine_->heap().allocate(size);
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space)
            throw;
        throw error(errc::no_space, failure.what() + holders_of_space());
    }
}

/// Who keeps deleted data from being used again: worth knowing when the disk is full.
std::string writer::holders_of_space() const {
    const std::uint64_t held_bytes = engine_->heap().header().held_back_bytes;
    const std::vector<held_pin> pins = engine_->file().pins();
    const auto oldest = std::min_element(pins.begin(), pins.end(),
                                         [](const held_pin& a, const held_pin& b) { return a.pin < b.pin; });
    if (held_bytes == 0 || oldest == pins.end())
        return {};
    const std::string holder =
        oldest->pid == 0 ? "a read-only process" : "process " + std::to_string(oldest->pid);
    return "; the snapshot of version " + std::to_string(raw(oldest->pin)) + " that " + holder +
           " holds keeps up to " + std::to_string(held_bytes) + " bytes from being used again";
}

void writer::release(ref place, std::uint64_t size, txn_id made) {
    if (made == transaction_) {
        engine_->heap().free(place);
        return;
    }
    retired_.add(place, size, made);
    if (retired_.size() >= flush_threshold)
        flush_retired();
}

/// Appends what was retired to the list in the file. A list that grows can't reclaim: so the chunks that it will take
/// are allocated before, which may reclaim, and given back.
void writer::flush_retired() {
    heap& memory = engine_->heap();
    const format::entry_list& list = memory.header().retired;
    const std::size_t room = list.back == 0 ? 0 : format::list_chunk::capacity - list.back_index;
    if (retired_.size() >= room) { // a marker comes first
        std::vector<ref> chunks((retired_.size() - room) / format::list_chunk::capacity + 1);
        for (ref& chunk : chunks)
            chunk = memory.allocate(sizeof(format::list_chunk));
        for (const ref chunk : chunks)
            memory.free(chunk);
    }
    retired_.flush(memory, transaction_);
}

void writer::commit(const format::commit_slot& roots) {
    if (half_reclaimed_) // whoever made the allocation that reclaimed may have swallowed its failure
        throw error(errc::transaction_failed,
                    engine_->file().path().string() +
                        ": an allocation failed midway; nothing of this transaction "
                        "can be committed, begin it again");
    format::commit_slot next = roots;
    heap& memory = engine_->heap();
    flush_retired();
    memory.before_commit();
    next.txn = raw(transaction_);
    next.end_bytes = memory.end_bytes();
    next.time_ns = os::realtime_coarse_ns();
    next.checksum = format::checksum_of(next);
    publish(next);
    engine_->note_sound(transaction_);
    finish();
}

void writer::publish(const format::commit_slot& next) noexcept {
    format::head& head = engine_->file().head();
    failpoint("commit.before_slot");
    if (protocol_order("commit.slot_first")) {
        store_words(head.slots[next.txn % 2], next);
        failpoint("commit.before_publish");
        std::atomic_ref(head.visible).store(next.txn, std::memory_order_release);
    } else {
        std::atomic_ref(head.visible).store(next.txn, std::memory_order_release);
        failpoint("commit.published_early");
        store_words(head.slots[next.txn % 2], next);
    }
    failpoint("commit.published");
}

void writer::abort() noexcept {
    try {
        engine_->heap().roll_back();
    } catch (...) {
        engine_->file()
            .poison(); // our own log can't be applied: nothing more may be written through this handle
    }
    finish();
}

void writer::finish() noexcept {
    open_ = false;
    engine_->heap().allocation_policy() = {};
    engine_->file().unlock_writer();
    failpoint("commit.unlocked");
}

} // namespace holdfast
