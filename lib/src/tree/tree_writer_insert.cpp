// Inserting a record, and the splits that this brings about.
//
// A full leaf is split near its middle, where the separator is shortest. At the right edge of the tree it is
// left as it is and the record begins a new leaf, so that keys put in rising order fill their leaves; full
// inner nodes above do the same.
#include "tree/tree_writer.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

namespace {

/// Where to cut `count` entries in two: the position in the middle fifth for which `cost` is least.
template <class Cost>
[[nodiscard]] std::size_t cheapest_cut(std::size_t count, Cost cost) {
    const std::size_t middle = count / 2;
    std::size_t best = middle;
    std::size_t best_cost = cost(middle);
    for (std::size_t away = 1; away <= count / 10; ++away) {
        for (const std::size_t cut : {middle - away, middle + away}) {
            const std::size_t cut_cost = cost(cut);
            if (cut_cost < best_cost) {
                best = cut;
                best_cost = cut_cost;
            }
        }
    }
    return best;
}

template <template <std::size_t> class Refs, std::size_t Capacity>
[[nodiscard]] std::array<ref, Capacity + 1> with_one_more(const Refs<Capacity>& refs, std::size_t position,
                                                          ref added) noexcept {
    std::array<ref, Capacity + 1> all;
    for (std::size_t i = 0; i <= Capacity; ++i) {
        all[i] = i == position ? added : get_ref(refs, i < position ? i : i - 1);
    }
    return all;
}

} // namespace

/// Inserts a record where its key belongs. The path is owned, except where the record comes behind a full last
/// leaf.
void tree_writer::insert(const spot& where, std::string_view key, ref record) {
    const format::leaf_node& found = leaf_at(view_, path_[0].node, root_.map);
    const std::size_t count = found.header.count;
    if (count == found.capacity) {
        if (where.position == count && at_right_edge()) {
            append_leaf(record, get_ref(found.records, count - 1));
        } else {
            split_leaf(where.position, record);
        }
        return;
    }
    format::leaf_node& leaf = owned_leaf(path_[0].node);
    leaf_insert(view_, leaf, where.position, key, record, where.prefix_size);
    leaf.header.digest += record_share(view_, record);
    update_digests(1);
}

/// Whether path_ leads to the last leaf of the tree.
bool tree_writer::at_right_edge() const {
    for (node_level level = 1; level <= root_.level; ++level) {
        if (path_[level].index + 1U != inner_at(view_, path_[level].node, level, root_.map).header.count) {
            return false;
        }
    }
    return true;
}

/// Puts a record behind the last one, into a leaf of its own.
void tree_writer::append_leaf(ref record, ref last_record) {
    ref separator = write_separator(
        *memory_, shortest_separator(record_key(view_, last_record), record_key(view_, record)));
    view_ = memory_->view();
    ref right = make_leaf(record);
    node_level level = 1;
    for (; level <= root_.level; ++level) {
        if (inner_at(view_, path_[level].node, level, root_.map).header.count <
            format::inner_node::capacity) {
            break;
        }
        right = make_inner(level, &separator, &right, 1);
    }
    if (level > root_.level) {
        forget_path();
        grow_root(separator, right);
        return;
    }
    own_path(level);
    auto& parent = owned_inner(path_[level].node, level);
    inner_insert(view_, parent, path_[level].index + 1U, separator, right);
    parent.header.digest += share_of(right) + separator_share(view_, separator);
    update_digests(level + 1);
    forget_path();
}

/// Splits the full leaf of path_, which is owned, around a new record.
void tree_writer::split_leaf(std::size_t position, ref record) {
    const auto all = with_one_more(owned_leaf(path_[0].node).records, position, record);
    for (const ref each : all) {
        prefetch(view_.hint(each));
    }
    const auto key = [&](std::size_t i) { return record_key(view_, all[i]); };
    const std::size_t cut =
        cheapest_cut(all.size(), [&](std::size_t i) { return common_prefix(key(i - 1), key(i)); });
    const ref separator = write_separator(*memory_, shortest_separator(key(cut - 1), key(cut)));
    const ref right = take(sizeof(format::leaf_node));
    const std::span<const ref> records = all;
    build_leaf(view_, memory_->writable<format::leaf_node>(right), origin(), records.subspan(cut));
    build_leaf(view_, owned_leaf(path_[0].node), origin(), records.first(cut));
    link_right(0, separator, right);
}

/// Makes `right` the neighbour of the node of path_ at `level`, splitting nodes above while they are full. The
/// path is owned from that level up.
void tree_writer::link_right(node_level level, ref separator, ref right) {
    while (right && level < root_.level) {
        ++level;
        auto& parent = owned_inner(path_[level].node, level);
        parent.header.digest += share_of(path_[level - 1].node) - path_[level - 1].share + share_of(right) +
                                separator_share(view_, separator);
        if (parent.header.count < parent.capacity) {
            inner_insert(view_, parent, path_[level].index + 1U, separator, right);
            right = ref{};
        } else {
            split_inner(level, separator, right);
        }
    }
    if (right) {
        forget_path();
        grow_root(separator, right);
        return;
    }
    update_digests(level + 1);
    forget_path();
}

/// Splits the full node of path_ at `level`, whose digest includes `right` and `separator` already, around a new child.
/// Then `right` is the new node and `separator` parts the two.
void tree_writer::split_inner(node_level level, ref& separator, ref& right) {
    const ref left = path_[level].node;
    const std::size_t position = path_[level].index + 1U;
    const format::inner_node& full = owned_inner(left, level);
    const std::uint64_t digest = full.header.digest;
    const auto separators = with_one_more(full.separators, position, separator);
    const auto children = with_one_more(full.children, position, right);
    const std::size_t cut = cheapest_cut(
        children.size(), [&](std::size_t i) { return read_separator(view_, separators[i]).size(); });

    right = make_inner(level, separators.data() + cut, children.data() + cut, children.size() - cut);
    separator = separators[cut];
    auto& node = owned_inner(left, level);
    build_inner(view_, node, origin(), level, std::span(separators).first(cut),
                std::span(children).first(cut));
    node.header.digest =
        digest - view_.at<format::node_header>(right).digest - separator_share(view_, separator);
}

ref tree_writer::make_leaf(ref record) {
    const ref place = take(sizeof(format::leaf_node));
    build_leaf(view_, memory_->writable<format::leaf_node>(place), origin(), {&record, 1});
    return place;
}

/// A new inner node with its digest; separators[0] is ignored.
ref tree_writer::make_inner(node_level level, const ref* separators, const ref* children, std::size_t count) {
    const ref place = take(sizeof(format::inner_node));
    auto& node = memory_->writable<format::inner_node>(place);
    build_inner(view_, node, origin(), level, {separators, count}, {children, count});
    for (std::size_t i = 0; i < count; ++i) {
        node.header.digest += share_of(children[i]) + (i != 0 ? separator_share(view_, separators[i]) : 0);
    }
    return place;
}

/// A new root above the old one and `right`.
void tree_writer::grow_root(ref separator, ref right) {
    verify_level(root_.level + 1U, root_.root);
    const std::array separators{ref{}, separator};
    const std::array children{root_.root, right};
    root_.root = make_inner(root_.level + 1U, separators.data(), children.data(), 2);
    root_.level = static_cast<std::uint8_t>(root_.level + 1);
    root_.digest = share_of(root_.root);
}

} // namespace holdfast
