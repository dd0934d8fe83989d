// Candidate "inline": a 1 KiB leaf that holds small records itself and references to the others.
//
//   header 32 | heads u32[count rounded up to 4] | offsets u16[count] | free | entries, packed, to the end
//
// An entry is a reference (8 bytes) or a record of a value of at most 8 and a key of at most 24 bytes:
// {u64 made, u32 checksum, u8 key_size, u8 value_size, u8 type, u8 flags} value key, rounded up to 8 bytes.
// The low bit of its offset is set for a reference.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "record.hpp"

namespace layouts {

struct inline_leaf {
    static constexpr std::size_t capacity = 72; // more than references alone can fill
    static constexpr std::size_t space = 1024 - sizeof(node_header);

    node_header header;
    char area[space];

    static constexpr std::size_t node_bytes() noexcept { return 1024; }

    static reference make_empty(arena& heap) {
        reference const made = heap.allocate(node_bytes());
        heap.at<inline_leaf>(made)->header = {};
        return made;
    }

    std::optional<std::string_view> get(arena const& heap, std::string_view key) const noexcept {
        auto const found = find(heap, key);
        if (!found) {
            return std::nullopt;
        }
        return value_at(heap, *found);
    }

    static replacement put(arena& heap, reference old_leaf, std::string_view key, std::string_view value,
                           std::uint64_t made) {
        auto const& old = *heap.at<inline_leaf>(old_leaf);
        auto const found = old.find(heap, key);
        packed_entry const fresh{heap, key, value, made};
        if (found) {
            return overwrite(heap, old, *found, fresh, made);
        }
        return insert(heap, old, key, fresh, made);
    }

    template <class Visit>
    void for_each(arena const& heap, Visit visit) const {
        for (std::uint32_t i = 0; i < header.count; ++i) {
            if (offset(i) & 1) {
                __builtin_prefetch(referred(heap, i));
            }
        }
        for (std::uint32_t i = 0; i < header.count; ++i) {
            visit(key_at(heap, i), value_at(heap, i), digest_at(heap, i));
        }
    }

private:
    struct small_record {
        std::uint64_t made;
        std::uint32_t checksum;
        std::uint8_t key_size;
        std::uint8_t value_size;
        std::uint8_t type;
        std::uint8_t flags;

        char const* bytes() const noexcept { return reinterpret_cast<char const*>(this + 1); }
        std::size_t size() const noexcept {
            return (sizeof(small_record) + key_size + value_size + 7U) / 8 * 8;
        }
    };
    static_assert(sizeof(small_record) == 16);

    /// A new entry's bytes, ready to be copied into a leaf.
    struct packed_entry {
        alignas(8) char bytes[48];
        std::size_t size;
        bool is_reference;
        std::uint64_t digest;

        packed_entry(arena& heap, std::string_view key, std::string_view value, std::uint64_t made) {
            is_reference = key.size() > 24 || value.size() > 8;
            if (is_reference) {
                reference const out = make_record(heap, key, value, made);
                std::memcpy(bytes, &out, size = sizeof out);
                digest = heap.at<record>(out)->digest();
                return;
            }
            std::memset(bytes, 0, sizeof bytes);
            char* const payload = bytes + sizeof(small_record);
            std::memcpy(payload, value.data(), value.size());
            std::memcpy(payload + value.size(), key.data(), key.size());
            small_record const head{made,
                                    checksum_of(payload, value.size() + key.size()),
                                    static_cast<std::uint8_t>(key.size()),
                                    static_cast<std::uint8_t>(value.size()),
                                    1,
                                    0};
            std::memcpy(bytes, &head, sizeof head);
            size = head.size();
            digest = mix(made, head.checksum);
        }
    };

    struct item {
        char const* bytes;
        std::size_t size;
        std::uint32_t head;
        bool is_reference;
    };
    using items = std::array<item, capacity + 1>;

    static std::size_t padded(std::size_t count) noexcept { return (count + 3) / 4 * 4; }

    std::uint32_t head(std::uint32_t i) const noexcept {
        std::uint32_t h;
        std::memcpy(&h, area + 4 * i, sizeof h);
        return h;
    }
    std::uint16_t offset(std::uint32_t i) const noexcept {
        std::uint16_t o;
        std::memcpy(&o, area + 4 * padded(header.count) + 2 * i, sizeof o);
        return o;
    }
    char const* bytes_at(std::uint32_t i) const noexcept { return area + (offset(i) & ~1U); }
    small_record const* small(std::uint32_t i) const noexcept {
        return reinterpret_cast<small_record const*>(bytes_at(i));
    }
    reference referred_at(std::uint32_t i) const noexcept {
        reference r;
        std::memcpy(&r, bytes_at(i), sizeof r);
        return r;
    }
    record const* referred(arena const& heap, std::uint32_t i) const noexcept {
        return heap.at<record>(referred_at(i));
    }

    std::string_view key_at(arena const& heap, std::uint32_t i) const noexcept {
        if (offset(i) & 1) {
            return referred(heap, i)->key();
        }
        return {small(i)->bytes() + small(i)->value_size, small(i)->key_size};
    }
    std::string_view value_at(arena const& heap, std::uint32_t i) const noexcept {
        if (offset(i) & 1) {
            return referred(heap, i)->value();
        }
        return {small(i)->bytes(), small(i)->value_size};
    }
    std::uint64_t digest_at(arena const& heap, std::uint32_t i) const noexcept {
        return offset(i) & 1 ? referred(heap, i)->digest() : mix(small(i)->made, small(i)->checksum);
    }

    head_run find_run(std::uint32_t sought) const noexcept {
        using lanes = std::uint32_t __attribute__((vector_size(16)));
        using masks = std::int32_t __attribute__((vector_size(16)));
        lanes const wanted = {sought, sought, sought, sought};
        masks less{}, greater{};
        std::size_t const end = padded(header.count);
        for (std::size_t i = 0; i < end; i += 4) {
            lanes four;
            std::memcpy(&four, area + 4 * i, sizeof four);
            less += four < wanted;
            greater += four > wanted;
        }
        auto const sum = [](masks m) { return static_cast<std::uint32_t>(-(m[0] + m[1] + m[2] + m[3])); };
        return {sum(less),
                std::min(static_cast<std::uint32_t>(end) - sum(greater), std::uint32_t{header.count})};
    }

    std::uint32_t lower_bound(arena const& heap, std::string_view key, head_run run) const noexcept {
        while (run.begin < run.end) {
            std::uint32_t const middle = (run.begin + run.end) / 2;
            if (key_at(heap, middle) < key) {
                run.begin = middle + 1;
            } else {
                run.end = middle;
            }
        }
        return run.begin;
    }

    std::optional<std::uint32_t> find(arena const& heap, std::string_view key) const noexcept {
        head_run run = find_run(head_of<std::uint32_t>(key, header.prefix_length));
        if (run.end - run.begin > 1) {
            run.begin = lower_bound(heap, key, run);
        }
        if (run.begin < run.end && key_at(heap, run.begin) == key) {
            return run.begin;
        }
        return std::nullopt;
    }

    item item_at(std::uint32_t i) const noexcept {
        bool const is_reference = offset(i) & 1;
        return {bytes_at(i), is_reference ? sizeof(reference) : small(i)->size(), head(i), is_reference};
    }

    static std::string_view key_of(arena const& heap, item const& of) noexcept {
        if (!of.is_reference) {
            auto const* const r = reinterpret_cast<small_record const*>(of.bytes);
            return {r->bytes() + r->value_size, r->key_size};
        }
        reference r;
        std::memcpy(&r, of.bytes, sizeof r);
        return heap.at<record>(r)->key();
    }

    static std::uint64_t digest_of(arena const& heap, item const& of) noexcept {
        if (!of.is_reference) {
            auto const* const r = reinterpret_cast<small_record const*>(of.bytes);
            return mix(r->made, r->checksum);
        }
        reference r;
        std::memcpy(&r, of.bytes, sizeof r);
        return heap.at<record>(r)->digest();
    }

    static replacement overwrite(arena& heap, inline_leaf const& old, std::uint32_t i,
                                 packed_entry const& fresh, std::uint64_t made) {
        std::uint64_t const digest = old.header.digest + fresh.digest - old.digest_at(heap, i);
        item const previous = old.item_at(i);
        reference freed = 0;
        if (previous.is_reference) {
            freed = old.referred_at(i);
        }
        reference copied = 0;
        if (previous.size == fresh.size && previous.is_reference == fresh.is_reference) {
            copied = heap.allocate(node_bytes());
            std::memcpy(heap.at<inline_leaf>(copied), &old, node_bytes());
            std::memcpy(heap.at<inline_leaf>(copied)->area + (old.offset(i) & ~1U), fresh.bytes, fresh.size);
        } else {
            items all;
            for (std::uint32_t j = 0; j < old.header.count; ++j) {
                all[j] = old.item_at(j);
            }
            all[i] = {fresh.bytes, fresh.size, old.head(i), fresh.is_reference};
            copied = pack(heap, all.data(), old.header.count, old.header.prefix_length);
        }
        heap.at<inline_leaf>(copied)->header.made = made;
        heap.at<inline_leaf>(copied)->header.digest = digest;
        if (freed != 0) {
            heap.free(freed, heap.at<record>(freed)->slot());
        }
        return {copied, 0, {}};
    }

    static replacement insert(arena& heap, inline_leaf const& old, std::string_view key,
                              packed_entry const& fresh, std::uint64_t made) {
        std::uint32_t const count = old.header.count;
        std::size_t const old_length = old.header.prefix_length;
        std::uint32_t at = 0;
        std::size_t length = key.size();
        std::string_view shared;
        if (count != 0) {
            shared = old.key_at(heap, 0);
            length = common_prefix(key, shared.substr(0, old_length));
            if (length < old_length) {
                at = key < shared ? 0 : count;
            } else {
                at = old.lower_bound(heap, key, old.find_run(head_of<std::uint32_t>(key, length)));
            }
        }
        items all;
        std::size_t bytes = fresh.size;
        for (std::uint32_t i = 0; i < count; ++i) {
            item& to = all[i < at ? i : i + 1];
            to = old.item_at(i);
            to.head = rebased_head(to.head, shared, old_length, length);
            bytes += to.size;
        }
        all[at] = {fresh.bytes, fresh.size, head_of<std::uint32_t>(key, length), fresh.is_reference};
        if (count + 1 <= capacity && bytes + 4 * padded(count + 1) + 2 * (count + 1) <= space) {
            reference const packed = pack(heap, all.data(), count + 1, length);
            auto& leaf = *heap.at<inline_leaf>(packed);
            leaf.header.made = made;
            leaf.header.digest = old.header.digest + fresh.digest;
            return {packed, 0, {}};
        }
        return split(heap, all, count + 1, made);
    }

    static replacement split(arena& heap, items& all, std::uint32_t count, std::uint64_t made) {
        for (std::uint32_t i = 0; i < count; ++i) {
            reference r;
            std::memcpy(&r, all[i].bytes, sizeof r);
            if (all[i].is_reference) {
                __builtin_prefetch(heap.at<record>(r));
            }
        }
        auto const key = [&](std::uint32_t i) { return key_of(heap, all[i]); };
        std::uint32_t const cut =
            split_position(count, [&](std::uint32_t i) { return common_prefix(key(i - 1), key(i)); });
        std::string separator{key(cut).substr(0, common_prefix(key(cut - 1), key(cut)) + 1)};
        return {build(heap, all.data(), cut, made), build(heap, all.data() + cut, count - cut, made),
                std::move(separator)};
    }

    static reference build(arena& heap, item* of, std::uint32_t count, std::uint64_t made) {
        std::size_t const length = common_prefix(key_of(heap, of[0]), key_of(heap, of[count - 1]));
        std::uint64_t digest = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            of[i].head = head_of<std::uint32_t>(key_of(heap, of[i]), length);
            digest += digest_of(heap, of[i]);
        }
        reference const built = pack(heap, of, count, length);
        heap.at<inline_leaf>(built)->header.made = made;
        heap.at<inline_leaf>(built)->header.digest = digest;
        return built;
    }

    static reference pack(arena& heap, item const* of, std::uint32_t count, std::size_t prefix_length) {
        reference const packed = make_empty(heap);
        auto& leaf = *heap.at<inline_leaf>(packed);
        leaf.header.count = static_cast<std::uint16_t>(count);
        leaf.header.prefix_length = static_cast<std::uint16_t>(prefix_length);
        std::size_t body = space;
        char* const offsets = leaf.area + 4 * padded(count);
        for (std::uint32_t i = 0; i < padded(count); ++i) {
            std::uint32_t const h = i < count ? of[i].head : head_none<std::uint32_t>;
            std::memcpy(leaf.area + 4 * i, &h, sizeof h);
        }
        for (std::uint32_t i = 0; i < count; ++i) {
            body -= of[i].size;
            std::memcpy(leaf.area + body, of[i].bytes, of[i].size);
            auto const o = static_cast<std::uint16_t>(body | (of[i].is_reference ? 1U : 0U));
            std::memcpy(offsets + 2 * i, &o, sizeof o);
        }
        leaf.header.body = static_cast<std::uint16_t>(body);
        return packed;
    }
};
static_assert(sizeof(inline_leaf) == 1024);

} // namespace layouts
