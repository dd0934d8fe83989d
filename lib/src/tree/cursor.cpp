// Descents and moves between leaves.
#include "tree/cursor.hpp"

#include <algorithm>
#include <utility>

#include "tree/node_search.hpp"

namespace holdfast {

/// The root, or null for an empty tree; the cursor is not valid until the descent has ended.
ref tree_cursor::begin_descent() {
    leaf_ = nullptr;
    if (root_) {
        verify_level(level_, root_);
    }
    return root_;
}

void tree_cursor::seek_first() {
    if (const ref place = begin_descent()) {
        descend(place, level_, edge::first);
    }
}

void tree_cursor::seek_last() {
    if (const ref place = begin_descent()) {
        descend(place, level_, edge::last);
    }
}

void tree_cursor::seek(std::string_view key) {
    ref place = begin_descent();
    if (!place) {
        return;
    }
    for (std::uint32_t level = level_; level != 0; --level) {
        const format::inner_node& node = inner_at(view_, place, level, map_);
        const std::size_t index = route(view_, node, key);
        set_step(level, place, index);
        place = get_ref(node.children, index);
        prefetch_node(view_, place, level - 1);
    }
    const format::leaf_node& leaf = leaf_at(view_, place, map_);
    const std::size_t position = leaf_lower_bound(view_, leaf, key);
    if (position < leaf.header.count) {
        stand_at(leaf, position, edge::first);
    } else {
        next_leaf(leaf);
    }
}

/// From a node down to its first or last record.
void tree_cursor::descend(ref place, std::uint32_t level, edge side) {
    for (; level != 0; --level) {
        const format::inner_node& node = inner_at(view_, place, level, map_);
        const std::size_t index = side == edge::first ? 0 : node.header.count - 1U;
        set_step(level, place, index);
        place = get_ref(node.children, index);
    }
    const format::leaf_node& leaf = leaf_at(view_, place, map_);
    stand_at(leaf, side == edge::first ? 0 : leaf.header.count - 1U, side);
}

/// Stands in a leaf from now on, coming from the given side.
void tree_cursor::stand_at(const format::leaf_node& leaf, std::size_t position, edge from) noexcept {
    const bool travels = beside_ == &leaf; // then its records have been prefetched
    leaf_ = &leaf;
    count_ = leaf.header.count;
    index_ = static_cast<std::uint16_t>(position);
    find_leaf_beside(from);
    if (!travels) {
        for (std::uint32_t ahead = 0; ahead < begins_ahead; ++ahead) {
            const ref record = from == edge::first ? record_forward(index_ + ahead) : record_backward(ahead);
            prefetch(view_.hint(record));
        }
        for (std::uint32_t ahead = 0; ahead < rests_ahead; ++ahead) {
            prefetch_rest(from == edge::first ? record_forward(index_ + ahead) : record_backward(ahead));
        }
    }
}

/// Finds the leaf that comes after the one entered, if both have the same parent, and prefetches it.
void tree_cursor::find_leaf_beside(edge from) noexcept {
    beside_ = nullptr;
    if (level_ == 0) {
        return;
    }
    const auto* parent = reinterpret_cast<const format::inner_node*>(view_.hint(step_at(1).node()));
    const std::size_t index = from == edge::first ? step_at(1).index() + 1U : step_at(1).index() - 1U;
    if (index >= parent->header.count || index >= parent->capacity) {
        return;
    }
    const ref place = get_ref(parent->children, index);
    if (view_.contains(place, sizeof(format::leaf_node))) {
        prefetch_leaf(view_, place);
        beside_ = reinterpret_cast<const format::leaf_node*>(view_.hint(place));
    }
}

void tree_cursor::next_leaf(const format::leaf_node& from) {
    leaf_ = nullptr;
    const std::string_view left = record_key(view_, get_ref(from.records, from.header.count - 1U));
    if (move_near(edge::first)) {
        verify_border(left, edge::first);
    } else {
        move_far(left, edge::first);
    }
}

void tree_cursor::previous_leaf(const format::leaf_node& from) {
    leaf_ = nullptr;
    const std::string_view right = record_key(view_, get_ref(from.records, 0));
    if (move_near(edge::last)) {
        verify_border(right, edge::last);
    } else {
        move_far(right, edge::last);
    }
}

/// To the leaf beside, if a node that is remembered is above both.
bool tree_cursor::move_near(edge from) {
    for (std::uint32_t level = 1; level <= level_ && level <= levels_kept; ++level) {
        const ref place = step_at(level).node();
        const format::inner_node& node = inner_at(view_, place, level, map_);
        const std::size_t index = step_at(level).index();
        if (from == edge::first ? index + 1U < node.header.count : index != 0) {
            const std::size_t beside = from == edge::first ? index + 1U : index - 1U;
            set_step(level, place, beside);
            descend(get_ref(node.children, beside), level - 1, from);
            return true;
        }
    }
    return false;
}

/// To the leaf beside the one that `left_behind` is in, by the lowest node above `levels_kept` that is above both.
void tree_cursor::move_far(std::string_view left_behind, edge from) {
    ref turn; // the child to go down into
    std::uint32_t turn_level = 0;
    ref place = root_;
    for (std::uint32_t level = level_; level > levels_kept; --level) {
        const format::inner_node& node = inner_at(view_, place, level, map_);
        const std::size_t index = route(view_, node, left_behind);
        if (from == edge::first ? index + 1U < node.header.count : index != 0) {
            turn = get_ref(node.children, from == edge::first ? index + 1U : index - 1U);
            turn_level = level - 1;
        }
        place = get_ref(node.children, index);
    }
    if (turn) {
        descend(turn, turn_level, from);
        verify_border(left_behind, from);
    }
}

/// Keys must rise from leaf to leaf: else a forged graph could be walked for ever. `left_behind` is the key at
/// the border of the leaf that was left; this one was entered from side `from`.
void tree_cursor::verify_border(std::string_view left_behind, edge from) {
    const ref where = place();
    const format::leaf_node* const entered = std::exchange(leaf_, nullptr);
    const std::string_view key = record_key(view_, where);
    if (from == edge::first ? left_behind >= key : key >= left_behind) [[unlikely]] {
        throw_corrupt("the keys of two leaves do not rise", where);
    }
    leaf_ = entered;
}

} // namespace holdfast
