// Comparing values and adding to them.
#include <holdfast/arithmetic.hpp>

#include <string>
#include <type_traits>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>

namespace holdfast {

namespace {

template <class Number>
value encoded(Number number) {
    return {value_codec<Number>::type, std::string(std::string_view(value_codec<Number>::encode(number))), 0};
}

template <class Number>
value sum_of_numbers(Number number, const amount& by, const std::string& remains) {
    Number sum{};
    const bool fits = std::visit(
        [&](auto change) -> bool {
            if constexpr (std::is_integral_v<Number> && std::is_floating_point_v<decltype(change)>) {
                throw error(errc::wrong_type, "holds a whole number, to which no fraction can be added");
            } else {
                return detail::add_exactly(number, change, sum);
            }
        },
        by);
    if (!fits) {
        const std::string type(to_string(value_codec<Number>::type));
        throw error(errc::out_of_range, "the sum is out of the range of " + type + "; " + remains);
    }
    return encoded(sum);
}

std::string stays(const std::string& number) { return "it stays " + number; }

} // namespace

bool same_value(const value_view& left, const value_view& right) {
    if (left.type() != right.type()) {
        return false;
    }
    if (left.type() == value_type::document) {
        return same_document(left.text(), right.text());
    }
    if (left.type() == value_type::float64) {
        return same_float(value_codec<double>::decode(left), value_codec<double>::decode(right));
    }
    return left.text() == right.text();
}

value sum_of(const value_view& number, const amount& by) {
    switch (number.type()) {
    case value_type::int64: {
        const auto old = value_codec<std::int64_t>::decode(number);
        return sum_of_numbers(old, by, stays(std::to_string(old)));
    }
    case value_type::uint64: {
        const auto old = value_codec<std::uint64_t>::decode(number);
        return sum_of_numbers(old, by, stays(std::to_string(old)));
    }
    case value_type::float64: {
        const auto old = value_codec<double>::decode(number);
        return sum_of_numbers(old, by, stays(detail::number_text(old)));
    }
    default:
        throw error(errc::wrong_type,
                    "holds a value of type " + type_name(number.type()) + ", which can't be added to");
    }
}

value sum_of_absent(const amount& by, std::optional<value_type> fresh) {
    const std::string nothing = "nothing was stored";
    switch (fresh.value_or(std::holds_alternative<double>(by) ? value_type::float64 : value_type::int64)) {
    case value_type::int64:
        return sum_of_numbers(std::int64_t{0}, by, nothing);
    case value_type::uint64:
        return sum_of_numbers(std::uint64_t{0}, by, nothing);
    case value_type::float64:
        return sum_of_numbers(0.0, by, nothing);
    default:
        throw error(errc::invalid_argument, "only int, uint and float can be added to");
    }
}

} // namespace holdfast
