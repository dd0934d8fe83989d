// Removing a record, and the merges that this brings about.
//
// A node that falls below a quarter of its capacity is merged with a neighbour if both together fill at most
// three quarters; an empty node is removed; an inner root with one child gives way to it.
#include "tree/tree_writer.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

namespace {

[[nodiscard]] bool is_small(const format::node_header& header, std::uint32_t level) noexcept {
    return header.count < node_capacity(level) / 4;
}

/// The count of a node that may be empty.
[[nodiscard]] std::size_t count_at(const space_view& view, ref place, std::uint32_t level) {
    const auto& header = view.at<format::node_header>(place);
    if (header.level != level || header.count > node_capacity(level)) [[unlikely]] {
        throw_corrupt("a node's header is impossible", place);
    }
    return header.count;
}

/// References copied out of one node or two.
struct gathered {
    std::array<ref, std::max(format::leaf_node::capacity, format::inner_node::capacity)> refs;
    std::size_t count = 0;

    template <class Refs>
    void add(const Refs& from, std::size_t from_count, ref node) {
        if (from_count > refs.size() - count || from_count > from.low.size()) {
            throw_corrupt("a node changed while it was in use", node);
        }
        for (std::size_t i = 0; i < from_count; ++i) {
            refs[count++] = get_ref(from, i);
        }
    }
    [[nodiscard]] std::span<const ref> all() const noexcept { return {refs.data(), count}; }
};

} // namespace

bool tree_writer::erase(std::string_view key) {
    if (!root_.root) {
        return false;
    }
    locate(key);
    const format::leaf_node& found_in = leaf_at(view_, path_[0].node, root_.map);
    const spot where = search_leaf(found_in, key);
    if (!where.found) {
        return false;
    }
    const record_view record = read_record(view_, get_ref(found_in.records, where.position));
    if (owns_outside(record.type)) [[unlikely]] {
        throw_not_ours(record);
    }
    const std::uint64_t record_bytes = record.key.size() + record.value.size();
    const std::uint64_t share = record_share(view_, record.place);
    own_path(0);
    format::leaf_node& leaf = owned_leaf(path_[0].node);
    leaf_remove(leaf, where.position);
    leaf.header.digest -= share;
    root_.entries -= 1;
    root_.bytes -= record_bytes;
    if (is_small(leaf.header, 0) && (root_.level != 0 || leaf.header.count == 0)) {
        shrink_path();
    } else {
        update_digests(1);
    }
    memory_->release(record.place, record.bytes, record.made);
    return true;
}

/// Removes or merges nodes of path_ from the leaf upward, where they have become too small, and corrects the
/// digests. The path is owned.
void tree_writer::shrink_path() {
    forget_path();
    for (node_level level = 0; level < root_.level; ++level) {
        const ref place = path_[level].node;
        auto& parent = owned_inner(path_[level + 1].node, level + 1);
        const std::size_t index = path_[level + 1].index;
        parent.header.digest -= path_[level].share;
        if (count_at(view_, place, level) == 0) {
            memory_->release(place, node_bytes(level), memory_->transaction());
            remove_child(parent, index);
            continue;
        }
        parent.header.digest += share_of(place);
        merge_small(parent, level, index);
    }
    collapse_root();
}

/// Merges the child at `index`, if it is this transaction's own and small, with a neighbour that is not too
/// large.
void tree_writer::merge_small(format::inner_node& parent, node_level child_level, std::size_t index) {
    const auto& header = view_.at<format::node_header>(get_ref(parent.children, index));
    if (!is_owned(header) || !is_small(header, child_level)) {
        return;
    }
    if (index != 0 && merge_with(parent, child_level, index, index - 1)) {
        return;
    }
    if (index + 1U < parent.header.count) {
        static_cast<void>(merge_with(parent, child_level, index, index + 1));
    }
}

/// Merges the neighbour at `sibling` into the child at `index`, which is owned; false if both are too large.
bool tree_writer::merge_with(format::inner_node& parent, node_level child_level, std::size_t index,
                             std::size_t sibling) {
    const ref into = get_ref(parent.children, index);
    const ref other = get_ref(parent.children, sibling);
    const std::size_t sum = count_at(view_, into, child_level) + count_at(view_, other, child_level);
    if (into == other || sum > node_capacity(child_level) * 3 / 4) {
        return false;
    }
    const std::size_t right_index = std::max(index, sibling);
    const ref left = index < sibling ? into : other;
    const ref right = index < sibling ? other : into;
    const ref separator = get_ref(parent.separators, right_index);
    const txn_id other_made{view_.at<format::node_header>(other).made};
    parent.header.digest -= share_of(into) + share_of(other) + separator_share(view_, separator);
    if (child_level == 0) {
        merge_leaves(into, left, right);
    } else {
        merge_inners(into, child_level, left, right, separator);
    }
    parent.header.digest += share_of(into);
    set_ref(parent.children, right_index - 1, into);
    static_cast<void>(inner_remove(parent, right_index));
    memory_->release(other, node_bytes(child_level), other_made);
    if (child_level == 0) {
        release_separator(*memory_, separator);
    }
    return true;
}

void tree_writer::merge_leaves(ref into, ref left, ref right) {
    gathered records;
    for (const ref each : {left, right}) {
        const format::leaf_node& leaf = leaf_at(view_, each, root_.map);
        records.add(leaf.records, leaf.header.count, each);
    }
    build_leaf(view_, owned_leaf(into), origin(), records.all());
}

/// The separator between the two comes down from their parent.
void tree_writer::merge_inners(ref into, node_level level, ref left, ref right, ref separator) {
    gathered separators;
    gathered children;
    std::uint64_t digest = separator_share(view_, separator);
    std::size_t boundary = 0;
    for (const ref each : {left, right}) {
        const format::inner_node& node = inner_at(view_, each, level, root_.map);
        boundary = children.count;
        separators.add(node.separators, node.header.count, each);
        children.add(node.children, node.header.count, each);
        digest += node.header.digest;
    }
    separators.refs[boundary] = separator;
    auto& node = owned_inner(into, level);
    build_inner(view_, node, origin(), level, separators.all(), children.all());
    node.header.digest = digest;
}

/// Removes an empty child, and gives the separator that is needed no more back.
void tree_writer::remove_child(format::inner_node& parent, std::size_t index) {
    const ref separator = inner_remove(parent, index);
    if (separator) {
        parent.header.digest -= separator_share(view_, separator);
        release_separator(*memory_, separator);
    }
}

/// Removes a root that holds one child or nothing, and takes over the digest of what is the root then.
void tree_writer::collapse_root() {
    while (root_.level != 0 && count_at(view_, root_.root, root_.level) == 1) {
        const format::inner_node& node = inner_at(view_, root_.root, root_.level, root_.map);
        const ref child = get_ref(node.children, 0);
        memory_->release(root_.root, sizeof node, txn_id{node.header.made});
        root_.root = child;
        root_.level = static_cast<std::uint8_t>(root_.level - 1);
    }
    if (count_at(view_, root_.root, root_.level) == 0) {
        memory_->release(root_.root, node_bytes(root_.level), memory_->transaction());
        root_ = empty_tree(root_.map);
        return;
    }
    root_.digest = share_of(root_.root);
}

} // namespace holdfast
