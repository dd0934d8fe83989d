// What is to be added, as people and JSON write it.
#include <holdfast/arithmetic.hpp>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <system_error>

#include "base/shown_text.hpp"
#include "text/json_text.hpp"

namespace holdfast {

namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) noexcept {
    Number number{};
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

[[noreturn]] void throw_no_number(std::string_view text) {
    throw error(errc::invalid_argument, "a number to add is expected, not " + shown_text(text));
}

bool is_whole(std::string_view text) noexcept {
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    return !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
}

} // namespace

amount amount_from_text(std::string_view text) {
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
    if (is_whole(text)) {
        throw error(errc::out_of_range, shown_text(shown) + " is out of the range of int and uint");
    }
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc::invalid_argument || end != text.data() + text.size() ||
        !std::isfinite(number)) {
        throw_no_number(shown);
    }
    if (failure == std::errc::result_out_of_range) {
        throw error(errc::out_of_range, shown_text(shown) + " is out of the range of float");
    }
    return number;
}

amount amount_from_json(std::string_view json) {
    json = trimmed(json);
    if (!is_json_number(json)) {
        throw_no_number(json);
    }
    return amount_from_text(json);
}

} // namespace holdfast
