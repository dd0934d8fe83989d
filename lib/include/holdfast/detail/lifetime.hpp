// Telling the compiler what refers into what, so that it warns of views that outlive it.
#pragma once

#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::lifetimebound)
#define HOLDFAST_LIFETIMEBOUND [[clang::lifetimebound]]
#endif
#endif
#ifndef HOLDFAST_LIFETIMEBOUND
#define HOLDFAST_LIFETIMEBOUND
#endif
