// Walks what can be read of a tree, in the order of its keys or against it, and goes on behind what can't.
//
// A node or record that is damaged is left out and its siblings are not: what lies between two entries that could be
// read is told as one gap. Digests are compared, so that entries that a node has lost leave a gap, too. Values are not
// read.
//
// Thread safety: a pure function over a snapshot. The bytes are untrusted: a key that does not rise, or lies outside of
// what the separators above it part, is damage; and no more nodes are entered than the space has room for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// Entries may be missing whose keys k are after < k < before.
struct tree_gap {
    std::optional<std::string_view> after;  ///< nullopt: from the beginning
    std::optional<std::string_view> before; ///< nullopt: to the end
    std::string what;                       ///< was found first
};

class salvage_visitor {
public:
    salvage_visitor() = default;
    salvage_visitor(const salvage_visitor&) = delete;
    salvage_visitor& operator=(const salvage_visitor&) = delete;
    virtual ~salvage_visitor() = default;

    /// False ends the walk.
    virtual bool entry(const record_view& record) = 0;
    /// Before the next entry; where a node has lost entries, nobody knows which, behind those that it has.
    virtual void gap(const tree_gap& found) = 0;
};

/// The keys k with first <= k < last.
struct salvage_range {
    std::string_view first{};
    std::optional<std::string_view> last{};
    bool backwards = false;
};

/// O(n) in what lies in the range. What the visitor throws goes through.
void tree_salvage(const space_view& view, const tree_root& root, const salvage_range& range,
                  salvage_visitor& visitor);

} // namespace holdfast
