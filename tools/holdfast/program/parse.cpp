// Numbers and durations.
#include "program/parse.hpp"

#include <charconv>
#include <string>
#include <system_error>

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

/// Milliseconds in a unit; 0 for what is none.
std::uint64_t unit_ms(std::string_view unit) noexcept {
    constexpr std::uint64_t second = 1'000;
    if (unit == "ms") {
        return 1;
    }
    if (unit == "s") {
        return second;
    }
    if (unit == "m") {
        return 60 * second;
    }
    if (unit == "h") {
        return 3'600 * second;
    }
    return unit == "d" ? 86'400 * second : 0;
}

} // namespace

std::uint64_t parse_number(std::string_view option, std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc{} || end != text.data() + text.size()) {
        throw_usage(std::string(option) + " takes a whole number from 0 on, not " + in_quotes(text));
    }
    return number;
}

std::chrono::milliseconds parse_duration(std::string_view option, std::string_view text) {
    // A century: endless for any purpose, and far from overflowing a count of nanoseconds.
    constexpr std::uint64_t duration_ms_max = std::uint64_t{36'500} * 86'400 * 1'000;
    std::uint64_t count = 0;
    const char* const limit = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), limit, count);
    const std::uint64_t unit = unit_ms({end, static_cast<std::size_t>(limit - end)});
    if (failure != std::errc{} || unit == 0) {
        throw_usage(std::string(option) + " takes a duration such as 250ms, 30s, 5m, 2h or 7d, not " +
                    in_quotes(text));
    }
    if (count > duration_ms_max / unit) {
        throw_usage(std::string(option) + " takes at most 36500d, not " + in_quotes(text));
    }
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(count * unit));
}

durability parse_durability(std::string_view option, std::string_view text) {
    if (text == "process") {
        return durability::process;
    }
    if (text == "interval") {
        return durability::interval;
    }
    if (text == "commit") {
        return durability::commit;
    }
    throw_usage(std::string(option) + " takes process, interval or commit, not " + in_quotes(text));
}

} // namespace holdfast::cli
