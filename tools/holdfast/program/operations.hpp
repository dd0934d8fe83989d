// What `incr` and `cas` do within a transaction, on the command line and in a batch.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include <holdfast/arithmetic.hpp>
#include <holdfast/transaction.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

/// Adds to the number at `key` and returns the sum. One that is absent counts as 0 of the type `fresh`: by default int,
/// or float if the amount is one. Throws as `sum_of` does, and wrong_type for a number of another type than `fresh`.
value increase(map_writer map, std::string_view key, const amount& by, std::optional<value_type> fresh);

/// Reads a value, given the type of the stored one.
using value_reader = std::function<value(value_type stored)>;

/// Stores `desired` if what is stored is the same as `expected` (`same_value`). Throws condition_not_met if it is
/// not, or
/// is absent. Documents keep the name of their type.
void compare_and_set(map_writer map, std::string_view key, const value_reader& expected,
                     const value_reader& desired);

} // namespace holdfast::cli
