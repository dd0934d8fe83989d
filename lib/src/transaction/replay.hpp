// Doing again what the redo log says.
//
// Thread and process safety: as that of the space that it changes. What the log says is untrusted: errc::corrupt.
#pragma once

#include <cstddef>
#include <span>

#include "format/commit.hpp"
#include "tree/space.hpp"

namespace holdfast {

class segment;
class retired_objects;

/// Does the operations of one record on the commit `before`, in `memory`, whose transaction has the record's number.
/// Returns `before` with the roots of after, and their map ids; number, time and sizes are the caller's.
/// Throws corrupt and what `memory` throws; then `memory` has to undo.
[[nodiscard]] format::commit_slot replay(space& memory, const format::commit_slot& before,
                                         std::span<const std::byte> operations);

/// Commits again, under the same numbers, all transactions that the log has behind the newest commit, `root`. Returns
/// the last of them, or `root`. What one of them made and the next replaced is used again by the one after that;
/// what is left of it goes to `retired`. Alone, under the gate, with whole accounts. Throws corrupt, no_space,
/// io_error.
[[nodiscard]] format::commit_slot replay_log(segment& file, const format::commit_slot& root,
                                             retired_objects& retired);

} // namespace holdfast
