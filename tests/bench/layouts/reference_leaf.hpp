// Candidate "refs" and its variants: a leaf of key heads and 48-bit references to immutable records.
//
// With `Tagged`, 8 of the 48 bits hold a hash of the key (40 bits of 16-byte units still reach 16 TiB), so
// that among equal heads an exact search looks at the one record that matters.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "record.hpp"

namespace layouts {

template <class Head, std::size_t Capacity, bool Tagged>
struct reference_leaf {
    static constexpr std::size_t capacity = Capacity;

    node_header header;
    Head heads[Capacity];
    std::uint32_t low[Capacity];
    std::uint16_t high[Capacity];

    static constexpr std::size_t node_bytes() noexcept { return (sizeof(reference_leaf) + 63) / 64 * 64; }

    static std::uint8_t tag_of(std::string_view key) noexcept {
        return static_cast<std::uint8_t>(XXH3_64bits(key.data(), key.size()));
    }

    reference at(std::uint32_t i) const noexcept {
        std::uint64_t const top = Tagged ? high[i] & 0xFFU : high[i];
        return top << 32 | low[i];
    }

    void set(std::uint32_t i, Head head, reference to, std::uint8_t tag) noexcept {
        heads[i] = head;
        low[i] = static_cast<std::uint32_t>(to);
        high[i] = static_cast<std::uint16_t>(to >> 32 | (Tagged ? tag << 8 : 0));
    }

    record const* entry(arena const& heap, std::uint32_t i) const noexcept { return heap.at<record>(at(i)); }

    static reference make_empty(arena& heap) {
        reference const made = heap.allocate(node_bytes());
        auto* const leaf = heap.at<reference_leaf>(made);
        leaf->header = {};
        std::fill(leaf->heads, leaf->heads + Capacity, head_none<Head>);
        return made;
    }

    /// The position of exactly this key. The prefix need not be verified: equal heads lead to a full
    /// comparison.
    std::optional<std::uint32_t> find(arena const& heap, std::string_view key) const noexcept {
        head_run run = find_heads<Capacity>(heads, header.count, head_of<Head>(key, header.prefix_length));
        if (run.end - run.begin <= 1) {
            if (run.begin < run.end && entry(heap, run.begin)->key() == key) {
                return run.begin;
            }
            return std::nullopt;
        }
        if constexpr (Tagged) {
            std::uint8_t const tag = tag_of(key);
            for (std::uint32_t i = run.begin; i < run.end; ++i) {
                if (high[i] >> 8 == tag && entry(heap, i)->key() == key) {
                    return i;
                }
            }
            return std::nullopt;
        }
        run.begin = lower_bound(heap, key, run);
        if (run.begin < run.end && entry(heap, run.begin)->key() == key) {
            return run.begin;
        }
        return std::nullopt;
    }

    std::optional<std::string_view> get(arena const& heap, std::string_view key) const noexcept {
        auto const found = find(heap, key);
        if (!found) {
            return std::nullopt;
        }
        return entry(heap, *found)->value();
    }

    static replacement put(arena& heap, reference old_leaf, std::string_view key, std::string_view value,
                           std::uint64_t made) {
        auto const& old = *heap.at<reference_leaf>(old_leaf);
        if (auto const found = old.find(heap, key)) {
            return overwrite(heap, old, *found, key, value, made);
        }
        reference const fresh = make_record(heap, key, value, made);
        auto const place = old.place_for(heap, key);
        if (old.header.count == Capacity) {
            return split(heap, old, place.position, fresh, made);
        }
        return insert(heap, old, place, fresh, made);
    }

    template <class Visit>
    void for_each(arena const& heap, Visit visit) const {
        for (std::uint32_t i = 0; i < header.count; ++i) {
            __builtin_prefetch(entry(heap, i));
        }
        for (std::uint32_t i = 0; i < header.count; ++i) {
            record const* const r = entry(heap, i);
            visit(r->key(), r->value(), r->digest());
        }
    }

private:
    struct place {
        std::uint32_t position;
        std::size_t prefix_length;
    };

    std::uint32_t lower_bound(arena const& heap, std::string_view key, head_run run) const noexcept {
        while (run.begin < run.end) {
            std::uint32_t const middle = (run.begin + run.end) / 2;
            if (entry(heap, middle)->key() < key) {
                run.begin = middle + 1;
            } else {
                run.end = middle;
            }
        }
        return run.begin;
    }

    /// Where an absent key belongs, and the prefix it leaves in common.
    place place_for(arena const& heap, std::string_view key) const noexcept {
        if (header.count == 0) {
            return {0, key.size()};
        }
        std::string_view const prefix = entry(heap, 0)->key().substr(0, header.prefix_length);
        std::size_t const shared = common_prefix(key, prefix);
        if (shared < prefix.size()) {
            return {key < prefix ? 0U : header.count, shared};
        }
        head_run const run = find_heads<Capacity>(heads, header.count, head_of<Head>(key, prefix.size()));
        return {lower_bound(heap, key, run), prefix.size()};
    }

    static replacement overwrite(arena& heap, reference_leaf const& old, std::uint32_t i,
                                 std::string_view key, std::string_view value, std::uint64_t made) {
        reference const fresh = make_record(heap, key, value, made);
        reference const copied = heap.allocate(node_bytes());
        auto& leaf = *heap.at<reference_leaf>(copied);
        std::memcpy(&leaf, &old, sizeof leaf);
        record const* const previous = old.entry(heap, i);
        leaf.header.made = made;
        leaf.header.digest += heap.at<record>(fresh)->digest() - previous->digest();
        leaf.set(i, old.heads[i], fresh, static_cast<std::uint8_t>(old.high[i] >> 8));
        heap.free(old.at(i), previous->slot());
        return {copied, 0, {}};
    }

    static replacement insert(arena& heap, reference_leaf const& old, place const& where, reference fresh,
                              std::uint64_t made) {
        reference const copied = heap.allocate(node_bytes());
        auto& leaf = *heap.at<reference_leaf>(copied);
        std::uint32_t const at = where.position;
        std::size_t const after = old.header.count - at;
        leaf.header = old.header;
        std::fill(leaf.heads, leaf.heads + Capacity, head_none<Head>);
        std::copy_n(old.heads, at, leaf.heads);
        std::copy_n(old.heads + at, after, leaf.heads + at + 1);
        std::copy_n(old.low, at, leaf.low);
        std::copy_n(old.low + at, after, leaf.low + at + 1);
        std::copy_n(old.high, at, leaf.high);
        std::copy_n(old.high + at, after, leaf.high + at + 1);
        record const* const added = heap.at<record>(fresh);
        if (old.header.count != 0 && where.prefix_length < old.header.prefix_length) {
            std::string_view const shared = old.entry(heap, 0)->key();
            for (std::uint32_t i = 0; i <= old.header.count; ++i) {
                if (i != at) {
                    leaf.heads[i] =
                        rebased_head(leaf.heads[i], shared, old.header.prefix_length, where.prefix_length);
                }
            }
        }
        leaf.set(at, head_of<Head>(added->key(), where.prefix_length), fresh, tag_of(added->key()));
        leaf.header.made = made;
        leaf.header.digest += added->digest();
        leaf.header.count = static_cast<std::uint16_t>(old.header.count + 1);
        leaf.header.prefix_length = static_cast<std::uint16_t>(where.prefix_length);
        return {copied, 0, {}};
    }

    static replacement split(arena& heap, reference_leaf const& old, std::uint32_t position, reference fresh,
                             std::uint64_t made) {
        std::array<reference, Capacity + 1> all;
        for (std::uint32_t i = 0; i <= Capacity; ++i) {
            all[i] = i == position ? fresh : old.at(i < position ? i : i - 1);
        }
        for (reference const r : all) {
            __builtin_prefetch(heap.at<record>(r));
        }
        auto const key = [&](std::uint32_t i) { return heap.at<record>(all[i])->key(); };
        std::uint32_t const cut =
            split_position(Capacity + 1, [&](std::uint32_t i) { return common_prefix(key(i - 1), key(i)); });
        std::string separator{key(cut).substr(0, common_prefix(key(cut - 1), key(cut)) + 1)};
        return {build(heap, all.data(), cut, made), build(heap, all.data() + cut, Capacity + 1 - cut, made),
                std::move(separator)};
    }

    static reference build(arena& heap, reference const* records, std::size_t count, std::uint64_t made) {
        reference const built = make_empty(heap);
        auto& leaf = *heap.at<reference_leaf>(built);
        std::size_t const shared =
            common_prefix(heap.at<record>(records[0])->key(), heap.at<record>(records[count - 1])->key());
        leaf.header.made = made;
        leaf.header.count = static_cast<std::uint16_t>(count);
        leaf.header.prefix_length = static_cast<std::uint16_t>(shared);
        for (std::uint32_t i = 0; i < count; ++i) {
            record const* const r = heap.at<record>(records[i]);
            leaf.set(i, head_of<Head>(r->key(), shared), records[i], tag_of(r->key()));
            leaf.header.digest += r->digest();
        }
        return built;
    }
};

using leaf_refs = reference_leaf<std::uint32_t, 48, false>;
using leaf_tagged = reference_leaf<std::uint32_t, 48, true>;
using leaf_wide = reference_leaf<std::uint32_t, 72, true>;
using leaf_widest = reference_leaf<std::uint32_t, 96, true>;
using leaf_heads8 = reference_leaf<std::uint64_t, 52, false>;
static_assert(sizeof(leaf_refs) == 512 && sizeof(leaf_tagged) == 512 && leaf_wide::node_bytes() == 768 &&
              leaf_widest::node_bytes() == 1024 && leaf_heads8::node_bytes() == 768);

} // namespace layouts
