// Nodes of the tree: leaves of 768 bytes and inner nodes of 1 KiB (measured: docs/decisions/0001).
//
// A node holds, for each key, a slice: the four bytes that follow the node's common prefix, as a big-endian
// number, zero-padded. Slices are searched without touching the keys, which lie out of line. Unused slices are
// 0xFFFFFFFF. References are split into a low and a high array so that everything stays aligned. Where several keys
// of a leaf have the same slice, eight bits of each key's hash tell them apart without touching them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "format/geometry.hpp"

namespace holdfast::format {

struct node_header {
    std::uint64_t made;   ///< the transaction that made it
    std::uint64_t digest; ///< sum of digest_of(made, checksum or digest) over its children and separators
    std::uint16_t count;  ///< leaf: records; inner: children
    std::uint8_t level;   ///< 0: leaf
    std::uint8_t reserved_byte;
    std::uint16_t prefix_size; ///< bytes that all its keys (inner: separators) share
    std::uint16_t reserved_half;
    std::uint32_t map; ///< the map whose node it is
    std::uint32_t reserved;
};
static_assert(sizeof(node_header) == 32 && std::has_unique_object_representations_v<node_header>);

template <std::size_t Capacity>
struct ref_array {
    std::array<std::uint32_t, Capacity> low;
    std::array<std::uint16_t, Capacity> high;
};

/// References of 40 bits (16 TiB, the limit of the format), each with a tag.
template <std::size_t Capacity>
struct tagged_ref_array {
    std::array<std::uint32_t, Capacity> low;
    std::array<std::uint8_t, Capacity> high;
    std::array<std::uint8_t, Capacity> tags; ///< low byte of the key's XXH3-64
};

struct leaf_node {
    static constexpr std::size_t capacity = 72;
    node_header header;
    std::array<std::uint32_t, capacity> slices;
    tagged_ref_array<capacity> records;
    std::array<std::uint8_t, 16> reserved;
};
static_assert(sizeof(leaf_node) == 768 && std::has_unique_object_representations_v<leaf_node>);
static_assert(offsetof(leaf_node, slices) == 32 && offsetof(leaf_node, records) == 320 &&
              offsetof(leaf_node, reserved) == 752);
static_assert(file_bytes_max <= (std::uint64_t{1} << 40) * 16);

/// Child i holds the keys k with separator[i] <= k < separator[i + 1]. separator[0] is null: there is none.
struct inner_node {
    static constexpr std::size_t capacity = 60;
    static constexpr std::size_t prefix_inline = 32;
    node_header header;
    std::array<std::uint8_t, prefix_inline> prefix; ///< the first bytes of the common prefix, zero-padded
    std::array<std::uint32_t, capacity> slices;     ///< of the separators; slices[0] is 0
    ref_array<capacity> separators;
    ref_array<capacity> children;
};
static_assert(sizeof(inner_node) == 1024 && std::has_unique_object_representations_v<inner_node>);
static_assert(offsetof(inner_node, slices) == 64 && offsetof(inner_node, separators) == 304 &&
              offsetof(inner_node, children) == 664);

/// No path is longer: a tree of this height with nodes a quarter full would exceed any file.
inline constexpr std::uint8_t level_max = 15;

} // namespace holdfast::format
