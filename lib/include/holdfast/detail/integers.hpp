// Which integers there are, and whether one is a number of a type.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace holdfast::detail {

/// Whether a number of 64 bits is one of T, which may also be a character or bool, unlike with std::in_range.
template <class T, class From>
[[nodiscard]] constexpr bool fits(From number) noexcept {
    using limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<From>) {
        return number >= static_cast<std::int64_t>(limits::min()) &&
               (number < 0 ||
                static_cast<std::uint64_t>(number) <= static_cast<std::uint64_t>(limits::max()));
    } else {
        return number <= static_cast<std::uint64_t>(limits::max());
    }
}

/// Whether T is stored as int: char always, whatever its sign is on this machine.
template <class T>
inline constexpr bool stored_signed = std::is_signed_v<T> || std::is_same_v<T, char>;

/// What an integer or an enum is stored as.
template <class T>
using integer_of_t =
    typename std::conditional_t<std::is_enum_v<T>, std::underlying_type<T>, std::type_identity<T>>::type;

template <class T>
concept integer_or_enum = (std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8) || std::is_enum_v<T>;

} // namespace holdfast::detail
