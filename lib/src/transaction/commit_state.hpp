// One commit as a process sees it: copied out of its slot, verified, turned into the tree's terms.
#pragma once

#include <optional>
#include <string_view>

#include "base/types.hpp"
#include "format/commit.hpp"
#include "transaction/catalogue.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// A consistent copy of what counts of a commit slot; what lies behind is undefined.
struct commit_state {
    commit_state() noexcept {} // not zeroed: a single look-up copies a quarter of it

    format::commit_slot slot;
    space_view view; ///< bounded by the end that this commit knows

    [[nodiscard]] txn_id id() const noexcept { return txn_id{slot.txn}; }
    [[nodiscard]] tree_root unnamed() const { return to_tree_root(slot.unnamed); }
    /// The named maps. Refers to this.
    [[nodiscard]] map_catalogue named() const { return {view, slot}; }
    /// "" is the unnamed map, which always is; else as `map_catalogue::find`.
    [[nodiscard]] std::optional<format::map_root> find(std::string_view name) const {
        return name.empty() ? std::optional(slot.unnamed) : named().find(name);
    }
};

} // namespace holdfast
