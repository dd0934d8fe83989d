// Entering nodes and searching them.
//
// `leaf_at` and `inner_at` check what every later access relies on: the bounds, the level, the count; and that the
// node is of the map through which it is reached. All positions computed here are within a node's count, whatever
// its slices and keys are.
//
// Slices are searched without branches, with the compiler's vectors (SSE2, NEON); keys are compared only where
// slices are equal. An exact search in a leaf need not verify the prefix, as it compares the whole key; routing
// and lower bounds verify it.
//
// Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/checksum.hpp"
#include "format/node.hpp"
#include "tree/key.hpp"
#include "tree/record.hpp"
#include "tree/space.hpp"

namespace holdfast {

template <std::size_t Capacity>
[[nodiscard]] inline ref get_ref(const format::ref_array<Capacity>& refs, std::size_t i) noexcept {
    return ref::from_units(std::uint64_t{refs.high[i]} << 32 | refs.low[i]);
}

template <std::size_t Capacity>
[[nodiscard]] inline ref get_ref(const format::tagged_ref_array<Capacity>& refs, std::size_t i) noexcept {
    return ref::from_units(std::uint64_t{refs.high[i]} << 32 | refs.low[i]);
}

/// What a leaf keeps of a key's hash.
[[nodiscard]] inline std::uint8_t tag_of(std::string_view key) noexcept {
    return static_cast<std::uint8_t>(checksum64(key.data(), key.size()));
}

[[nodiscard]] constexpr std::size_t node_capacity(std::uint32_t level) noexcept {
    return level == 0 ? format::leaf_node::capacity : format::inner_node::capacity;
}

[[nodiscard]] constexpr std::uint64_t node_bytes(std::uint32_t level) noexcept {
    return level == 0 ? sizeof(format::leaf_node) : sizeof(format::inner_node);
}

// --- Entering ---------------------------------------------------------------------------------------------

namespace search_detail {

[[noreturn]] inline void throw_bad_node(ref place, bool other_map) {
    throw_corrupt(other_map ? "a node belongs to another map" : "a node's header is impossible", place);
}

} // namespace search_detail

[[nodiscard]] inline const format::leaf_node& leaf_at(const space_view& view, ref place, map_id map) {
    const auto& node = view.at<format::leaf_node>(place);
    const format::node_header& header = node.header;
    if (header.level != 0 || header.count - 1U >= node.capacity || header.map != raw(map)) [[unlikely]] {
        search_detail::throw_bad_node(place, header.map != raw(map));
    }
    return node;
}

[[nodiscard]] inline const format::inner_node& inner_at(const space_view& view, ref place,
                                                        std::uint32_t level, map_id map) {
    const auto& node = view.at<format::inner_node>(place);
    const format::node_header& header = node.header;
    if (header.level != level || header.count - 1U >= node.capacity || header.map != raw(map)) [[unlikely]] {
        search_detail::throw_bad_node(place, header.map != raw(map));
    }
    return node;
}

/// What a node adds to its parent's digest.
[[nodiscard]] inline std::uint64_t node_share(const format::node_header& header) noexcept {
    return digest_of(txn_id{header.made}, header.digest);
}

/// Throws unless the level of a root is one that the format has.
inline void verify_level(std::uint32_t level, ref root) {
    if (level > format::level_max) [[unlikely]] {
        throw_corrupt("a tree is higher than any can be", root);
    }
}

inline void prefetch_leaf(const space_view& view, ref place) noexcept {
    prefetch_lines(view.hint(place), sizeof(format::leaf_node));
}

/// All lines but those of the separators, which few searches read.
inline void prefetch_inner(const space_view& view, ref place) noexcept {
    constexpr std::size_t slices_end = offsetof(format::inner_node, separators);
    constexpr std::size_t children = offsetof(format::inner_node, children) / 64 * 64;
    const std::byte* node = view.hint(place);
    prefetch_lines(node, slices_end);
    prefetch_lines(node + children, sizeof(format::inner_node) - children);
}

inline void prefetch_node(const space_view& view, ref place, std::uint32_t level) noexcept {
    level == 0 ? prefetch_leaf(view, place) : prefetch_inner(view, place);
}

// --- Slices ----------------------------------------------------------------------------------------------

namespace search_detail {

using lanes = std::int32_t __attribute__((vector_size(16)));

/// -1 in each lane whose slice is less than `wanted`, or, with `Equal`, not greater; both biased.
template <bool Equal>
[[nodiscard, gnu::always_inline]] inline lanes compare_four(const std::uint32_t* slices, lanes wanted,
                                                            lanes bias) noexcept {
    lanes four;
    std::memcpy(&four, slices, sizeof four);
    return Equal ? (four ^ bias) <= wanted : (four ^ bias) < wanted;
}

/// How many of the slices are less than `sought`, or, with `Equal`, not greater. Unrolled by the fold.
template <bool Equal, std::size_t Capacity, std::size_t... Fours>
[[nodiscard, gnu::always_inline]] inline std::size_t
count_slices(const std::array<std::uint32_t, Capacity>& slices, std::uint32_t sought,
             std::index_sequence<Fours...>) noexcept {
    constexpr std::uint32_t sign = 0x80000000; // vectors compare signed numbers
    const auto low = static_cast<std::int32_t>(sign);
    const auto biased = static_cast<std::int32_t>(sought ^ sign);
    const lanes bias = {low, low, low, low};
    const lanes wanted = {biased, biased, biased, biased};
    std::array<lanes, 4> sums{}; // four chains of additions, not one
    ((sums[Fours % 4] += compare_four<Equal>(slices.data() + Fours * 4, wanted, bias)), ...);
    const lanes counted = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    return static_cast<std::size_t>(-((counted[0] + counted[1]) + (counted[2] + counted[3])));
}

template <bool Equal, std::size_t Capacity>
[[nodiscard, gnu::always_inline]] inline std::size_t
count_slices(const std::array<std::uint32_t, Capacity>& slices, std::uint32_t sought) noexcept {
    static_assert(Capacity % 4 == 0);
    return count_slices<Equal>(slices, sought, std::make_index_sequence<Capacity / 4>{});
}

} // namespace search_detail

/// The positions, of `count` sorted slices, whose slice is `sought`.
struct slice_run {
    std::size_t begin;
    std::size_t end;
};

template <std::size_t Capacity>
[[nodiscard]] inline slice_run find_slices(const std::array<std::uint32_t, Capacity>& slices,
                                           std::size_t count, std::uint32_t sought) noexcept {
    const std::size_t begin = std::min(search_detail::count_slices<false>(slices, sought), count);
    if (begin == count || slices[begin] != sought) {
        return {begin, begin};
    }
    if (begin + 1 == count || slices[begin + 1] != sought) [[likely]] {
        return {begin, begin + 1};
    }
    const std::size_t end = std::min(search_detail::count_slices<true>(slices, sought), count);
    return {begin, std::max(begin, end)};
}

// --- Leaves -----------------------------------------------------------------------------------------------

/// How `key` stands to the keys of a leaf: before all, after all, or among those that share its prefix.
enum class prefix_order : std::uint8_t { before, shares, after };

/// Compares the first bytes of `key` with a prefix.
[[nodiscard]] inline prefix_order compare_prefix(std::string_view key, std::string_view prefix) noexcept {
    if (key.size() >= prefix.size() && equal_bytes(key.data(), prefix.data(), prefix.size())) [[likely]] {
        return prefix_order::shares;
    }
    return key < prefix ? prefix_order::before : prefix_order::after;
}

/// The prefix of a leaf: the beginning of its first key. Throws errc::corrupt if that is too short.
[[nodiscard]] inline std::string_view leaf_prefix(const space_view& view, const format::leaf_node& leaf) {
    const ref first = get_ref(leaf.records, 0);
    const std::string_view key = record_key(view, first);
    if (key.size() < leaf.header.prefix_size) [[unlikely]] {
        throw_corrupt("a key is shorter than its leaf's prefix", first);
    }
    return key.substr(0, leaf.header.prefix_size);
}

/// The first position from `run.begin` on whose tag is that of `key`; run.end if there is none. A run of one is not
/// worth a hash: it is its own candidate.
[[nodiscard]] inline std::size_t next_candidate(const format::leaf_node& leaf, slice_run run,
                                                std::string_view key) noexcept {
    if (run.end - run.begin <= 1) [[likely]] {
        return run.begin;
    }
    const auto tags = leaf.records.tags.begin();
    return static_cast<std::size_t>(std::find(tags + static_cast<std::ptrdiff_t>(run.begin),
                                              tags + static_cast<std::ptrdiff_t>(run.end), tag_of(key)) -
                                    tags);
}

/// The position in `run` of `key` itself; run.end if it is not there.
[[nodiscard]] inline std::size_t find_in_run(const space_view& view, const format::leaf_node& leaf,
                                             slice_run run, std::string_view key) {
    if (run.end - run.begin == 1) [[likely]] {
        return equal_keys(record_key(view, get_ref(leaf.records, run.begin)), key) ? run.begin : run.end;
    }
    const std::uint8_t tag = run.begin == run.end ? std::uint8_t{0} : tag_of(key);
    for (; run.begin != run.end; ++run.begin) {
        if (leaf.records.tags[run.begin] == tag &&
            equal_keys(record_key(view, get_ref(leaf.records, run.begin)), key)) {
            return run.begin;
        }
    }
    return run.end;
}

/// The first position in `run` whose key is not less than `key`; `found` tells whether it is equal.
[[nodiscard]] inline std::size_t lower_in_run(const space_view& view, const format::leaf_node& leaf,
                                              slice_run run, std::string_view key, bool& found) {
    found = false;
    while (run.begin < run.end) {
        const std::size_t middle = run.begin + (run.end - run.begin) / 2;
        const int order = record_key(view, get_ref(leaf.records, middle)).compare(key);
        if (order == 0) {
            found = true;
            return middle;
        }
        (order < 0 ? run.begin : run.end) = order < 0 ? middle + 1 : middle;
    }
    return run.begin;
}

/// The first position whose key is not less than `key`; the leaf's count if there is none.
[[nodiscard]] inline std::size_t leaf_lower_bound(const space_view& view, const format::leaf_node& leaf,
                                                  std::string_view key) {
    const std::size_t count = leaf.header.count;
    switch (compare_prefix(key, leaf_prefix(view, leaf))) {
    case prefix_order::before:
        return 0;
    case prefix_order::after:
        return count;
    case prefix_order::shares:
        break;
    }
    bool found = false;
    return lower_in_run(view, leaf, find_slices(leaf.slices, count, slice_of(key, leaf.header.prefix_size)),
                        key, found);
}

// --- Inner nodes ------------------------------------------------------------------------------------------

/// Compares `key` with the prefix of a node that has separators.
[[nodiscard]] inline prefix_order compare_inner_prefix(const space_view& view, const format::inner_node& node,
                                                       std::string_view key) {
    const std::size_t size = node.header.prefix_size;
    const std::size_t size_inline = std::min(size, node.prefix_inline);
    const auto* prefix = reinterpret_cast<const char*>(node.prefix.data());
    const prefix_order order = compare_prefix(key, {prefix, size_inline});
    if (order != prefix_order::shares || size <= node.prefix_inline) [[likely]] {
        return order;
    }
    const ref first = get_ref(node.separators, 1);
    const std::string_view separator = read_separator(view, first);
    if (separator.size() < size) [[unlikely]] {
        throw_corrupt("a separator is shorter than its node's prefix", first);
    }
    return compare_prefix(key, separator.substr(0, size));
}

/// How many of the separators 1 to count - 1 are less than `key` or, with `Equal`, not greater: the child to
/// which the key belongs.
template <bool Equal>
[[nodiscard, gnu::always_inline]] inline std::size_t
count_separators(const space_view& view, const format::inner_node& node, std::string_view key) {
    const std::size_t count = node.header.count;
    if (count == 1) [[unlikely]] {
        return 0;
    }
    switch (compare_inner_prefix(view, node, key)) {
    case prefix_order::before:
        return 0;
    case prefix_order::after:
        return count - 1;
    case prefix_order::shares:
        break;
    }
    const std::uint32_t slice = slice_of(key, node.header.prefix_size);
    // slices[0] is 0 and belongs to no separator.
    std::size_t begin =
        std::max<std::size_t>(std::min(search_detail::count_slices<false>(node.slices, slice), count), 1);
    if (begin == count || node.slices[begin] != slice) [[likely]] {
        return begin - 1;
    }
    std::size_t end = std::min(search_detail::count_slices<true>(node.slices, slice), count);
    while (begin < end) {
        const std::size_t middle = begin + (end - begin) / 2;
        const int order = read_separator(view, get_ref(node.separators, middle)).compare(key);
        const bool counts = Equal ? order <= 0 : order < 0;
        (counts ? begin : end) = counts ? middle + 1 : middle;
    }
    return begin - 1;
}

/// The child whose keys are those around `key`.
[[nodiscard]] inline std::size_t route(const space_view& view, const format::inner_node& node,
                                       std::string_view key) {
    return count_separators<true>(view, node, key);
}

} // namespace holdfast
