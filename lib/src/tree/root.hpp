// What is known of a whole tree: where its root is, and the totals of all that it holds.
//
// Thread safety: a value. It comes from a commit slot or a catalogue entry, so its fields are not trusted:
// whoever descends from it compares `level` with the node it finds.
#pragma once

#include <cstdint>

#include "base/types.hpp"

namespace holdfast {

struct tree_root {
    ref root;                  ///< null: the tree is empty, and all else but `map` is 0
    std::uint8_t level = 0;    ///< of the root node; 0 is a leaf
    map_id map = map_id::none; ///< which each node of the tree carries
    std::uint64_t digest = 0;  ///< the root node's own
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0; ///< of keys and values

    friend bool operator==(const tree_root&, const tree_root&) = default;
};

/// The root of a map that holds nothing.
[[nodiscard]] constexpr tree_root empty_tree(map_id map) noexcept {
    tree_root root;
    root.map = map;
    return root;
}

} // namespace holdfast
