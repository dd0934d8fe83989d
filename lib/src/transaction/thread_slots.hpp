// What each thread keeps of each engine, so that its reading writes no memory that other threads use: a reader slot for
// single look-ups, spare ones for snapshots, and the commit that it held last.
//
// Thread safety: everything is the calling thread's own; slots go back when the thread or the engine ends. A slot that
// was taken by one thread may be given back by another.
#pragma once

#include <cstdint>
#include <memory>

#include "segment/segment.hpp"

namespace holdfast {
class held_commit;
}

namespace holdfast::thread_slots {

/// The calling thread's slot in the engine numbered `engine_id`; claimed at first use.
[[nodiscard]] const reader_slot& mine(std::uint64_t engine_id, const std::shared_ptr<segment>& file);

/// A slot for as long as the caller wants, idle: a spare one, or else claimed.
[[nodiscard]] reader_slot take(std::uint64_t engine_id, const std::shared_ptr<segment>& file);
/// Keeps the idle slot as a spare one, or releases it. Not in the child of a fork.
void give_back(std::uint64_t engine_id, segment& file, reader_slot slot) noexcept;

/// The commit that `note_held` named last in this thread, if somebody holds it still.
[[nodiscard]] std::shared_ptr<const held_commit> last_held(std::uint64_t engine_id) noexcept;
void note_held(std::uint64_t engine_id, const std::shared_ptr<segment>& file,
               const std::shared_ptr<const held_commit>& held) noexcept;

/// The engine ends: the calling thread drops what it has of it. Other threads do when they end or need the room; the
/// segment lives no longer for it.
void forget(std::uint64_t engine_id) noexcept;

} // namespace holdfast::thread_slots
