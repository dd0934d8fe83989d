// The pace of reclaiming.
#include "transaction/reclaim_pace.hpp"

#include <algorithm>

namespace holdfast {

namespace {

/// So much that waits is worth a look at the pins, which takes a barrier.
constexpr std::uint64_t look_entries = 512;
constexpr std::uint64_t look_bytes = std::uint64_t{1} << 20;

/// What a transaction examines when it begins: more than a put retires, and a part of a backlog, but never so much that
/// a put would be noticed for it.
constexpr std::uint64_t begin_entries_min = 32;
constexpr std::uint64_t begin_entries_max = 64;
constexpr std::uint64_t backlog_part = 64;

/// A portion while a transaction retires: twice what it adds to the list.
constexpr std::uint64_t release_interval = 64;
constexpr std::uint64_t release_entries = 2 * release_interval;

/// For a sync point before the disk counts as full: another one may be under way.
constexpr std::chrono::seconds sync_patience{10};

/// A portion while space is sought; see heap::policy.
constexpr std::uint64_t space_entries = 64;

} // namespace

bool reclaim_pace::is_look_due() const noexcept {
    const format::heap_header& header = engine_->heap().header();
    const std::uint64_t waiting_bytes =
        header.held_back_bytes - std::min(header.held_back_bytes, header.parked_bytes);
    return !looked_ && (header.retired.entries >= look_entries || waiting_bytes >= look_bytes);
}

void reclaim_pace::look() {
    looked_ = true;
    engine_->reap_if_due();
    engine_->reclaiming().look();
}

std::uint64_t reclaim_pace::examine(std::uint64_t budget) {
    failed_ = true; // whoever made the allocation that reclaimed may swallow a failure
    const std::uint64_t examined = engine_->reclaiming().examine(budget);
    failed_ = false;
    return examined;
}

std::uint64_t reclaim_pace::reclaim_all() {
    look();
    return examine(~std::uint64_t{0});
}

void reclaim_pace::at_begin() {
    engine_->heap().refill_reserve();
    if (engine_->reclaiming().is_exhausted()) {
        if (!is_look_due()) {
            return;
        }
        look();
    }
    const std::uint64_t waiting = engine_->heap().header().retired.entries;
    examine(std::clamp(waiting / backlog_part, begin_entries_min, begin_entries_max));
}

void reclaim_pace::at_release() {
    if (++released_ % release_interval != 0) {
        return;
    }
    if (engine_->reclaiming().is_exhausted()) {
        if (!is_look_due()) {
            return;
        }
        look();
    }
    examine(release_entries);
}

/// What only the durable commit still reaches is free once a newer one is on the medium. Best effort: what fails is
/// found out again by whoever has to have a sync point.
void reclaim_pace::release_durable() {
    try {
        engine_->make_sync_point(sync_patience);
    } catch (const error&) {
    }
}

bool reclaim_pace::for_space(bool pressed) {
    reclaimer& reclaiming = engine_->reclaiming();
    const format::heap_header& header = engine_->heap().header();
    if (header.retired.entries == 0 && !reclaiming.has_parks()) {
        return false;
    }
    if (pressed && !pressed_) {
        pressed_ = looked_ = true;
        engine_->file().reap();
        release_durable();
        reclaiming.look();
    } else if (reclaiming.is_exhausted() && !looked_) {
        look();
    }
    if (!reclaiming.is_exhausted() && examine(space_entries) != 0) {
        return true;
    }
    if (!pressed || swept_) {
        return false;
    }
    swept_ = failed_ = true;
    reclaiming.sweep();
    failed_ = false;
    return true;
}

} // namespace holdfast
