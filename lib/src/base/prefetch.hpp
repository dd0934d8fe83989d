// Prefetching that stays: the compiler takes a function that does nothing but prefetch for one without effect, and
// drops calls of it. (GCC 12 dropped all prefetching of scans that way; it cost them a factor of two.)
#pragma once

#include <cstddef>

namespace holdfast {

/// Asks for the cache line of `address`, which may be nonsense.
[[gnu::always_inline]] inline void prefetch(const void* address) noexcept {
    __builtin_prefetch(address);
    asm volatile(""); // an effect, as far as the compiler knows
}

/// Asks for all lines of an object that begins a line.
[[gnu::always_inline]] inline void prefetch_lines(const void* object, std::size_t bytes) noexcept {
    const auto* first = static_cast<const char*>(object);
    for (std::size_t at = 0; at < bytes; at += 64) {
        prefetch(first + at);
    }
}

} // namespace holdfast
