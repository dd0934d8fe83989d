// Floating-point numbers as text: one form for values, keys, JSON and messages.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>

namespace holdfast {

/// Appends the fewest digits that read back as the same number: without an exponent from 0.0001 up to 1e16, with one
/// beyond; "inf", "-inf" and "nan".
void append_digits(std::string& to, double number);

/// The same, but told from an integer: with ".0" where there would be neither a point nor an exponent.
void append_float_text(std::string& to, double number);

} // namespace holdfast
