// Looking keys up in a tree.
//
// Thread safety: pure functions over a snapshot. Damaged nodes give errc::corrupt; a descent visits at most
// `format::level_max` + 1 nodes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

/// The record of `key`, or nothing. O(log n).
[[nodiscard]] std::optional<record_view> tree_find(const space_view& view, const tree_root& root,
                                                   std::string_view key);

/// `out[i]` becomes the record of `keys[i]`, or nothing. The look-ups advance together, so that their cache
/// misses overlap. `out` is as long as `keys`, at least.
void tree_find_many(const space_view& view, const tree_root& root, std::span<const std::string_view> keys,
                    std::span<std::optional<record_view>> out);

} // namespace holdfast
