// Candidate "slotted": 4 KiB slotted pages with keys and values inside, as in LMDB and the textbook B+tree.
//
//   page:        {u64 checksum, u64 made, u16 count, u8 level, u8 0, u16 body, ...} 32
//                | slots u16[count] | free | entries, packed, to the end
//   leaf entry:  {u64 made, u32 value_size, u16 key_size, u8 type, u8 flags} key, then the value, or the
//                8-byte reference of a value longer than `InlineMax`
//   inner entry: {u64 child, u16 key_size} key; separators are the shortest that divide; entry 0's is ignored
//
// A put copies its path in whole pages and gives each a new XXH3 over what the page uses, if `Checked`. An
// overwrite must keep the value's size: these workloads do.
#pragma once

#include <array>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "record.hpp"

namespace layouts {

struct slotted_page {
    std::uint64_t checksum;
    std::uint64_t made;
    std::uint16_t count;
    std::uint8_t level;
    std::uint8_t zero;
    std::uint16_t body;
    std::uint16_t reserved[5];

    static constexpr std::size_t bytes = 4096;
    static constexpr std::size_t leaf_header = 16;
    static constexpr std::size_t inner_header = 10;
    static constexpr std::uint8_t value_outside = 1;

    char* raw() noexcept { return reinterpret_cast<char*>(this); }
    char const* raw() const noexcept { return reinterpret_cast<char const*>(this); }

    template <class T>
    static T load(char const* from) noexcept {
        T value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }

    std::size_t slots_end() const noexcept { return sizeof(slotted_page) + 2U * count; }
    std::uint16_t slot(std::uint32_t i) const noexcept {
        return load<std::uint16_t>(raw() + sizeof(slotted_page) + 2 * i);
    }
    char const* entry(std::uint32_t i) const noexcept { return raw() + slot(i); }

    std::string_view key(std::uint32_t i) const noexcept {
        char const* const e = entry(i);
        if (level == 0) {
            return {e + leaf_header, load<std::uint16_t>(e + 12)};
        }
        return {e + inner_header, load<std::uint16_t>(e + 8)};
    }
    reference child(std::uint32_t i) const noexcept { return load<std::uint64_t>(entry(i)); }
    bool is_outside(std::uint32_t i) const noexcept { return (entry(i)[15] & value_outside) != 0; }
    std::size_t value_size(std::uint32_t i) const noexcept { return load<std::uint32_t>(entry(i) + 8); }

    std::size_t entry_bytes(std::uint32_t i) const noexcept {
        std::size_t const size = key(i).size();
        if (level != 0) {
            return even(inner_header + size);
        }
        return even(leaf_header + size + (is_outside(i) ? sizeof(reference) : value_size(i)));
    }
    static std::size_t even(std::size_t n) noexcept { return (n + 1) & ~std::size_t{1}; }
    bool fits(std::size_t entry) const noexcept { return body - slots_end() >= entry + 2; }

    void copy_used(slotted_page const& from) noexcept {
        std::memcpy(this, &from, from.slots_end());
        std::memcpy(raw() + from.body, from.raw() + from.body, bytes - from.body);
    }
    void seal() noexcept {
        checksum = mix(XXH3_64bits(raw() + 8, slots_end() - 8), XXH3_64bits(raw() + body, bytes - body));
    }

    /// The first position in [from, count) whose key is not less than `sought`.
    std::uint32_t lower_bound(std::string_view sought, std::uint32_t from) const noexcept {
        std::uint32_t end = count;
        while (from < end) {
            std::uint32_t const middle = (from + end) / 2;
            if (key(middle) < sought) {
                from = middle + 1;
            } else {
                end = middle;
            }
        }
        return from;
    }
    std::uint32_t child_for(std::string_view sought) const noexcept {
        std::uint32_t const at = lower_bound(sought, 1);
        return at < count && key(at) == sought ? at : at - 1;
    }

    /// Makes room for an entry at `at`; the page must have it.
    char* open(std::uint32_t at, std::size_t size) noexcept {
        body = static_cast<std::uint16_t>(body - size);
        char* const slots = raw() + sizeof(slotted_page);
        std::memmove(slots + 2 * (at + 1), slots + 2 * at, 2 * (count - at));
        std::memcpy(slots + 2 * at, &body, sizeof body);
        ++count;
        return raw() + body;
    }
};
static_assert(sizeof(slotted_page) == 32);

template <std::size_t InlineMax, bool Checked>
class slotted_tree final {
public:
    slotted_tree() : root_{make_page(0)} {}

    std::optional<std::string_view> get(std::string_view key) const noexcept {
        slotted_page const* at = page(root_);
        while (at->level != 0) {
            at = page(at->child(at->child_for(key)));
        }
        std::uint32_t const i = at->lower_bound(key, 0);
        if (i == at->count || at->key(i) != key) {
            return std::nullopt;
        }
        return value(*at, i);
    }

    void put(std::string_view key, std::string_view value) {
        ++made_;
        std::array<std::pair<reference, std::uint32_t>, 16> path;
        std::size_t depth = 0;
        reference at = root_;
        while (page(at)->level != 0) {
            std::uint32_t const index = page(at)->child_for(key);
            path[depth++] = {at, index};
            at = page(at)->child(index);
        }
        replacement now = put_leaf(at, key, value);
        heap_.free(at, slotted_page::bytes);
        while (depth != 0) {
            auto const [parent, index] = path[--depth];
            now = replace_child(parent, index, now);
            heap_.free(parent, slotted_page::bytes);
        }
        root_ = now.right == 0 ? now.left : new_root(now);
    }

    template <class Visit>
    void scan(Visit visit) const {
        scan_page(root_, visit);
    }

    bool digests_hold() const { return !Checked || checksum_holds(root_); }
    std::size_t used_bytes() const noexcept { return heap_.used_bytes(); }
    unsigned levels() const noexcept { return page(root_)->level + 1U; }

private:
    slotted_page* page(reference r) const noexcept { return heap_.at<slotted_page>(r); }

    reference make_page(std::uint8_t level) {
        reference const made = heap_.allocate(slotted_page::bytes);
        *page(made) = {0, made_, 0, level, 0, slotted_page::bytes, {}};
        return made;
    }

    std::string_view value(slotted_page const& leaf, std::uint32_t i) const noexcept {
        char const* const at = leaf.entry(i) + slotted_page::leaf_header + leaf.key(i).size();
        if (!leaf.is_outside(i)) {
            return {at, leaf.value_size(i)};
        }
        return {heap_.at<char>(slotted_page::load<reference>(at)), leaf.value_size(i)};
    }

    void seal(reference r) noexcept {
        page(r)->made = made_;
        if constexpr (Checked) {
            page(r)->seal();
        }
    }

    /// Writes an entry's bytes at `to`, the value elsewhere if it is long.
    void write_entry(char* to, std::string_view key, std::string_view value) {
        bool const outside = value.size() > InlineMax;
        auto const value_size = static_cast<std::uint32_t>(value.size());
        auto const key_size = static_cast<std::uint16_t>(key.size());
        std::memcpy(to, &made_, 8);
        std::memcpy(to + 8, &value_size, 4);
        std::memcpy(to + 12, &key_size, 2);
        to[14] = 1;
        to[15] = outside ? slotted_page::value_outside : 0;
        std::memcpy(to + slotted_page::leaf_header, key.data(), key.size());
        char* const tail = to + slotted_page::leaf_header + key.size();
        if (!outside) {
            std::memcpy(tail, value.data(), value.size());
            return;
        }
        reference const out = heap_.allocate(slot_bytes(value.size()));
        std::memcpy(heap_.at<char>(out), value.data(), value.size());
        std::memcpy(tail, &out, sizeof out);
    }

    replacement put_leaf(reference old_leaf, std::string_view key, std::string_view value) {
        slotted_page const& old = *page(old_leaf);
        std::uint32_t const at = old.lower_bound(key, 0);
        if (at < old.count && old.key(at) == key) {
            if (old.value_size(at) != value.size()) {
                std::abort();
            }
            reference const copied = heap_.allocate(slotted_page::bytes);
            page(copied)->copy_used(old);
            write_entry(page(copied)->raw() + old.slot(at), key, value);
            if (old.is_outside(at)) {
                heap_.free(
                    slotted_page::load<reference>(old.entry(at) + slotted_page::leaf_header + key.size()),
                    slot_bytes(value.size()));
            }
            seal(copied);
            return {copied, 0, {}};
        }
        std::size_t const size =
            slotted_page::even(slotted_page::leaf_header + key.size() +
                               (value.size() > InlineMax ? sizeof(reference) : value.size()));
        auto const [now, target, position] = make_room(old, at, key, size);
        write_entry(page(target)->open(position, size), key, value);
        return sealed(now);
    }

    replacement replace_child(reference parent, std::uint32_t index, replacement const& now) {
        slotted_page const& old = *page(parent);
        if (now.right == 0) {
            reference const copied = heap_.allocate(slotted_page::bytes);
            page(copied)->copy_used(old);
            set_child(copied, index, now.left);
            seal(copied);
            return {copied, 0, {}};
        }
        std::size_t const size = slotted_page::even(slotted_page::inner_header + now.separator.size());
        auto const [halves, target, position] = make_room(old, index + 1, now.separator, size);
        write_separator(page(target)->open(position, size), now.separator, now.right);
        bool const left_is_here = position != 0;
        set_child(left_is_here ? target : halves.left,
                  left_is_here ? position - 1 : page(halves.left)->count - 1U, now.left);
        return sealed(halves);
    }

    void set_child(reference parent, std::uint32_t i, reference child) noexcept {
        std::memcpy(page(parent)->raw() + page(parent)->slot(i), &child, sizeof child);
    }

    static void write_separator(char* to, std::string_view key, reference child) noexcept {
        auto const size = static_cast<std::uint16_t>(key.size());
        std::memcpy(to, &child, sizeof child);
        std::memcpy(to + 8, &size, sizeof size);
        std::memcpy(to + slotted_page::inner_header, key.data(), key.size());
    }

    struct room {
        replacement pages;
        reference target;
        std::uint32_t position;
    };

    /// Copies a page, in two halves of equal bytes if `size` more for `key` at `at` does not fit.
    room make_room(slotted_page const& old, std::uint32_t at, std::string_view key, std::size_t size) {
        if (old.fits(size)) {
            reference const copied = heap_.allocate(slotted_page::bytes);
            page(copied)->copy_used(old);
            return {{copied, 0, {}}, copied, at};
        }
        std::size_t total = 0;
        for (std::uint32_t i = 0; i < old.count; ++i) {
            total += old.entry_bytes(i) + 2;
        }
        std::uint32_t cut = 0;
        for (std::size_t left = 0;
             cut < old.count - 1U && (cut == 0 || left + old.entry_bytes(cut) / 2 < total / 2); ++cut) {
            left += old.entry_bytes(cut) + 2;
        }
        replacement halves{make_page(old.level), make_page(old.level), {}};
        append(halves.left, old, 0, cut);
        append(halves.right, old, cut, old.count);
        bool const goes_left = at < cut || (at == cut && page(halves.left)->fits(size));
        if (!page(goes_left ? halves.left : halves.right)->fits(size)) {
            std::abort();
        }
        std::string_view const left_last = at == cut && goes_left ? key : old.key(cut - 1);
        std::string_view const right_first = at == cut && !goes_left ? key : old.key(cut);
        halves.separator =
            right_first.substr(0, old.level == 0 ? common_prefix(left_last, right_first) + 1 : key.npos);
        return {halves, goes_left ? halves.left : halves.right, goes_left ? at : at - cut};
    }

    void append(reference to, slotted_page const& from, std::uint32_t begin, std::uint32_t end) noexcept {
        for (std::uint32_t i = begin; i < end; ++i) {
            std::size_t const size = from.entry_bytes(i);
            std::memcpy(page(to)->open(page(to)->count, size), from.entry(i), size);
        }
    }

    replacement sealed(replacement const& pages) noexcept {
        seal(pages.left);
        if (pages.right != 0) {
            seal(pages.right);
        }
        return pages;
    }

    reference new_root(replacement const& halves) {
        reference const made = make_page(static_cast<std::uint8_t>(page(halves.left)->level + 1));
        write_separator(page(made)->open(0, slotted_page::inner_header), "", halves.left);
        std::size_t const size = slotted_page::even(slotted_page::inner_header + halves.separator.size());
        write_separator(page(made)->open(1, size), halves.separator, halves.right);
        seal(made);
        return made;
    }

    template <class Visit>
    void scan_page(reference r, Visit& visit) const {
        slotted_page const& at = *page(r);
        if (at.level != 0) {
            for (std::uint32_t i = 0; i < at.count; ++i) {
                scan_page(at.child(i), visit);
            }
            return;
        }
        for (std::uint32_t i = 0; i < at.count; ++i) {
            if (at.is_outside(i)) {
                __builtin_prefetch(value(at, i).data());
            }
        }
        for (std::uint32_t i = 0; i < at.count; ++i) {
            visit(at.key(i), value(at, i), 0);
        }
    }

    bool checksum_holds(reference r) const {
        slotted_page& at = *page(r);
        std::uint64_t const kept = at.checksum;
        at.seal();
        if (at.checksum != kept) {
            return false;
        }
        for (std::uint32_t i = 0; at.level != 0 && i < at.count; ++i) {
            if (!checksum_holds(at.child(i))) {
                return false;
            }
        }
        return true;
    }

    arena heap_;
    reference root_;
    std::uint64_t made_ = 0;
};

} // namespace layouts
