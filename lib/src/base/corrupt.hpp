// How every layer reports bytes of the file that can't be true.
#pragma once

#include "base/types.hpp"

namespace holdfast {

/// Throws errc::corrupt, saying what was found wrong and where.
[[noreturn]] void throw_corrupt(const char* what, ref where);

} // namespace holdfast
