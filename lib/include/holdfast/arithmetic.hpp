// Comparing values and adding to them, for every program and the shell alike.
//
// Thread and process safety: pure functions. Failures throw without naming the key, which is the caller's business.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include <holdfast/detail/export.hpp>
#include <holdfast/error.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

/// Whether two floating-point numbers count as the same: 0.0 and -0.0 do, and so do NaNs.
[[nodiscard]] inline bool same_float(double left, double right) noexcept {
    return left == right || (std::isnan(left) && std::isnan(right));
}

/// Whether two values are the same, as compare-and-set takes it: of one type, and documents that say the same
/// (`same_document`), floats by `same_float`, all else of the same bytes. Throws `corrupt` if one is damaged.
[[nodiscard]] HOLDFAST_API bool same_value(const value_view& left, const value_view& right);

/// What to add: a whole number if it is written as one.
using amount = std::variant<std::int64_t, std::uint64_t, double>;

/// Throws invalid_argument for what is no number, out_of_range for one that is too large.
[[nodiscard]] HOLDFAST_API amount amount_from_text(std::string_view text);
/// The same for a JSON number.
[[nodiscard]] HOLDFAST_API amount amount_from_json(std::string_view json);

/// A number and an amount, of the number's type. Throws wrong_type for what is no number, and for a fraction added to a
/// whole one; out_of_range for a sum that the type can't hold, and says that the number stays.
[[nodiscard]] HOLDFAST_API value sum_of(const value_view& number, const amount& by);
/// The same, added to 0 of the type `fresh`: by default int, or float if the amount is one.
[[nodiscard]] HOLDFAST_API value sum_of_absent(const amount& by, std::optional<value_type> fresh = {});

namespace detail {

/// Adds; false if the type can't hold the sum. Infinity added to, or infinity as an amount, gives infinity.
template <class Number, class Amount>
[[nodiscard]] bool add_exactly(Number number, Amount by, Number& sum) noexcept {
    if constexpr (std::integral<Number>) {
        return !__builtin_add_overflow(number, by, &sum);
    } else {
        sum = number + static_cast<Number>(by);
        return std::isfinite(sum) || !std::isfinite(number) || !std::isfinite(static_cast<Number>(by));
    }
}

} // namespace detail

} // namespace holdfast
