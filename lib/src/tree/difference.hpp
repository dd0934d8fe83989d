// What changed between two states of a tree.
//
// Thread safety: a pure function over two snapshots. Subtrees that both share are skipped, so the cost follows
// the number of changed entries.
#pragma once

#include <functional>

#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// Called in key order with the record that was (null: none) and that is (null: none); never with two nulls.
using difference_function = std::function<void(const record_view* old, const record_view* now)>;

/// Calls `report` for each key whose record differs between the states. Records are compared by place: a put
/// of an equal value is a change. Throws errc::corrupt, and what `report` throws.
void tree_difference(space_view older_view, const tree_root& older, space_view newer_view,
                     const tree_root& newer, const difference_function& report);

} // namespace holdfast
