// Marks what the shared library exports. Everything else in it has hidden visibility.
//
// HOLDFAST_STATIC is defined by the build for the static library and, through its CMake target, for whoever
// links it; the mark is empty there, so that a shared library built around it does not re-export Holdfast.

#pragma once

#if defined(HOLDFAST_STATIC)
#define HOLDFAST_API
#else
#define HOLDFAST_API __attribute__((visibility("default")))
#endif
