// Assertions, for our own bugs only; bytes of the file are never asserted on, they are verified.
//
// HOLDFAST_ASSERT is cheap and always on, HOLDFAST_DEBUG_ASSERT is compiled into debug and sanitizer builds.
#pragma once

namespace holdfast {

/// Prints the failed expression and its place to standard error, and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

} // namespace holdfast

#define HOLDFAST_ASSERT(expression)                                                                          \
    ((expression) ? static_cast<void>(0) : ::holdfast::assertion_failed(#expression, __FILE__, __LINE__))

#if !defined(NDEBUG) || defined(HOLDFAST_FAILPOINTS)
#define HOLDFAST_DEBUG_ASSERT(expression) HOLDFAST_ASSERT(expression)
#else
#define HOLDFAST_DEBUG_ASSERT(expression) static_cast<void>(0)
#endif
