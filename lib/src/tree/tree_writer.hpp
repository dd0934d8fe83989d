// Changing a tree within one write transaction, by path copying.
//
// A node made by the running transaction is changed in place; any other is copied first and its old copy
// retired, and so is each node above it: the tree under the root that the writer began with stays as it was.
//
// Thread safety: none; belongs to the thread of its transaction.
//
// Invariants, between two calls:
//   - `root()` describes a whole tree: digests, counts, levels and totals are right;
//   - a node made by this transaction has only parents made by this transaction;
//   - leaves and inner nodes other than the root are never empty, and an inner root has two children or more;
//   - while `bounds_known_`, the keys k with lower_ <= k < upper_ are exactly those that belong to the leaf at
//     the end of `path_`.
//
// The bytes are untrusted: nodes are checked when they are entered, and again by whatever changes them after
// an allocation. When a call throws (errc::no_space, errc::corrupt), the transaction can only be aborted,
// except for errc::invalid_argument, and errc::unsupported of `put` and `erase`, which change nothing.
//
// Records whose value owns something outside (owns_outside) are never dropped: errc::unsupported. This is the
// one place that sees every record that leaves a tree.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/types.hpp"
#include "format/node.hpp"
#include "tree/node_edit.hpp"
#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

class tree_writer final {
public:
    /// `memory` must outlive the writer. Throws errc::corrupt if `root` claims what can't be.
    tree_writer(space& memory, const tree_root& root);
    tree_writer(const tree_writer&) = delete;
    tree_writer& operator=(const tree_writer&) = delete;
    tree_writer(tree_writer&&) noexcept = default;
    tree_writer& operator=(tree_writer&&) noexcept = default;
    ~tree_writer() = default;

    struct put_result {
        bool inserted; ///< the key was new
    };

    /// Stores `value` under `key`, replacing what was there. Always makes a new version. O(log n).
    /// Throws errc::invalid_argument if the key or the value is too long.
    put_result put(std::string_view key, const new_value& value);

    /// Removes `key`; false if there is none. O(log n).
    bool erase(std::string_view key);

    /// Removes all keys that begin with `prefix`, and returns how many they were. Nodes that hold nothing else
    /// are given back without being copied.
    std::uint64_t erase_prefix(std::string_view prefix);

    /// Removes all keys k with first <= k < last, likewise.
    std::uint64_t erase_range(std::string_view first, std::string_view last);

    /// Removes all.
    void clear();

    [[nodiscard]] const tree_root& root() const noexcept { return root_; }

private:
    /// One node of the last path.
    struct step {
        ref node;
        std::uint32_t index = 0; ///< of the child taken; not used in a leaf
        std::uint64_t share = 0; ///< what the node adds to its parent's digest, before the change at work
    };
    /// Where a key is in a leaf, or belongs.
    struct spot {
        std::size_t position;
        bool found;
        std::size_t prefix_size; ///< bytes that the key shares with the prefix of the leaf
    };
    /// Keys k with low <= k < high, to be erased; null pointers: no bound.
    struct key_range {
        const std::string_view* low;
        const std::string_view* high;
    };
    using node_level = std::uint32_t;

    // tree_writer.cpp: finding the place, owning the path
    void locate(std::string_view key);
    void descend(std::string_view key);
    void learn_bounds();
    [[nodiscard]] bool within_bounds(std::string_view key) const noexcept;
    void forget_path() noexcept;
    [[nodiscard]] bool may_append() const;
    void prefetch_candidate(std::string_view key) const;
    [[nodiscard]] spot search_leaf(const format::leaf_node& leaf, std::string_view key) const;
    [[nodiscard]] ref take(std::uint64_t size);
    [[nodiscard]] ref copy_node(ref place, node_level level);
    void own_path(node_level lowest);
    void update_digests(node_level from);
    [[nodiscard]] format::leaf_node& owned_leaf(ref place) const;
    [[nodiscard]] format::inner_node& owned_inner(ref place, node_level level) const;
    [[nodiscard]] bool is_owned(const format::node_header& header) const noexcept {
        return header.made == raw(memory_->transaction());
    }
    [[nodiscard]] std::uint64_t share_of(ref place) const;
    /// What the nodes that this transaction makes say of their origin.
    [[nodiscard]] node_origin origin() const noexcept { return {memory_->transaction(), root_.map}; }
    [[nodiscard]] ref write_new_record(std::string_view key, const new_value& value);
    void put_first(std::string_view key, const new_value& value);
    void replace(std::size_t position, ref record);

    // tree_writer_insert.cpp: inserting and splitting
    void insert(const spot& where, std::string_view key, ref record);
    [[nodiscard]] bool at_right_edge() const;
    void append_leaf(ref record, ref last_record);
    void split_leaf(std::size_t position, ref record);
    void link_right(node_level level, ref separator, ref right);
    void split_inner(node_level level, ref& separator, ref& right);
    [[nodiscard]] ref make_leaf(ref record);
    [[nodiscard]] ref make_inner(node_level level, const ref* separators, const ref* children,
                                 std::size_t count);
    void grow_root(ref separator, ref right);

    // tree_writer_erase.cpp: removing and merging
    void shrink_path();
    void merge_small(format::inner_node& parent, node_level child_level, std::size_t index);
    [[nodiscard]] bool merge_with(format::inner_node& parent, node_level child_level, std::size_t index,
                                  std::size_t sibling);
    void merge_leaves(ref into, ref left, ref right);
    void merge_inners(ref into, node_level level, ref left, ref right, ref separator);
    void remove_child(format::inner_node& parent, std::size_t index);
    void collapse_root();

    // tree_writer_erase_range.cpp: removing many
    std::uint64_t erase_between(std::string_view low, const std::string_view* high);
    [[nodiscard]] ref erase_range(ref place, node_level level, std::uint64_t made_max,
                                  const key_range& range);
    [[nodiscard]] ref erase_range_leaf(ref place, const key_range& range);
    [[nodiscard]] ref erase_range_inner(ref place, node_level level, const key_range& range);
    [[nodiscard]] ref rebuild_inner(ref place, const format::inner_node& old, const ref* children,
                                    std::uint64_t digest);
    void merge_ends(ref place, node_level level, ref first, ref last);
    void drop_subtree(ref place, node_level level);
    void drop_record(ref place);

    space* memory_;
    space_view view_;
    tree_root root_;

    bool path_known_ = false; ///< path_ describes the tree as it is now
    bool bounds_known_ = false;
    bool has_lower_ = false;
    bool has_upper_ = false;
    std::string_view lower_;
    std::string_view upper_;
    std::size_t prefix_known_ = 0; ///< bytes shared by all keys that belong to the leaf at the end of path_
    std::array<step, format::level_max + 1> path_{}; ///< [level]
};

} // namespace holdfast
