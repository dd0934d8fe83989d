// Decoding values on behalf of a key, which the message of a failure names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/error.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast::detail {

/// Throws the same failure with "key 'ada': " before its message.
[[noreturn]] HOLDFAST_API void rethrow_with_key(const error& failure, const key_type& keys,
                                                std::string_view key);
[[noreturn]] HOLDFAST_API void throw_overflow(const std::string& number, const std::string& change);
/// Throws wrong_type if they differ.
HOLDFAST_API void expect_keys(const key_type& found, const key_type& asked);
[[noreturn]] HOLDFAST_API void throw_absent(const key_type& keys, std::string_view key);

template <class Read>
[[nodiscard]] decltype(auto) with_key(const key_type& keys, std::string_view key, Read&& read) {
    try {
        return read();
    } catch (const error& failure) {
        rethrow_with_key(failure, keys, key);
    }
}

template <class T>
[[nodiscard]] std::optional<T> decode_found(const std::optional<value_view>& found, const key_type& keys,
                                            std::string_view key) {
    if (!found)
        return std::nullopt;
    return with_key(keys, key, [&] { return std::optional<T>(value_codec<T>::decode(*found)); });
}

} // namespace holdfast::detail
