// Keys as bytes: common prefixes, and the slices by which nodes order them.
//
// The slice of a key at a prefix size p is the number made of its bytes p to p + 3, the first the highest, zeros
// beyond its end. Among keys that share their first p bytes, k <= l implies slice(k) <= slice(l).
//
// Thread safety: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/prefetch.hpp"

namespace holdfast {

inline constexpr std::uint32_t slice_unused = 0xFFFFFFFF;
inline constexpr std::size_t slice_bytes = sizeof(std::uint32_t);

namespace key_detail {

template <class Word>
[[nodiscard]] inline Word load(const void* bytes) noexcept {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

} // namespace key_detail

/// The bytes of `a` and `b` are equal; inlined, because keys are short.
[[nodiscard]] inline bool equal_bytes(const void* a, const void* b, std::size_t size) noexcept {
    using key_detail::load;
    const auto* x = static_cast<const char*>(a);
    const auto* y = static_cast<const char*>(b);
    if (size >= 8) {
        const std::size_t last = size - 8;
        for (std::size_t i = 0; i < last; i += 8) {
            if (load<std::uint64_t>(x + i) != load<std::uint64_t>(y + i)) {
                return false;
            }
        }
        return load<std::uint64_t>(x + last) == load<std::uint64_t>(y + last);
    }
    if (size >= 4) {
        return load<std::uint32_t>(x) == load<std::uint32_t>(y) &&
               load<std::uint32_t>(x + size - 4) == load<std::uint32_t>(y + size - 4);
    }
    for (std::size_t i = 0; i < size; ++i) {
        if (x[i] != y[i]) {
            return false;
        }
    }
    return true;
}

[[nodiscard]] inline bool equal_keys(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

/// How many bytes `a` and `b` share at their beginning.
[[nodiscard]] inline std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
    const std::size_t limit = std::min(a.size(), b.size());
    std::size_t at = 0;
    for (; limit - at >= 8; at += 8) {
        const std::uint64_t difference =
            key_detail::load<std::uint64_t>(a.data() + at) ^ key_detail::load<std::uint64_t>(b.data() + at);
        if (difference != 0) {
            return at + static_cast<std::size_t>(std::countr_zero(difference)) / 8;
        }
    }
    while (at < limit && a[at] == b[at]) {
        ++at;
    }
    return at;
}

/// The slice of `key` behind a prefix of `prefix_size` bytes, which may be longer than the key.
[[nodiscard]] inline std::uint32_t slice_of(std::string_view key, std::size_t prefix_size) noexcept {
    if (key.size() >= slice_bytes && key.size() - slice_bytes >= prefix_size) [[likely]] {
        return __builtin_bswap32(key_detail::load<std::uint32_t>(key.data() + prefix_size));
    }
    std::uint32_t slice = 0;
    for (std::size_t i = 0; i < slice_bytes; ++i) {
        const bool present = prefix_size < key.size() && key.size() - prefix_size > i;
        slice = slice << 8 | (present ? static_cast<unsigned char>(key[prefix_size + i]) : 0U);
    }
    return slice;
}

/// The slice at `size_new` of a key whose slice at `size_old` >= `size_new` is known. `prefix` begins with the
/// `size_old` bytes that the key begins with.
[[nodiscard]] inline std::uint32_t rebased_slice(std::uint32_t slice, std::string_view prefix,
                                                 std::size_t size_old, std::size_t size_new) noexcept {
    const std::size_t moved = size_old - size_new;
    if (moved == 0) {
        return slice;
    }
    const std::uint32_t front = slice_of(prefix.substr(0, size_old), size_new);
    return moved >= slice_bytes ? front : front | slice >> (8 * moved);
}

/// The first bytes of `right` that are greater than `left`; `left` < `right`.
[[nodiscard]] inline std::string_view shortest_separator(std::string_view left,
                                                         std::string_view right) noexcept {
    return right.substr(0, common_prefix(left, right) + 1);
}

} // namespace holdfast
