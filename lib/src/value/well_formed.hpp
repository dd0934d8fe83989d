// Whether bytes can be a value of a type.
#pragma once

#include <holdfast/value.hpp>

namespace holdfast {

/// Throws invalid_argument, saying why not. Strings may be any bytes here: whoever takes them from outside decides.
void expect_well_formed(const value_view& offered);

} // namespace holdfast
