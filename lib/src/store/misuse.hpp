// What programs are told that use a handle which is nothing any more.
//
// Thread and process safety: pure functions.
#pragma once

#include <string>

namespace holdfast::detail {

/// `what`: "store", "snapshot", ...
[[noreturn]] void throw_moved_from(const char* what);
[[noreturn]] void throw_ended(const char* what);
[[noreturn]] void throw_closed(const std::string& path);

/// What the handle stands for; throws moved_from if that is nothing.
template <class Pointer>
[[nodiscard]] auto& held_by(const Pointer& handle, const char* what) {
    if (!handle) [[unlikely]] {
        throw_moved_from(what);
    }
    return *handle;
}

} // namespace holdfast::detail
