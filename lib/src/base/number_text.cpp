// Floating-point numbers as text.
#include "base/number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace holdfast {

void append_digits(std::string& to, double number) {
    if (std::isnan(number)) {
        to += "nan"; // without a sign
        return;
    }
    // By itself std::to_chars takes the shorter form, so that 100000 would be 1e+05.
    const double size = std::abs(number);
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e16);
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    to.append(digits.data(), end);
}

void append_float_text(std::string& to, double number) {
    const std::size_t start = to.size();
    append_digits(to, number);
    const bool looks_whole = to.find_first_not_of("-0123456789", start) == std::string::npos;
    if (looks_whole) {
        to += ".0";
    }
}

} // namespace holdfast
