// A reader slot for each thread and engine, kept for the thread's life, so that a single look-up claims nothing.
//
// Thread safety: `mine` gives each thread a slot of its own; slots go back when the thread or the engine ends.
#pragma once

#include <cstdint>
#include <memory>

#include "segment/segment.hpp"

namespace holdfast::thread_slots {

/// The calling thread's slot in the engine numbered `engine_id`; claimed at first use.
[[nodiscard]] const reader_slot& mine(std::uint64_t engine_id, const std::shared_ptr<segment>& file);

/// The engine ends: the calling thread drops its slot of it. Those of other threads are dropped when they end
/// or claim again; the segment lives no longer for it.
void forget(std::uint64_t engine_id) noexcept;

} // namespace holdfast::thread_slots
