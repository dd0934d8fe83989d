// The allocation functions of the program, with a limit that can be set.
#include "allocation_limit.hpp"

#include <cstdlib>
#include <limits>
#include <new>

namespace {

thread_local std::size_t bytes_left = std::numeric_limits<std::size_t>::max();

void* allocate(std::size_t bytes) {
    if (bytes_left != std::numeric_limits<std::size_t>::max()) {
        if (bytes > bytes_left) {
            throw std::bad_alloc();
        }
        bytes_left -= bytes;
    }
    if (void* const made = std::malloc(bytes == 0 ? 1 : bytes)) {
        return made;
    }
    throw std::bad_alloc();
}

} // namespace

namespace holdfast::test {

allocation_limit::allocation_limit(std::size_t bytes) noexcept { bytes_left = bytes; }
allocation_limit::~allocation_limit() { bytes_left = std::numeric_limits<std::size_t>::max(); }

} // namespace holdfast::test

// Not to be inlined: the compiler would pair malloc with delete.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return allocate(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return allocate(bytes); }
[[gnu::noinline]] void operator delete(void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete[](void* place) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept { std::free(place); }
[[gnu::noinline]] void operator delete[](void* place, std::size_t) noexcept { std::free(place); }
