// Checksums (XXH3, from the xxHash library) and the mixing function of the additive digests.
//
// Thread and process safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/types.hpp"

namespace holdfast {

/// XXH3-64 of `size` bytes. Source: xxHash 0.8, https://github.com/Cyan4973/xxHash.
[[nodiscard]] std::uint64_t checksum64(const void* data, std::size_t size, std::uint64_t seed = 0) noexcept;

/// What one child adds to its parent's digest: a mixing of its transaction and its checksum (or own digest).
/// The digests of a parent's children are summed modulo 2^64, so a change of one child costs one subtraction
/// and one addition. The finalizer is that of MurmurHash3 (public domain).
[[nodiscard]] constexpr std::uint64_t digest_of(txn_id made, std::uint64_t sum) noexcept {
    std::uint64_t x = raw(made) * 0x9E3779B97F4A7C15ULL ^ sum;
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCDULL;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53ULL;
    x ^= x >> 33;
    return x;
}

} // namespace holdfast
