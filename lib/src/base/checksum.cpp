// The only place that includes xxHash, inlined into this file so that nothing is exported or linked.
#include "base/checksum.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace holdfast {

std::uint64_t checksum64(const void* data, std::size_t size, std::uint64_t seed) noexcept {
    return XXH3_64bits_withSeed(data, size, seed);
}

} // namespace holdfast
