// Finding the place of a change, owning the path to it, and the simplest change: replacing a record.
#include "tree/tree_writer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <holdfast/error.hpp>

#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

tree_writer::tree_writer(space& memory, const tree_root& root)
    : memory_(&memory), view_(memory.view()), root_(root) {
    verify_level(root.level, root.root);
    // Bounds what `clear` and `erase_prefix` can be made to do by a forged graph of nodes.
    if (root.entries > view_.size() / sizeof(format::record_header)) {
        throw_corrupt("a tree claims more entries than the store has room for", root.root);
    }
}

tree_writer::put_result tree_writer::put(std::string_view key, const new_value& value) {
    if (key.size() > format::key_bytes_max) {
        throw error(errc::invalid_argument, "a key is longer than 65,535 bytes; use a shorter key");
    }
    if (value.size() > format::value_bytes_max) {
        throw error(errc::invalid_argument, "a value is longer than 1 TiB; split it");
    }
    if (!root_.root) {
        put_first(key, value);
        return {true};
    }
    // The order hides cache misses: the record is written while the leaf is on its way to the cache, and the
    // path is copied while the record that may have to be compared is.
    locate(key);
    const ref record = write_new_record(key, value);
    const bool appends = may_append();
    if (!appends) {
        if (!bounds_known_) { // else the leaf is in use, and its records are likely to be in the cache
            prefetch_candidate(key);
        }
        own_path(0);
    }
    const spot where = search_leaf(leaf_at(view_, path_[0].node, root_.map), key);
    if (appends && (where.found || where.position != format::leaf_node::capacity)) {
        own_path(0);
    }
    if (where.found) {
        replace(where.position, record);
    } else {
        insert(where, key, record);
        root_.entries += 1;
        root_.bytes += key.size() + value.size();
    }
    return {!where.found};
}

void tree_writer::put_first(std::string_view key, const new_value& value) {
    forget_path();
    root_.root = make_leaf(write_new_record(key, value));
    root_.level = 0;
    root_.entries = 1;
    root_.bytes = key.size() + value.size();
    root_.digest = share_of(root_.root);
}

/// Puts a record in the place of the one at `position`. The path is owned.
void tree_writer::replace(std::size_t position, ref record) {
    format::leaf_node& leaf = owned_leaf(path_[0].node);
    const ref old_place = get_ref(leaf.records, position);
    const record_view old = read_record(view_, old_place);
    const record_view now = read_record(view_, record);
    if (owns_outside(old.type)) [[unlikely]] {
        update_digests(1); // owning the path has changed them; with that the tree is whole
        memory_->release(record, now.bytes, now.made);
        throw_not_ours(old);
    }
    leaf.header.digest += record_share(view_, record) - record_share(view_, old_place);
    set_ref(leaf.records, position, record);
    root_.bytes += now.value.size() - old.value.size();
    update_digests(1);
    memory_->release(old_place, old.bytes, old.made);
}

// --- Finding the place ------------------------------------------------------------------------------------

/// Makes path_ lead to the leaf to which `key` belongs. Only a caller that comes back to the same leaf pays
/// for learning its bounds; from then on, keys within them need no descent.
void tree_writer::locate(std::string_view key) {
    if (bounds_known_ && within_bounds(key)) {
        return;
    }
    const bool comparable = path_known_ && !bounds_known_;
    const ref last = path_[0].node;
    forget_path();
    descend(key);
    path_known_ = true;
    if (comparable && path_[0].node == last) {
        learn_bounds();
    }
}

void tree_writer::descend(std::string_view key) {
    ref place = root_.root;
    std::uint64_t made_max = raw(memory_->transaction());
    prefix_known_ = 0;
    for (node_level level = root_.level; level != 0; --level) {
        const format::inner_node& node = inner_at(view_, place, level, root_.map);
        const std::size_t index = route(view_, node, key);
        if (node.header.made > made_max) [[unlikely]] {
            throw_corrupt("a node is newer than its parent", place);
        }
        made_max = node.header.made;
        path_[level].node = place;
        path_[level].index = static_cast<std::uint32_t>(index);
        if (index != 0 && index + 1 != node.header.count) {
            const std::uint32_t difference = node.slices[index] ^ node.slices[index + 1];
            const auto shared = static_cast<std::size_t>(std::countl_zero(difference)) / 8;
            prefix_known_ = std::max(prefix_known_, node.header.prefix_size + shared);
        }
        place = get_ref(node.children, index);
        prefetch_node(view_, place, level - 1);
    }
    path_[0].node = place;
    if (leaf_at(view_, place, root_.map).header.made > made_max) [[unlikely]] {
        throw_corrupt("a node is newer than its parent", place);
    }
}

/// Reads the separators on both sides of the leaf that path_ leads to.
void tree_writer::learn_bounds() {
    has_lower_ = false;
    has_upper_ = false;
    for (node_level level = 1; level <= root_.level; ++level) {
        const format::inner_node& node = inner_at(view_, path_[level].node, level, root_.map);
        const std::size_t index = path_[level].index;
        if (!has_lower_ && index != 0) {
            lower_ = read_separator(view_, get_ref(node.separators, index));
            has_lower_ = true;
        }
        if (!has_upper_ && index + 1 < node.header.count) {
            upper_ = read_separator(view_, get_ref(node.separators, index + 1));
            has_upper_ = true;
        }
    }
    bounds_known_ = true;
}

bool tree_writer::within_bounds(std::string_view key) const noexcept {
    return !(has_lower_ && key < lower_) && !(has_upper_ && key >= upper_);
}

void tree_writer::forget_path() noexcept {
    path_known_ = false;
    bounds_known_ = false;
}

/// Whether the leaf that path_ leads to is full and the last: then a put behind it leaves it as it is.
bool tree_writer::may_append() const {
    const format::leaf_node& leaf = leaf_at(view_, path_[0].node, root_.map);
    return leaf.header.count == leaf.capacity && at_right_edge();
}

/// Prefetches the record that is likely to be that of `key`, if any is.
void tree_writer::prefetch_candidate(std::string_view key) const {
    const format::leaf_node& leaf = leaf_at(view_, path_[0].node, root_.map);
    const slice_run run = find_slices(leaf.slices, leaf.header.count, slice_of(key, leaf.header.prefix_size));
    if (const std::size_t candidate = next_candidate(leaf, run, key); candidate != run.end) {
        prefetch_lines(view_.hint(get_ref(leaf.records, candidate)), 128);
    }
}

/// Where `key` is or belongs, in the leaf at the end of path_.
tree_writer::spot tree_writer::search_leaf(const format::leaf_node& leaf, std::string_view key) const {
    const std::size_t prefix_size = leaf.header.prefix_size;
    const std::size_t count = leaf.header.count;
    const slice_run run = find_slices(leaf.slices, count, slice_of(key, prefix_size));
    if (const std::size_t position = find_in_run(view_, leaf, run, key); position != run.end) {
        return {position, true, prefix_size};
    }
    bool found = false;
    const std::size_t position = lower_in_run(view_, leaf, run, key, found);
    if (found) {
        throw_corrupt("a tag does not fit its key", path_[0].node);
    }
    // Between two separators that share the prefix every key shares it; then no record need be read.
    if (prefix_size <= prefix_known_ && prefix_size <= key.size()) {
        return {position, false, prefix_size};
    }
    const std::string_view prefix = leaf_prefix(view_, leaf);
    switch (compare_prefix(key, prefix)) {
    case prefix_order::before:
        return {0, false, common_prefix(key, prefix)};
    case prefix_order::after:
        return {count, false, common_prefix(key, prefix)};
    case prefix_order::shares:
        break;
    }
    return {position, false, prefix_size};
}

// --- Owning the path --------------------------------------------------------------------------------------

ref tree_writer::take(std::uint64_t size) {
    const ref place = memory_->allocate(size);
    view_ = memory_->view();
    return place;
}

ref tree_writer::write_new_record(std::string_view key, const new_value& value) {
    const ref place = write_record(*memory_, key, value);
    view_ = memory_->view();
    return place;
}

/// Copies a node that an earlier transaction made, and retires it.
ref tree_writer::copy_node(ref place, node_level level) {
    const std::uint64_t size = node_bytes(level);
    const ref copied = take(size);
    auto& copy = memory_->writable<format::node_header>(copied);
    std::memmove(static_cast<void*>(&copy), view_.bytes(place, size),
                 size); // a misled heap makes them overlap
    const txn_id made{copy.made};
    copy.made = raw(memory_->transaction());
    memory_->release(place, size, made);
    return copied;
}

/// Makes the nodes of path_ from the root down to level `lowest` this transaction's own, and notes what each
/// contributes to its parent's digest before the change. Once for each change.
void tree_writer::own_path(node_level lowest) {
    for (node_level level = root_.level + 1U; level-- > lowest;) {
        step& at = path_[level];
        const auto& header = view_.at<format::node_header>(at.node);
        at.share = node_share(header);
        if (is_owned(header)) [[likely]] {
            continue;
        }
        at.node = copy_node(at.node, level);
        if (level == root_.level) {
            root_.root = at.node;
        } else {
            auto& parent = owned_inner(path_[level + 1].node, level + 1);
            set_ref(parent.children, path_[level + 1].index, at.node);
        }
    }
}

/// Corrects the digests of the nodes of path_ from level `from` up to the root. All of them are owned, the
/// node below has changed, and nothing but its digest has changed for its parent.
void tree_writer::update_digests(node_level from) {
    for (node_level level = from; level <= root_.level; ++level) {
        auto& parent = owned_inner(path_[level].node, level);
        parent.header.digest += share_of(path_[level - 1].node) - path_[level - 1].share;
    }
    root_.digest = share_of(root_.root);
}

format::leaf_node& tree_writer::owned_leaf(ref place) const {
    if (!is_owned(leaf_at(view_, place, root_.map).header)) [[unlikely]] {
        throw_corrupt("a node changed while it was in use", place);
    }
    return memory_->writable<format::leaf_node>(place);
}

format::inner_node& tree_writer::owned_inner(ref place, node_level level) const {
    if (!is_owned(inner_at(view_, place, level, root_.map).header)) [[unlikely]] {
        throw_corrupt("a node changed while it was in use", place);
    }
    return memory_->writable<format::inner_node>(place);
}

std::uint64_t tree_writer::share_of(ref place) const {
    return node_share(view_.at<format::node_header>(place));
}

} // namespace holdfast
