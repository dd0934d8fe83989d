// Verifies everything that a tree reaches.
//
// Thread safety: a pure function over a snapshot. Never throws on damage: it is reported, and the walk goes on
// in the sibling subtrees. Time is linear in the objects visited; a node is entered only if `visit` agrees,
// which bounds it for forged cycles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// One piece of damage.
struct tree_finding {
    std::string what;
    ref where;       ///< the object; null: the tree as a whole
    std::string key; ///< the key, or the lower end of the keys, that it concerns; empty where unknown
};

/// Told of each node, separator and record, with the bytes it was allocated with. False: seen already; that
/// becomes a finding, and the object is not entered.
using visit_function = std::function<bool(ref place, std::uint64_t bytes)>;

/// What may be found in a tree.
struct tree_ages {
    // NOLINTNEXTLINE(google-explicit-constructor): mostly nothing is trusted
    constexpr tree_ages(txn_id newest_made, txn_id trusted_made = txn_id::none) noexcept
        : newest(newest_made), trusted(trusted_made) {}
    txn_id newest;  ///< of the snapshot: nothing may have been made later
    txn_id trusted; ///< what was made up to then is known to be whole, and not entered
};

/// What is wrong with the tree: nothing, if it is sound. At most `findings_max` findings are kept.
[[nodiscard]] std::vector<tree_finding> tree_check(const space_view& view, const tree_root& root,
                                                   const tree_ages& ages, const visit_function& visit,
                                                   std::size_t findings_max = 1000);

} // namespace holdfast
