// What a put takes: a value of any kind that can be stored, and options; and what it says.
//
// Thread and process safety: values and pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

/// The version of a key that has no value.
inline constexpr version_number absent = 0;

/// Under which condition a put stores.
struct put_options {
    /// Only if the key has a value of this version; `absent`: only if it has none. nullopt: in any case.
    std::optional<version_number> if_version = std::nullopt;
};

/// `map.put(key, value, holdfast::if_absent)`
inline constexpr put_options if_absent{.if_version = absent};

/// What a put did.
enum class put_outcome : std::uint8_t {
    inserted, ///< the key had no value
    replaced, ///< it had one
    refused,  ///< nothing: the condition was not met
};

namespace detail {

/// Throws corrupt if it lies in a file and is damaged, unsupported if it owns something outside of its bytes, and
/// invalid_argument if no value has that type, or its bytes can't be those of one.
HOLDFAST_API void expect_storable(const value_view& given);

/// Calls `use(value_type, std::string_view bytes)` with what `given` is stored as.
template <class T, class Use>
decltype(auto) with_stored(const T& given, Use&& use) {
    if constexpr (std::derived_from<T, value_view>) {
        expect_storable(given);
        return use(given.type(), given.text());
    } else if constexpr (std::derived_from<T, value>) {
        return with_stored(given.view(), std::forward<Use>(use));
    } else if constexpr (needs_codec<T>) {
        const auto& bytes = value_codec<T>::encode(given);
        return use(value_codec<T>::type, std::string_view(bytes));
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
        return use(value_type::string, std::string_view(given));
    } else {
        const std::span<const std::byte> bytes(given);
        return use(value_type::bytes,
                   std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }
}

} // namespace detail

} // namespace holdfast
