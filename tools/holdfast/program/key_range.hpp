// A stretch of a map, as PREFIX, --from and --to choose it.
#pragma once

#include <optional>
#include <string>

#include <holdfast/key.hpp>

namespace holdfast::cli {

/// The keys k with first <= k < last.
struct key_range {
    std::string first;
    std::optional<std::string> last;
};

/// All as people type them; empty prefix and nullopt choose everything.
[[nodiscard]] key_range choose_range(const key_type& keys, const std::string& prefix,
                                     const std::optional<std::string>& from = {},
                                     const std::optional<std::string>& to = {});

} // namespace holdfast::cli
