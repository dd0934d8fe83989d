// The version of Holdfast that a program is compiled with.
//
// The project's version in CMakeLists.txt is the same; configuring fails if it isn't. While the major version is 0, a
// change of the minor one may change the API and the ABI. The version of the file format is another: docs/format.md.
//
// Thread and process safety: constants.
#pragma once

#include <string_view>

#define HOLDFAST_VERSION_MAJOR 0
#define HOLDFAST_VERSION_MINOR 1
#define HOLDFAST_VERSION_PATCH 0

/// For `#if`: `HOLDFAST_VERSION >= HOLDFAST_MAKE_VERSION(0, 2, 0)`. Minor versions and patches go up to 999.
#define HOLDFAST_MAKE_VERSION(major, minor, patch) ((major)*1'000'000 + (minor)*1'000 + (patch))
#define HOLDFAST_VERSION                                                                                     \
    HOLDFAST_MAKE_VERSION(HOLDFAST_VERSION_MAJOR, HOLDFAST_VERSION_MINOR, HOLDFAST_VERSION_PATCH)

namespace holdfast {

inline constexpr int version_major = HOLDFAST_VERSION_MAJOR;
inline constexpr int version_minor = HOLDFAST_VERSION_MINOR;
inline constexpr int version_patch = HOLDFAST_VERSION_PATCH;
inline constexpr std::string_view version_text = "0.1.0";

} // namespace holdfast
