// The catalogue of maps: names, ids, key types and roots. The one place that knows how they are kept.
//
// A commit has two: the users' and the store's own ("system"), which no user sees. Both are trees from names to map
// roots, of one form. The roots of the first users' maps lie in the commit slot itself (`direct`), so that a commit
// that
// changes such a map writes no node of the catalogue: then the entry says which root it is, and has id and key type.
//
// Invariants
//  - Each direct root in use is that of exactly one entry, which has the same id.
//  - A map's id is given when its first node can be made, counts once the map is in the catalogue, and is never reused.
//
// Thread and process safety: `map_catalogue` reads one commit, or the state of one transaction; `catalogue_writer`
// belongs to its transaction. What is read is untrusted: errc::corrupt.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include <holdfast/error.hpp>
#include <holdfast/key.hpp>

#include "base/corrupt.hpp"
#include "base/types.hpp"
#include "format/commit.hpp"
#include "format/node.hpp"
#include "tree/cursor.hpp"
#include "tree/root.hpp"
#include "tree/salvage.hpp"
#include "tree/space.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast {

// --- Roots ------------------------------------------------------------------------------------------------

/// Throws corrupt if no tree can have that root.
[[nodiscard]] inline tree_root to_tree_root(const format::map_root& map) {
    if (map.level > format::level_max || map.root > ref::units_max || (map.root == 0 && map.entries != 0)) {
        throw_corrupt("the root of a map is damaged", ref::from_units(map.root));
    }
    return {ref::from_units(map.root), map.level, map_id{map.id}, map.digest, map.entries, map.bytes};
}

/// `map` with the tree that it has now.
[[nodiscard]] format::map_root with_tree(format::map_root map, const tree_root& tree, txn_id made) noexcept;

// --- Key types --------------------------------------------------------------------------------------------

/// Throws corrupt if there is no such type.
[[nodiscard]] key_type keys_of(const format::map_root& map);

void set_keys(format::map_root& map, const key_type& keys) noexcept;

// --- Reading ----------------------------------------------------------------------------------------------

using direct_roots = std::array<format::map_root, format::commit_slot::direct_max>;

/// Refers to the direct roots that it is given.
class map_catalogue {
public:
    /// Of the users' maps of a commit.
    map_catalogue(space_view view, const format::commit_slot& commit)
        : map_catalogue(view, to_tree_root(commit.catalogue), commit.direct, commit.direct_count) {}
    map_catalogue(space_view view, const tree_root& names, const direct_roots& direct,
                  std::size_t direct_count) noexcept
        : view_(view), names_(names), direct_(&direct), direct_count_(direct_count) {}
    /// Of the store's own maps.
    [[nodiscard]] static map_catalogue system(space_view view, const format::commit_slot& commit) {
        return {view, to_tree_root(commit.system), commit.direct, 0};
    }

    /// nullopt: there is none. O(log n) in the number of maps.
    [[nodiscard]] std::optional<format::map_root> find(std::string_view name) const;

    /// Calls `use(name, root)` with each map, in the order of their names.
    template <class Use>
    void for_each(Use&& use) const {
        for_each(use, [](std::string_view, const error&) { throw; });
    }
    /// The same; calls `damaged(name, error)` where an entry is no map, and goes on.
    template <class Use, class Damaged>
    void for_each(Use&& use, Damaged&& damaged) const {
        tree_cursor cursor(view_, names_);
        for (cursor.seek_first(); cursor.valid(); cursor.next()) {
            const record_view record = cursor.record();
            std::optional<format::map_root> root;
            try {
                root = root_of(record);
            } catch (const error& damage) {
                damaged(record.key, damage);
            }
            if (root) {
                use(record.key, *root);
            }
        }
    }

    /// The same for what is left of a damaged catalogue; entries that are no maps are told as gaps, too.
    void salvage(const std::function<void(std::string_view name, const format::map_root& map)>& use,
                 const std::function<void(const tree_gap& damage)>& damaged) const;

private:
    [[nodiscard]] format::map_root root_of(const record_view& record) const;

    space_view view_;
    tree_root names_;
    const direct_roots* direct_;
    std::size_t direct_count_;
};

// --- Writing ----------------------------------------------------------------------------------------------

/// The users' catalogue within a write transaction. What throws (no_space, corrupt) leaves the transaction fit only
/// to be
/// aborted.
class catalogue_writer {
public:
    /// `memory` must outlive it.
    catalogue_writer(space& memory, const format::commit_slot& before);

    /// As the transaction has left it so far. Invalid after the next change.
    [[nodiscard]] map_catalogue now() const noexcept {
        return {memory_->view(), names_.root(), direct_, direct_.size()};
    }
    /// A map with an id of its own, empty and with string keys; not in the catalogue yet.
    [[nodiscard]] format::map_root new_map();
    /// Enters a map or what has become of it. `map` is what `find` or `new_map` gave, changed.
    void put(std::string_view name, format::map_root map);
    /// False if there is none.
    bool erase(std::string_view name);

    [[nodiscard]] bool changed() const noexcept { return names_changed_ || direct_changed_; }
    /// Whether nodes were written.
    [[nodiscard]] bool names_changed() const noexcept { return names_changed_; }
    void store(format::commit_slot& next) const noexcept;

private:
    void put_record(std::string_view name, const format::map_root& entry);

    space* memory_;
    tree_writer names_;
    direct_roots direct_;
    std::uint64_t next_map_id_;
    bool names_changed_ = false;
    bool direct_changed_ = false;
};

/// The tree of a map as a commit has it, to be changed. Throws corrupt if it claims to be of the running transaction:
/// it would be changed in place.
[[nodiscard]] tree_root committed_root(const space& memory, const format::map_root& map);

} // namespace holdfast
