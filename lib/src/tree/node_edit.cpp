// Building nodes, inserting into them and removing from them.
#include "tree/node_edit.hpp"

#include <algorithm>
#include <cstring>

#include "tree/node_search.hpp"

namespace holdfast {

namespace {

[[noreturn]] void throw_changed() { throw_corrupt("a node changed while it was in use", ref{}); }

/// Opens a gap of one at `position` of the first `count` elements.
template <class Element, std::size_t Capacity>
void open_gap(std::array<Element, Capacity>& elements, std::size_t position, std::size_t count) noexcept {
    std::memmove(elements.data() + position + 1, elements.data() + position,
                 (count - position) * sizeof(Element));
}

/// Removes the element at `position` of the first `count`; the last gets the value `unused`.
template <class Element, std::size_t Capacity>
void close_gap(std::array<Element, Capacity>& elements, std::size_t position, std::size_t count,
               Element unused) noexcept {
    std::memmove(elements.data() + position, elements.data() + position + 1,
                 (count - position - 1) * sizeof(Element));
    elements[count - 1] = unused;
}

template <std::size_t Capacity>
void open_gap(format::ref_array<Capacity>& refs, std::size_t position, std::size_t count) noexcept {
    open_gap(refs.low, position, count);
    open_gap(refs.high, position, count);
}

template <std::size_t Capacity>
void open_gap(format::tagged_ref_array<Capacity>& refs, std::size_t position, std::size_t count) noexcept {
    open_gap(refs.low, position, count);
    open_gap(refs.high, position, count);
    open_gap(refs.tags, position, count);
}

template <std::size_t Capacity>
void close_gap(format::tagged_ref_array<Capacity>& refs, std::size_t position, std::size_t count) noexcept {
    close_gap(refs.low, position, count, std::uint32_t{0});
    close_gap(refs.high, position, count, std::uint8_t{0});
    close_gap(refs.tags, position, count, std::uint8_t{0});
}

template <std::size_t Capacity>
void close_gap(format::ref_array<Capacity>& refs, std::size_t position, std::size_t count) noexcept {
    close_gap(refs.low, position, count, std::uint32_t{0});
    close_gap(refs.high, position, count, std::uint16_t{0});
}

/// Adapts slices [first, count) to a shorter prefix; `prefix` begins with the longer one.
template <std::size_t Capacity>
void rebase_slices(std::array<std::uint32_t, Capacity>& slices, std::size_t first, std::size_t count,
                   std::string_view prefix, std::size_t size_old, std::size_t size_new) noexcept {
    for (std::size_t i = first; i < count; ++i) {
        slices[i] = rebased_slice(slices[i], prefix, size_old, size_new);
    }
}

void set_prefix(format::inner_node& node, std::string_view prefix) noexcept {
    node.header.prefix_size = static_cast<std::uint16_t>(prefix.size());
    node.prefix.fill(0);
    std::copy_n(prefix.begin(), std::min(prefix.size(), node.prefix_inline), node.prefix.begin());
}

/// The separator that holds the whole prefix of a node with two children or more.
[[nodiscard]] std::string_view first_separator(const space_view& view, const format::inner_node& node) {
    const ref place = get_ref(node.separators, 1);
    const std::string_view separator = read_separator(view, place);
    if (separator.size() < node.header.prefix_size) {
        throw_corrupt("a separator is shorter than its node's prefix", place);
    }
    return separator;
}

} // namespace

void build_leaf(const space_view& view, format::leaf_node& leaf, const node_origin& origin,
                std::span<const ref> records) {
    if (records.size() > leaf.capacity || records.empty()) {
        throw_changed();
    }
    for (const ref record : records) {
        prefetch(view.hint(record));
    }
    leaf = {};
    leaf.header.made = raw(origin.made);
    leaf.header.map = raw(origin.map);
    leaf.header.count = static_cast<std::uint16_t>(records.size());
    leaf.slices.fill(slice_unused);
    const std::size_t prefix_size =
        common_prefix(record_key(view, records.front()), record_key(view, records.back()));
    leaf.header.prefix_size = static_cast<std::uint16_t>(prefix_size);
    for (std::size_t i = 0; i < records.size(); ++i) {
        const std::string_view key = record_key(view, records[i]);
        leaf.slices[i] = slice_of(key, prefix_size);
        leaf.records.tags[i] = tag_of(key);
        leaf.header.digest += record_share(view, records[i]);
        set_ref(leaf.records, i, records[i]);
    }
}

void leaf_insert(const space_view& view, format::leaf_node& leaf, std::size_t position, std::string_view key,
                 ref record, std::size_t prefix_size) {
    const std::size_t count = leaf.header.count;
    if (count >= leaf.capacity || position > count || prefix_size > leaf.header.prefix_size) [[unlikely]] {
        throw_changed();
    }
    if (prefix_size < leaf.header.prefix_size) {
        rebase_slices(leaf.slices, 0, count, leaf_prefix(view, leaf), leaf.header.prefix_size, prefix_size);
        leaf.header.prefix_size = static_cast<std::uint16_t>(prefix_size);
    }
    open_gap(leaf.slices, position, count);
    open_gap(leaf.records, position, count);
    leaf.slices[position] = slice_of(key, prefix_size);
    leaf.records.tags[position] = tag_of(key);
    set_ref(leaf.records, position, record);
    leaf.header.count = static_cast<std::uint16_t>(count + 1);
}

void leaf_remove(format::leaf_node& leaf, std::size_t position) {
    const std::size_t count = leaf.header.count;
    if (count > leaf.capacity || position >= count) [[unlikely]] {
        throw_changed();
    }
    close_gap(leaf.slices, position, count, slice_unused);
    close_gap(leaf.records, position, count);
    leaf.header.count = static_cast<std::uint16_t>(count - 1);
}

void build_inner(const space_view& view, format::inner_node& node, const node_origin& origin,
                 std::uint32_t level, std::span<const ref> separators, std::span<const ref> children) {
    const std::size_t count = children.size();
    if (count > node.capacity || count == 0 || separators.size() != count) {
        throw_changed();
    }
    for (const ref separator : separators) {
        prefetch(view.hint(separator));
    }
    node = {};
    node.header.made = raw(origin.made);
    node.header.map = raw(origin.map);
    node.header.level = static_cast<std::uint8_t>(level);
    node.header.count = static_cast<std::uint16_t>(count);
    node.slices.fill(slice_unused);
    node.slices[0] = 0;
    set_ref(node.children, 0, children[0]);
    if (count == 1) {
        return;
    }
    const std::string_view first = read_separator(view, separators[1]);
    const std::size_t prefix_size = common_prefix(first, read_separator(view, separators[count - 1]));
    set_prefix(node, first.substr(0, prefix_size));
    for (std::size_t i = 1; i < count; ++i) {
        node.slices[i] = slice_of(read_separator(view, separators[i]), prefix_size);
        set_ref(node.separators, i, separators[i]);
        set_ref(node.children, i, children[i]);
    }
}

void inner_insert(const space_view& view, format::inner_node& node, std::size_t position, ref separator,
                  ref child) {
    const std::size_t count = node.header.count;
    if (count >= node.capacity || position > count || position == 0) [[unlikely]] {
        throw_changed();
    }
    const std::string_view bytes = read_separator(view, separator);
    if (count == 1) {
        set_prefix(node, bytes);
    } else {
        const std::string_view first = first_separator(view, node);
        const std::size_t size_old = node.header.prefix_size;
        const std::size_t size_new = common_prefix(bytes, first.substr(0, size_old));
        if (size_new < size_old) {
            rebase_slices(node.slices, 1, count, first, size_old, size_new);
            set_prefix(node, first.substr(0, size_new));
        }
    }
    open_gap(node.slices, position, count);
    open_gap(node.separators, position, count);
    open_gap(node.children, position, count);
    node.slices[position] = slice_of(bytes, node.header.prefix_size);
    set_ref(node.separators, position, separator);
    set_ref(node.children, position, child);
    node.header.count = static_cast<std::uint16_t>(count + 1);
}

ref inner_remove(format::inner_node& node, std::size_t position) {
    const std::size_t count = node.header.count;
    if (count > node.capacity || position >= count) [[unlikely]] {
        throw_changed();
    }
    const std::size_t removed = std::max<std::size_t>(position, 1); // of the separators
    const ref separator = count > 1 ? get_ref(node.separators, removed) : ref{};
    close_gap(node.children, position, count);
    if (count > 1) {
        close_gap(node.slices, removed, count, slice_unused);
        close_gap(node.separators, removed, count);
    } else {
        node.slices[0] = slice_unused;
    }
    if (count <= 2) {
        set_prefix(node, {});
    }
    node.header.count = static_cast<std::uint16_t>(count - 1);
    return separator;
}

} // namespace holdfast
