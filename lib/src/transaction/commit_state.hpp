// One commit as a process sees it: copied out of its slot, validated, turned into the tree's terms.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/corrupt.hpp"
#include "base/types.hpp"
#include "format/commit.hpp"
#include "format/node.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// Throws corrupt if no tree can have that root.
[[nodiscard]] inline tree_root to_tree_root(const format::map_root& map) {
    if (map.level > format::level_max || map.root > ref::units_max || (map.root == 0 && map.entries != 0)) {
        throw_corrupt("the root of a map is damaged", ref::from_units(map.root));
    }
    return {ref::from_units(map.root), map.level, map_id{map.id}, map.digest, map.entries, map.bytes};
}

/// `map` with the tree that it has now.
[[nodiscard]] inline format::map_root with_tree(format::map_root map, const tree_root& tree,
                                                txn_id made) noexcept {
    map.root = tree.root.units();
    map.level = tree.level;
    map.digest = tree.digest;
    map.entries = tree.entries;
    map.bytes = tree.bytes;
    map.made = raw(made);
    return map;
}

/// A consistent copy of a commit slot.
struct commit_state {
    format::commit_slot slot{};
    space_view view; ///< bounded by the end that this commit knows

    [[nodiscard]] txn_id id() const noexcept { return txn_id{slot.txn}; }
    [[nodiscard]] tree_root unnamed() const { return to_tree_root(slot.unnamed); }
    [[nodiscard]] tree_root catalogue() const { return to_tree_root(slot.catalogue); }
};

/// The entry of a named map in the catalogue; nullopt if there is none.
[[nodiscard]] std::optional<format::map_root> find_map(const space_view& view, const tree_root& catalogue,
                                                       std::string_view name);
/// The map_root that a catalogue record holds; throws corrupt if it is none.
[[nodiscard]] format::map_root map_root_of(std::string_view value, ref where);

} // namespace holdfast
