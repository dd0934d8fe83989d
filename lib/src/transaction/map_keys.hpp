// The key type of a map, as its root in the catalogue has it.
#pragma once

#include <string_view>

#include <holdfast/key.hpp>

#include "format/commit.hpp"

namespace holdfast {

/// Throws corrupt if there is no such type.
[[nodiscard]] key_type keys_of(const format::map_root& map);

void set_keys(format::map_root& map, const key_type& keys) noexcept;

/// Throws wrong_type, naming the map, if `found` is not `asked`.
void expect_keys(std::string_view map, const key_type& found, const key_type& asked);

} // namespace holdfast
