// Single look-ups, and look-ups in lock step.
#include "tree/reader.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "tree/node_search.hpp"

namespace holdfast {

namespace {

constexpr std::size_t batch_size = 8;

/// Of a record, before its key is compared: what a short value reaches to.
constexpr std::size_t record_prefetch_bytes = 192;

/// The record of `key` among those of a run.
[[nodiscard]] std::optional<record_view> read_in_run(const space_view& view, const format::leaf_node& leaf,
                                                     slice_run run, std::string_view key) {
    const std::size_t position = find_in_run(view, leaf, run, key);
    if (position == run.end) {
        return std::nullopt;
    }
    return read_record(view, get_ref(leaf.records, position));
}

[[nodiscard]] slice_run find_key_slices(const format::leaf_node& leaf, std::string_view key) noexcept {
    return find_slices(leaf.slices, leaf.header.count, slice_of(key, leaf.header.prefix_size));
}

/// Up to `batch_size` look-ups, all one level further at each step.
void find_batch(const space_view& view, const tree_root& root, std::span<const std::string_view> keys,
                std::span<std::optional<record_view>> out) {
    std::array<ref, batch_size> places;
    places.fill(root.root);
    for (std::uint32_t level = root.level; level != 0; --level) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const format::inner_node& node = inner_at(view, places[i], level, root.map);
            places[i] = get_ref(node.children, route(view, node, keys[i]));
            prefetch_node(view, places[i], level - 1);
        }
    }
    std::array<slice_run, batch_size> runs;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const format::leaf_node& leaf = leaf_at(view, places[i], root.map);
        runs[i] = find_key_slices(leaf, keys[i]);
        if (const std::size_t candidate = next_candidate(leaf, runs[i], keys[i]); candidate != runs[i].end) {
            prefetch_lines(view.hint(get_ref(leaf.records, candidate)), 128);
        }
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        out[i] = read_in_run(view, leaf_at(view, places[i], root.map), runs[i], keys[i]);
    }
}

} // namespace

std::optional<record_view> tree_find(const space_view& view, const tree_root& root, std::string_view key) {
    if (!root.root) {
        return std::nullopt;
    }
    verify_level(root.level, root.root);
    ref place = root.root;
    for (std::uint32_t level = root.level; level != 0; --level) {
        const format::inner_node& node = inner_at(view, place, level, root.map);
        place = get_ref(node.children, route(view, node, key));
        prefetch_node(view, place, level - 1);
    }
    const format::leaf_node& leaf = leaf_at(view, place, root.map);
    const slice_run run = find_key_slices(leaf, key);
    if (run.begin != run.end) { // the value's lines beside that of the key, not after it
        prefetch_lines(view.hint(get_ref(leaf.records, run.begin)), record_prefetch_bytes);
    }
    return read_in_run(view, leaf, run, key);
}

void tree_find_many(const space_view& view, const tree_root& root, std::span<const std::string_view> keys,
                    std::span<std::optional<record_view>> out) {
    HOLDFAST_ASSERT(out.size() >= keys.size());
    if (!root.root) {
        std::fill_n(out.begin(), keys.size(), std::nullopt);
        return;
    }
    verify_level(root.level, root.root);
    for (std::size_t first = 0; first < keys.size(); first += batch_size) {
        const std::size_t size = std::min(batch_size, keys.size() - first);
        find_batch(view, root, keys.subspan(first, size), out.subspan(first, size));
    }
}

} // namespace holdfast
