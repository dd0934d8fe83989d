// Times and UUIDs as text.
#include "text/time_and_uuid.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include <holdfast/error.hpp>

namespace holdfast {

namespace {

using namespace std::chrono;

[[noreturn]] void throw_no_time(std::string_view text) {
    throw error(errc::invalid_argument,
                "'" + std::string(text) + "' is not a time; write it as 2026-11-20T14:09:09.5Z");
}

/// Takes text apart from the front; the whole text is named where it is no time.
class time_reader {
public:
    explicit time_reader(std::string_view text) noexcept : text_(text), rest_(text) {}

    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool take_any(std::string_view these) noexcept {
        if (rest_.empty() || these.find(rest_.front()) == these.npos) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    void expect(std::string_view these) {
        if (!take_any(these)) {
            throw_no_time(text_);
        }
    }
    /// Exactly so many digits, at most `limit`.
    [[nodiscard]] int number(std::size_t digits, int limit) {
        if (rest_.size() < digits) {
            throw_no_time(text_);
        }
        int found = 0;
        for (const char digit : rest_.substr(0, digits)) {
            if (digit < '0' || digit > '9') {
                throw_no_time(text_);
            }
            found = found * 10 + (digit - '0');
        }
        if (found > limit) {
            throw_no_time(text_);
        }
        rest_.remove_prefix(digits);
        return found;
    }
    /// The digits after a decimal point as nanoseconds.
    [[nodiscard]] nanoseconds fraction() {
        std::int64_t found = 0;
        std::size_t digits = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9' && digits < 9; ++digits) {
            found = found * 10 + number(1, 9);
        }
        if (digits == 0) {
            throw_no_time(text_);
        }
        for (; digits < 9; ++digits) {
            found *= 10;
        }
        return nanoseconds(found);
    }

private:
    std::string_view text_;
    std::string_view rest_;
};

[[nodiscard]] minutes read_zone(time_reader& from) {
    if (from.at_end() || from.take_any("Zz")) {
        return minutes(0);
    }
    const bool west = from.take_any("-");
    if (!west) {
        from.expect("+");
    }
    const hours whole(from.number(2, 23));
    from.expect(":");
    const minutes offset = whole + minutes(from.number(2, 59));
    return west ? -offset : offset;
}

[[nodiscard]] sys_days read_date(time_reader& from, std::string_view text) {
    const year y(from.number(4, 9999));
    from.expect("-");
    const month m(static_cast<unsigned>(from.number(2, 12)));
    from.expect("-");
    const day d(static_cast<unsigned>(from.number(2, 31)));
    const year_month_day date(y, m, d);
    if (!date.ok()) {
        throw_no_time(text);
    }
    return sys_days(date);
}

} // namespace

std::string format_time(std::int64_t since_ns) {
    const sys_time<nanoseconds> time{nanoseconds(since_ns)};
    const sys_days day_begin = floor<days>(time);
    const year_month_day date(day_begin);
    // Not by subtracting days or seconds: the first that nanoseconds reach begin before the first nanosecond.
    constexpr std::int64_t second_ns = 1'000'000'000;
    const std::int64_t of_second_ns = (since_ns % second_ns + second_ns) % second_ns;
    const hh_mm_ss clock(floor<seconds>(time) - day_begin);
    std::array<char, 64> buffer;
    const int length =
        std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    std::string text(buffer.data(), static_cast<std::size_t>(length));
    if (of_second_ns != 0) {
        std::string digits = std::to_string(of_second_ns);
        digits.insert(0, 9 - digits.size(), '0');
        digits.erase(digits.find_last_not_of('0') + 1);
        text.append(".").append(digits);
    }
    return text + "Z";
}

std::int64_t parse_time(std::string_view text) {
    time_reader from(text);
    const sys_days date = read_date(from, text);
    seconds of_day(0);
    nanoseconds fraction(0);
    minutes zone(0);
    if (!from.at_end()) {
        from.expect("Tt ");
        of_day += hours(from.number(2, 23));
        from.expect(":");
        of_day += minutes(from.number(2, 59));
        if (from.take_any(":")) {
            of_day += seconds(from.number(2, 59));
            if (from.take_any(".")) {
                fraction = from.fraction();
            }
        }
        zone = read_zone(from);
        if (!from.at_end()) {
            throw_no_time(text);
        }
    }
    const sys_seconds whole = date + of_day - zone;
    std::int64_t since_ns = 0;
    // A second before 1970 may only fit together with its fraction, which leads towards 0.
    const std::int64_t second = whole.time_since_epoch().count();
    const bool before = second < 0 && fraction.count() != 0;
    if (__builtin_mul_overflow(before ? second + 1 : second, std::int64_t{1'000'000'000}, &since_ns) ||
        __builtin_add_overflow(since_ns, fraction.count() - (before ? 1'000'000'000 : 0), &since_ns)) {
        throw error(errc::out_of_range,
                    "'" + std::string(text) + "' is out of the range of times, 1677 to 2262");
    }
    return since_ns;
}

std::string format_uuid(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text.push_back('-');
        }
        const auto byte = static_cast<unsigned char>(bytes[i]);
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

std::string parse_uuid(std::string_view text) {
    std::string digits(text);
    if (digits.size() == 36) {
        for (const std::size_t dash : {23U, 18U, 13U, 8U}) {
            if (digits[dash] == '-') {
                digits.erase(dash, 1);
            }
        }
    }
    std::string bytes;
    for (std::size_t i = 0; digits.size() == 32 && i < 32; i += 2) {
        unsigned char byte = 0;
        const char* const end = digits.data() + i + 2;
        if (std::from_chars(digits.data() + i, end, byte, 16).ptr != end) {
            break;
        }
        bytes.push_back(static_cast<char>(byte));
    }
    if (bytes.size() != 16) {
        throw error(errc::invalid_argument,
                    "'" + std::string(text) + "' is not a UUID such as 123e4567-e89b-12d3-a456-426614174000");
    }
    return bytes;
}

} // namespace holdfast
