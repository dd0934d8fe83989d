// The end of a process that found a bug of ours.
#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace holdfast {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "holdfast: internal error: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

} // namespace holdfast
