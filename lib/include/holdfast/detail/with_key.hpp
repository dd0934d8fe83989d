// Decoding values on behalf of an entry, which the message of a failure names.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/error.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast::detail {

/// Which map an entry is of.
struct map_label {
    std::string file;
    std::string map;
    key_type keys;
};

/// Throws the same failure with "app.hold, map 'users', key 'ada': " before its message.
[[noreturn]] HOLDFAST_API void rethrow_with_key(const error& failure, const map_label& where,
                                                std::string_view key);
[[noreturn]] HOLDFAST_API void throw_overflow(const std::string& number, const std::string& change);
/// The map has keys of another type than `asked`.
[[noreturn]] HOLDFAST_API void throw_other_keys(const map_label& found, const key_type& asked);
[[noreturn]] HOLDFAST_API void throw_absent(const map_label& where, std::string_view key);

/// `label()` says where that is, and is asked only in case of failure.
template <class Label, class Read>
[[nodiscard]] decltype(auto) with_key(const Label& label, std::string_view key, Read&& read) {
    try {
        return read();
    } catch (const error& failure) {
        rethrow_with_key(failure, label(), key);
    }
}

/// Throws corrupt, without the key, unless the value is sound.
HOLDFAST_API void verify_sound(const value_view& found);

/// Whether a typed read gives what lies in the file, and copies nothing out of it.
template <class T, class View = typename value_codec<T>::view>
inline constexpr bool reads_in_place = std::is_reference_v<View> || std::same_as<View, std::string_view> ||
                                       std::same_as<View, std::span<const std::byte>>;

/// The value in place, where its type allows; what is copied out of the file is verified first.
template <class T>
[[nodiscard]] typename value_codec<T>::view read_value(const value_view& found) {
    if constexpr (!reads_in_place<T>) {
        verify_sound(found);
    }
    return value_codec<T>::read(found);
}
/// A copy of the value, verified.
template <class T>
[[nodiscard]] T decode_value(const value_view& found) {
    verify_sound(found);
    return value_codec<T>::decode(found);
}

template <class T, class Label>
[[nodiscard]] std::optional<T> decode_found(const std::optional<value_view>& found, const Label& label,
                                            std::string_view key) {
    if (!found) {
        return std::nullopt;
    }
    return with_key(label, key, [&] { return std::optional<T>(decode_value<T>(*found)); });
}

} // namespace holdfast::detail
