// Removing all keys of a range: subtrees within it are given back whole, and only the nodes along its two ends
// are changed.
//
// What a forged graph of nodes can make this do is bounded: the levels fall, each subtree holds a record, and no
// more records are erased than the tree claims, which the constructor compared with the size of the space.
#include "tree/tree_writer.hpp"

#include <array>
#include <span>
#include <string>

#include "tree/cursor.hpp"
#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

namespace {

/// The least string greater than all that begin with `prefix`; empty if there is none.
[[nodiscard]] std::string successor_of_prefix(std::string_view prefix) {
    std::string successor(prefix);
    while (!successor.empty() && successor.back() == '\xFF') {
        successor.pop_back();
    }
    if (!successor.empty()) {
        successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1U);
    }
    return successor;
}

} // namespace

std::uint64_t tree_writer::erase_prefix(std::string_view prefix) {
    const std::string successor = successor_of_prefix(prefix);
    const std::string_view high = successor;
    return erase_between(prefix, successor.empty() ? nullptr : &high);
}

std::uint64_t tree_writer::erase_range(std::string_view first, std::string_view last) {
    const std::string high_copy(last); // it may lie in a record that is released
    const std::string_view high = high_copy;
    return first < last ? erase_between(first, &high) : 0;
}

std::uint64_t tree_writer::erase_between(std::string_view first, const std::string_view* high) {
    tree_cursor found(view_, root_);
    found.seek(first);
    if (!found.valid() || (high != nullptr && found.record().key >= *high)) {
        return 0;
    }
    forget_path();
    const std::uint64_t entries_before = root_.entries;
    const std::string low_copy(first); // it may lie in a record that is released
    const std::string_view low = low_copy;
    const ref root = erase_range(root_.root, root_.level, raw(memory_->transaction()), {&low, high});
    const std::uint64_t erased = entries_before - root_.entries;
    root_.root = root;
    if (root) {
        collapse_root();
    } else {
        root_ = empty_tree(root_.map);
    }
    return erased;
}

void tree_writer::clear() {
    forget_path();
    if (root_.root) {
        drop_subtree(root_.root, root_.level);
        root_ = empty_tree(root_.map);
    }
}

/// Erases the keys of the range in the subtree at `place`, whose parent was made by `made_max`. Returns what is
/// there then: the same node if nothing
/// changed, null if nothing is left.
ref tree_writer::erase_range(ref place, node_level level, std::uint64_t made_max, const key_range& range) {
    if (view_.at<format::node_header>(place).made > made_max) [[unlikely]] {
        throw_corrupt("a node is newer than its parent", place);
    }
    if (range.low == nullptr && range.high == nullptr) {
        drop_subtree(place, level);
        return {};
    }
    return level == 0 ? erase_range_leaf(place, range) : erase_range_inner(place, level, range);
}

ref tree_writer::erase_range_leaf(ref place, const key_range& range) {
    const format::leaf_node leaf = leaf_at(view_, place, root_.map);
    const std::size_t count = leaf.header.count;
    const std::size_t begin = range.low != nullptr ? leaf_lower_bound(view_, leaf, *range.low) : 0;
    const std::size_t end = range.high != nullptr ? leaf_lower_bound(view_, leaf, *range.high) : count;
    if (begin >= end) {
        return place;
    }
    std::array<ref, format::leaf_node::capacity> kept;
    std::size_t kept_count = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (i >= begin && i < end) {
            drop_record(get_ref(leaf.records, i));
        } else {
            kept[kept_count++] = get_ref(leaf.records, i);
        }
    }
    if (kept_count == 0) {
        memory_->release(place, sizeof leaf, txn_id{leaf.header.made});
        return {};
    }
    const ref changed = is_owned(leaf.header) ? place : copy_node(place, 0);
    build_leaf(view_, owned_leaf(changed), origin(), {kept.data(), kept_count});
    return changed;
}

ref tree_writer::erase_range_inner(ref place, node_level level, const key_range& range) {
    const format::inner_node node =
        inner_at(view_, place, level, root_.map); // a copy: below, objects are released
    const std::size_t count = node.header.count;
    const std::size_t first = range.low != nullptr ? count_separators<true>(view_, node, *range.low) : 0;
    const std::size_t last =
        range.high != nullptr ? count_separators<false>(view_, node, *range.high) : count - 1;
    std::array<ref, format::inner_node::capacity> children;
    std::uint64_t digest = node.header.digest;
    bool changed = false;
    for (std::size_t i = 0; i < count; ++i) {
        children[i] = get_ref(node.children, i);
        if (i < first || i > last) {
            continue;
        }
        const std::uint64_t share = share_of(children[i]);
        const key_range part{i == first ? range.low : nullptr, i == last ? range.high : nullptr};
        children[i] = erase_range(children[i], level - 1, node.header.made, part);
        const std::uint64_t share_now = children[i] ? share_of(children[i]) : 0;
        digest += share_now - share;
        changed = changed || !children[i] || share_now != share;
    }
    if (!changed) {
        return place;
    }
    const ref now = rebuild_inner(place, node, children.data(), digest);
    if (now) {
        merge_ends(now, level, children[first], children[last]);
    }
    return now;
}

/// Makes the node at `place`, whose contents were `old`, hold those of `children` that are not null. Returns
/// where it is then, null if it would be empty. Gives the separators back that are needed no more.
ref tree_writer::rebuild_inner(ref place, const format::inner_node& old, const ref* children,
                               std::uint64_t digest) {
    std::array<ref, format::inner_node::capacity> kept;
    std::array<ref, format::inner_node::capacity> separators;
    std::size_t count = 0;
    for (std::size_t i = 0; i < old.header.count; ++i) {
        if (i != 0 && (!children[i] || count == 0)) {
            const ref separator = get_ref(old.separators, i);
            digest -= separator_share(view_, separator);
            release_separator(*memory_, separator);
        }
        if (children[i]) {
            separators[count] = count == 0 ? ref{} : get_ref(old.separators, i);
            kept[count++] = children[i];
        }
    }
    if (count == 0) {
        memory_->release(place, sizeof old, txn_id{old.header.made});
        return {};
    }
    const ref changed = is_owned(old.header) ? place : copy_node(place, old.header.level);
    auto& node = owned_inner(changed, old.header.level);
    build_inner(view_, node, origin(), old.header.level, {separators.data(), count}, {kept.data(), count});
    node.header.digest = digest;
    return changed;
}

/// Merges the two children at the ends of an erased range with neighbours if they have become small.
void tree_writer::merge_ends(ref place, node_level level, ref first, ref last) {
    auto& node = owned_inner(place, level);
    for (const ref child : {last, first}) {
        for (std::size_t i = 0; child && i < node.header.count && i < node.capacity; ++i) {
            if (get_ref(node.children, i) == child) {
                merge_small(node, level - 1, i);
                break;
            }
        }
    }
}

/// Gives a whole subtree back.
void tree_writer::drop_subtree(ref place, node_level level) {
    if (level == 0) {
        const format::leaf_node leaf = leaf_at(view_, place, root_.map);
        for (std::size_t i = 0; i < leaf.header.count; ++i) {
            prefetch(view_.hint(get_ref(leaf.records, i)));
        }
        for (std::size_t i = 0; i < leaf.header.count; ++i) {
            drop_record(get_ref(leaf.records, i));
        }
        memory_->release(place, sizeof leaf, txn_id{leaf.header.made});
        return;
    }
    const format::inner_node node = inner_at(view_, place, level, root_.map);
    for (std::size_t i = 0; i < node.header.count; ++i) {
        drop_subtree(get_ref(node.children, i), level - 1);
        if (i != 0) {
            release_separator(*memory_, get_ref(node.separators, i));
        }
    }
    memory_->release(place, sizeof node, txn_id{node.header.made});
}

void tree_writer::drop_record(ref place) {
    const record_view record = read_record(view_, place);
    if (owns_outside(record.type)) [[unlikely]] {
        throw_not_ours(record);
    }
    if (root_.entries == 0) [[unlikely]] {
        throw_corrupt("a tree holds more entries than it claims", place);
    }
    root_.entries -= 1;
    root_.bytes -= record.key.size() + record.value.size();
    memory_->release(place, record.bytes, record.made);
}

} // namespace holdfast
