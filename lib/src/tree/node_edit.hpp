// Changing the contents of a node that the running transaction owns.
//
// Each function checks what its own memory accesses rely on (counts and positions within the capacity) and
// throws errc::corrupt otherwise: between the entering of a node and its change an allocator that was misled
// by a damaged file may have handed the same memory out again.
//
// None of them changes the node's digest, except `build_leaf`, which computes it.
//
// Thread safety: none; the node belongs to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/types.hpp"
#include "format/node.hpp"
#include "tree/space.hpp"

namespace holdfast {

template <std::size_t Capacity>
inline void set_ref(format::ref_array<Capacity>& refs, std::size_t i, ref to) noexcept {
    refs.low[i] = static_cast<std::uint32_t>(to.units());
    refs.high[i] = static_cast<std::uint16_t>(to.units() >> 32);
}

/// The same in a leaf; the tag stays.
template <std::size_t Capacity>
inline void set_ref(format::tagged_ref_array<Capacity>& refs, std::size_t i, ref to) noexcept {
    refs.low[i] = static_cast<std::uint32_t>(to.units());
    refs.high[i] = static_cast<std::uint8_t>(to.units() >> 32);
}

/// Who makes a node: what its header says of its origin.
struct node_origin {
    txn_id made;
    map_id map;
};

/// Makes a leaf of records in key order: prefix and slices exact, digest, count.
void build_leaf(const space_view& view, format::leaf_node& leaf, const node_origin& origin,
                std::span<const ref> records);

/// Inserts a record whose key shares the first `prefix_size` bytes with all others; that is at most the leaf's
/// prefix size, and if it is less all slices are adapted.
void leaf_insert(const space_view& view, format::leaf_node& leaf, std::size_t position, std::string_view key,
                 ref record, std::size_t prefix_size);

void leaf_remove(format::leaf_node& leaf, std::size_t position);

/// Makes an inner node of children and the separators before each; separators[0] is ignored. Prefix and slices
/// are exact, the digest is 0.
void build_inner(const space_view& view, format::inner_node& node, const node_origin& origin,
                 std::uint32_t level, std::span<const ref> separators, std::span<const ref> children);

/// Inserts a child and the separator before it, at a position from 1 to count.
void inner_insert(const space_view& view, format::inner_node& node, std::size_t position, ref separator,
                  ref child);

/// Removes a child and the separator before it (of the first child: the one behind it, which is returned so
/// that the caller can give it back). Returns null if there was none.
[[nodiscard]] ref inner_remove(format::inner_node& node, std::size_t position);

} // namespace holdfast
