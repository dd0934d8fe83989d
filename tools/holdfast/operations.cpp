// incr and cas.
#include "operations.hpp"

#include <charconv>
#include <cmath>
#include <system_error>
#include <type_traits>

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>

#include "errors.hpp"
#include "escape.hpp"
#include "json_text.hpp"

namespace holdfast::cli {

namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
    Number number{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

template <class Number>
value encoded(Number number) {
    return {value_codec<Number>::type, std::string(std::string_view(value_codec<Number>::encode(number))), 0};
}

template <class Integer>
value integer_sum(Integer old, const amount& by, const std::string& remains) {
    Integer sum{};
    const bool overflows = std::visit(
        [&](auto number) -> bool {
            if constexpr (std::is_integral_v<decltype(number)>) {
                return __builtin_add_overflow(old, number, &sum);
            } else {
                throw error(errc::wrong_type, "holds a whole number, to which no fraction can be added");
            }
        },
        by);
    if (overflows) {
        const std::string type(to_string(value_codec<Integer>::type));
        throw error(errc::out_of_range, "the sum is out of the range of " + type + "; " + remains);
    }
    return encoded(sum);
}

value float_sum(double old, const amount& by) {
    const double sum = old + std::visit([](auto number) { return static_cast<double>(number); }, by);
    if (std::isfinite(old) && !std::isfinite(sum)) {
        throw error(errc::out_of_range, "the sum is out of the range of float");
    }
    return encoded(sum);
}

template <class Integer>
value add_to(const value_view& old, const amount& by) {
    const Integer number = value_codec<Integer>::decode(old);
    return integer_sum(number, by, "it stays " + std::to_string(number));
}

value sum_of(const value_view& old, const amount& by) {
    switch (old.type()) {
    case value_type::int64:
        return add_to<std::int64_t>(old, by);
    case value_type::uint64:
        return add_to<std::uint64_t>(old, by);
    case value_type::float64:
        return float_sum(value_codec<double>::decode(old), by);
    default:
        throw error(errc::wrong_type, "holds a value of type " + std::string(to_string(old.type())) +
                                          ", which can't be added to; \"put --type int\" stores a number");
    }
}

value sum_from_zero(const amount& by, std::optional<value_type> fresh) {
    switch (fresh.value_or(std::holds_alternative<double>(by) ? value_type::float64 : value_type::int64)) {
    case value_type::int64:
        return integer_sum(std::int64_t{0}, by, "nothing was stored");
    case value_type::uint64:
        return integer_sum(std::uint64_t{0}, by, "nothing was stored");
    case value_type::float64:
        return float_sum(0, by);
    default:
        throw_usage("only int, uint and float can be added to");
    }
}

bool same_value(const value_view& left, const value_view& right) {
    if (left.type() != right.type()) {
        return false;
    }
    if (left.type() == value_type::document) {
        return same_document(left.text(), right.text());
    }
    if (left.type() == value_type::float64) {
        const double one = value_codec<double>::decode(left);
        const double other = value_codec<double>::decode(right);
        return one == other || (std::isnan(one) && std::isnan(other));
    }
    return left.text() == right.text();
}

/// The bytes to store in the place of `old`: a document keeps the name of its type if it brings none.
std::string bytes_instead_of(const value_view& old, const value_view& fresh) {
    std::string bytes;
    if (old.type() == value_type::document && fresh.type() == value_type::document &&
        document_type_name(fresh.text()).empty()) {
        append_type_name(bytes, document_type_name(old.text()));
    }
    return bytes.append(fresh.text());
}

} // namespace

amount parse_amount(std::string_view text) {
    const std::string_view shown = text;
    text = trimmed(text);
    if (text.starts_with('+') && !text.starts_with("+-")) {
        text.remove_prefix(1);
    }
    if (const auto number = number_of<std::int64_t>(text)) {
        return *number;
    }
    if (const auto number = number_of<std::uint64_t>(text)) {
        return *number;
    }
    if (text.find_first_not_of("-0123456789") == std::string_view::npos && text.find('-', 1) == text.npos &&
        text.size() > 1) {
        throw error(errc::out_of_range, in_quotes(shown) + " is out of the range of int and uint");
    }
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc::invalid_argument || end != text.data() + text.size() ||
        !std::isfinite(number)) {
        throw_usage("a number to add is expected, not " + in_quotes(shown));
    }
    if (failure == std::errc::result_out_of_range) {
        throw error(errc::out_of_range, in_quotes(shown) + " is out of the range of float");
    }
    return number;
}

value increase(map_writer map, std::string_view key, const amount& by, std::optional<value_type> fresh) {
    const auto old = map.get(key);
    if (old && fresh && old->type() != *fresh) {
        throw error(errc::wrong_type, "holds a value of type " + std::string(to_string(old->type())) +
                                          ", not " + std::string(to_string(*fresh)));
    }
    value sum = old ? sum_of(old->view(), by) : sum_from_zero(by, fresh);
    map.put(key, sum.type(), sum.text());
    return sum;
}

void compare_and_set(map_writer map, std::string_view key, std::string_view shown_key,
                     const value_reader& expected, const value_reader& desired) {
    const auto stored = map.get(key);
    const std::string refused = "the condition was not met: " + in_quotes(shown_key);
    if (!stored) {
        throw error(errc::condition_not_met, refused + " is absent; nothing was stored");
    }
    if (!same_value(stored->view(), expected(stored->type()).view())) {
        throw error(errc::condition_not_met, refused + " has another value; nothing was stored");
    }
    const value fresh = desired(stored->type());
    map.put(key, fresh.type(), bytes_instead_of(stored->view(), fresh.view()));
}

} // namespace holdfast::cli
