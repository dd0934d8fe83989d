// Deleting any number of keys, also in a store that is full.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

namespace holdfast::cli {

/// Erases the first `limit` keys of a map that begin with these bytes; returns how many. All or nothing.
std::uint64_t erase_at_once(write_transaction& transaction, const store& target, const std::string& map,
                            std::string_view prefix, std::uint64_t limit);

/// The same in portions, each a transaction of its own, because one for all needs more room than there is: old and new
/// side by side. Says so on standard error. What was erased before a failure stays erased, which the error tells.
std::uint64_t erase_in_portions(store& target, const std::string& map, std::string_view prefix,
                                std::uint64_t limit);

} // namespace holdfast::cli
