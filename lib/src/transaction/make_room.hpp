// Making room in a store whose disk is full, in transactions of its own.
//
// What a transaction reclaims is undone with it, and in a full store it can reclaim only as much as its undo log has
// room for. So one that failed for want of space would fail for ever, however much waits to be reclaimed.
//
// Thread and process safety: any thread, without the writer lock.
#pragma once

#include <memory>

#include "transaction/engine.hpp"

namespace holdfast {

/// Reclaims what no snapshot holds, after a sync point, and commits that. Best effort: what fails is found out again by
/// whoever needs the space.
void make_room(const std::shared_ptr<engine>& owner) noexcept;

} // namespace holdfast
