// Key heads: the few big-endian bytes of a key after its node's common prefix, and the search among them.
//
// A shorter key is padded with zeros, so equal heads decide nothing and the keys themselves are compared.
// Positions after the last head of a node hold `head_none`, so that the search runs over the whole fixed
// array without a branch.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace layouts {

template <class Head>
inline constexpr Head head_none = static_cast<Head>(~Head{0});

template <class Head>
Head head_of(std::string_view key, std::size_t prefix_length) noexcept {
    if (key.size() >= prefix_length + sizeof(Head)) {
        Head raw;
        std::memcpy(&raw, key.data() + prefix_length, sizeof raw);
        return sizeof(Head) == 4 ? static_cast<Head>(__builtin_bswap32(static_cast<std::uint32_t>(raw)))
                                 : static_cast<Head>(__builtin_bswap64(raw));
    }
    Head head = 0;
    for (std::size_t i = 0; i < sizeof(Head); ++i) {
        std::size_t const at = prefix_length + i;
        head = static_cast<Head>(head << 8 | (at < key.size() ? static_cast<unsigned char>(key[at]) : 0U));
    }
    return head;
}

/// The head a key had at `old_length` as it is at the shorter `new_length`; `shared` starts with the old
/// prefix.
template <class Head>
Head rebased_head(Head head, std::string_view shared, std::size_t old_length,
                  std::size_t new_length) noexcept {
    std::size_t const moved = old_length - new_length;
    if (moved == 0) {
        return head;
    }
    Head const front = head_of<Head>(shared.substr(0, old_length), new_length);
    return moved >= sizeof(Head) ? front : static_cast<Head>(front | head >> (8 * moved));
}

inline std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
    std::size_t const limit = std::min(a.size(), b.size());
    std::size_t at = 0;
    for (; limit - at >= 8; at += 8) {
        std::uint64_t x, y;
        std::memcpy(&x, a.data() + at, 8);
        std::memcpy(&y, b.data() + at, 8);
        if (x != y) {
            return at + static_cast<std::size_t>(std::countr_zero(x ^ y)) / 8;
        }
    }
    while (at < limit && a[at] == b[at]) {
        ++at;
    }
    return at;
}

/// The positions whose heads equal the one sought.
struct head_run {
    std::uint32_t begin;
    std::uint32_t end;
};

template <std::size_t Capacity>
head_run find_heads(std::uint32_t const* heads, std::uint32_t count, std::uint32_t sought) noexcept {
    static_assert(Capacity % 4 == 0);
    using lanes = std::uint32_t __attribute__((vector_size(16)));
    using masks = std::int32_t __attribute__((vector_size(16)));
    lanes const wanted = {sought, sought, sought, sought};
    masks less{}, greater{};
    for (std::size_t i = 0; i < Capacity; i += 4) {
        lanes four;
        std::memcpy(&four, heads + i, sizeof four);
        less += four < wanted;
        greater += four > wanted;
    }
    auto const sum = [](masks m) { return static_cast<std::uint32_t>(-(m[0] + m[1] + m[2] + m[3])); };
    return {sum(less), std::min(static_cast<std::uint32_t>(Capacity) - sum(greater), count)};
}

/// Eight-byte heads: baseline x86-64 has no 64-bit vector comparison, so halve without branches.
template <std::size_t Capacity>
head_run find_heads(std::uint64_t const* heads, std::uint32_t count, std::uint64_t sought) noexcept {
    std::uint64_t const* base = heads;
    for (std::uint32_t length = count; length > 1;) {
        std::uint32_t const half = length / 2;
        base += base[half - 1] < sought ? half : 0;
        length -= half;
    }
    auto begin = static_cast<std::uint32_t>(base - heads);
    if (count != 0) {
        begin += *base < sought;
    }
    std::uint32_t end = begin;
    while (end < count && heads[end] == sought) {
        ++end;
    }
    return {begin, end};
}

/// One entry's share of its node's additive digest.
inline std::uint64_t mix(std::uint64_t made, std::uint64_t checksum) noexcept {
    std::uint64_t x = made * 0x9E3779B97F4A7C15U ^ checksum * 0xC2B2AE3D27D4EB4FU;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93U;
    return x ^ x >> 29;
}

/// The checksum of an entry whose key and value lie side by side.
inline std::uint32_t checksum_of(void const* entry, std::size_t bytes) noexcept {
    return static_cast<std::uint32_t>(XXH3_64bits(entry, bytes));
}

/// Where to cut `count` sorted keys: in the middle fifth, where the shortest separator is. `shared(i)` is the
/// length that keys i-1 and i have in common.
template <class Shared>
std::uint32_t split_position(std::uint32_t count, Shared shared) {
    std::uint32_t const middle = count / 2;
    std::uint32_t best = middle;
    std::size_t best_length = shared(middle);
    for (std::uint32_t away = 1; away <= count / 10; ++away) {
        for (std::uint32_t const at : {middle - away, middle + away}) {
            std::size_t const length = shared(at);
            if (length < best_length) {
                best = at, best_length = length;
            }
        }
    }
    return best;
}

} // namespace layouts
