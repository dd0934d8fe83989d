// What a C++ type says of itself to the file: its name, and whether it is stored raw.
//
//     template <>
//     struct holdfast::type_description<point> {
//         static constexpr std::string_view name = "point";
//         static constexpr std::uint32_t raw_version = 1;
//     };
//
// Thread and process safety: compile-time only.
#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

namespace holdfast {

/// Specialise it with a `name`, which documents of the type carry in the file. A document without a name fits any
/// type. A trivially copyable type with a `raw_version`, too, is stored as its bytes and read in place; raise the
/// version when its layout changes.
template <class T>
struct type_description {};

/// "" for a type that has no name.
template <class T>
[[nodiscard]] constexpr std::string_view type_name_of() noexcept {
    if constexpr (requires { type_description<T>::name; }) {
        return type_description<T>::name;
    } else {
        return {};
    }
}

/// A type that is to be stored raw.
template <class T>
concept stored_raw = requires {
    { type_description<T>::raw_version } -> std::convertible_to<std::uint32_t>;
};

} // namespace holdfast
