// Throwing errors whose message is one line: what failed, on which file, why, and what to do.
//
// Thread and process safety: pure functions.
#pragma once

#include <filesystem>
#include <string_view>

#include <holdfast/error.hpp>

namespace holdfast {

/// Throws "PATH: WHAT; ADVICE".
[[noreturn]] void fail(errc reason, const std::filesystem::path& path, std::string_view what,
                       std::string_view advice = {});

/// Throws "PATH: WHAT: MESSAGE OF THE ERRNO; ADVICE". Where no advice is given, the usual one for the errno.
[[noreturn]] void fail_system(int code, const std::filesystem::path& path, std::string_view what,
                              std::string_view advice = {});

/// What an errno means in our terms.
[[nodiscard]] errc reason_of(int code) noexcept;

} // namespace holdfast
