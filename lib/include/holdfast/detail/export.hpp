// Marks what the shared library exports. Everything else in it has hidden visibility.
//
// HOLDFAST_STATIC is defined, through its CMake target, for whoever links the static library. That one consists of the
// same objects as the shared one: a shared library built around it, which is not to export Holdfast again, is linked
// with -Wl,--exclude-libs,libholdfast.a.

#pragma once

#if defined(HOLDFAST_STATIC)
#define HOLDFAST_API
#else
#define HOLDFAST_API __attribute__((visibility("default")))
#endif
