// A stretch of a map, as PREFIX, --from and --to choose it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/snapshot.hpp>

namespace holdfast::cli {

struct key_range {
    map_iterator first;
    map_iterator last;
};

/// All as people type them; empty prefix and nullopt choose everything.
[[nodiscard]] key_range choose_range(const map_view& map, const std::string& prefix,
                                     const std::optional<std::string>& from = {},
                                     const std::optional<std::string>& to = {});

} // namespace holdfast::cli
