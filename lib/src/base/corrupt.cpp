// The one error of all layers that read references of the file.
#include "base/corrupt.hpp"

#include <cinttypes>
#include <cstdio>

#include <holdfast/error.hpp>

namespace holdfast {

void throw_corrupt(const char* what, ref where) {
    char message[256];
    std::snprintf(message, sizeof message, "the store is damaged: %s (at byte %" PRIu64 " of the file)", what,
                  where.offset());
    throw error(errc::corrupt, message);
}

} // namespace holdfast
