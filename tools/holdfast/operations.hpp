// What `incr` and `cas` do within a transaction, on the command line and in a batch.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <holdfast/transaction.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

/// What to add: a whole number if it is written as one.
using amount = std::variant<std::int64_t, std::uint64_t, double>;

/// Throws invalid_argument for what is no number, out_of_range for one that is too large.
[[nodiscard]] amount parse_amount(std::string_view text);

/// Adds to the number at `key` and returns the sum. One that is absent counts as 0 of the type `fresh`: by default int,
/// or float if the amount is one. Throws wrong_type for what is no number, and for a fraction added to a whole one;
/// out_of_range for a sum that the type can't hold.
value increase(map_writer map, std::string_view key, const amount& by, std::optional<value_type> fresh);

/// Reads a value, given the type of the stored one.
using value_reader = std::function<value(value_type stored)>;

/// Stores `desired` if what is stored equals `expected`. Throws condition_not_met if it does not, or is absent.
/// Documents are equal if they say the same (`same_document`), and keep the name of their type.
void compare_and_set(map_writer map, std::string_view key, std::string_view shown_key,
                     const value_reader& expected, const value_reader& desired);

} // namespace holdfast::cli
