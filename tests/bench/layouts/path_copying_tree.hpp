// The tree over a `Leaf` with key heads: inner nodes of 60 children, separators out of line, every put copies
// its path.
//
//   inner node: header 32 | prefix 32 | heads[60] | separators 48 bit[60] | children 48 bit[60]
//
// Separator i, a record {u64 made, u16 size, bytes}, divides child i from child i + 1. The prefix is what all
// separators have in common; only its first 32 bytes are in the node, the rest is read from separator 0.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "record.hpp"

namespace layouts {

struct separator_record {
    std::uint64_t made;
    std::uint16_t size;

    static constexpr std::size_t header_bytes = 10;
    std::string_view key() const noexcept {
        return {reinterpret_cast<char const*>(this) + header_bytes, size};
    }
};

template <class Head>
struct inner_node {
    static constexpr std::uint32_t children_max = 60;

    node_header header;
    char prefix[32];
    Head heads[children_max];
    std::uint32_t separator_low[children_max];
    std::uint32_t child_low[children_max];
    std::uint16_t separator_high[children_max];
    std::uint16_t child_high[children_max];

    static constexpr std::size_t node_bytes() noexcept { return (sizeof(inner_node) + 63) / 64 * 64; }

    reference child(std::uint32_t i) const noexcept {
        return std::uint64_t{child_high[i]} << 32 | child_low[i];
    }
    reference separator(std::uint32_t i) const noexcept {
        return std::uint64_t{separator_high[i]} << 32 | separator_low[i];
    }
    std::string_view separator_key(arena const& heap, std::uint32_t i) const noexcept {
        return heap.at<separator_record>(separator(i))->key();
    }
    void set_child(std::uint32_t i, reference to) noexcept {
        child_low[i] = static_cast<std::uint32_t>(to);
        child_high[i] = static_cast<std::uint16_t>(to >> 32);
    }
    void set_separator(std::uint32_t i, reference to) noexcept {
        separator_low[i] = static_cast<std::uint32_t>(to);
        separator_high[i] = static_cast<std::uint16_t>(to >> 32);
    }

    /// The child that holds `key`: as many as there are separators not greater than it.
    std::uint32_t child_for(arena const& heap, std::string_view key) const noexcept {
        std::uint32_t const separators = header.count - 1U;
        std::size_t const length = header.prefix_length;
        std::size_t const in_node = std::min({length, sizeof prefix, key.size()});
        int order = std::memcmp(key.data(), prefix, in_node);
        if (order == 0 && length > sizeof prefix) {
            order = key.substr(0, length).compare(separator_key(heap, 0).substr(0, length));
        } else if (order == 0 && key.size() < length) {
            order = -1;
        }
        if (order != 0) {
            return order < 0 ? 0 : separators;
        }
        head_run run = find_heads<children_max>(heads, separators, head_of<Head>(key, length));
        while (run.begin < run.end) {
            std::uint32_t const middle = (run.begin + run.end) / 2;
            if (separator_key(heap, middle) <= key) {
                run.begin = middle + 1;
            } else {
                run.end = middle;
            }
        }
        return run.begin;
    }
};
static_assert(sizeof(inner_node<std::uint32_t>) == 1024);

template <class Leaf, class Head>
class path_copying_tree final {
public:
    path_copying_tree() : root_{Leaf::make_empty(heap_)} {}

    std::optional<std::string_view> get(std::string_view key) const noexcept {
        reference at = root_;
        node_header const* node = heap_.template at<node_header>(at);
        for (std::uint8_t level = node->level; level != 0; --level) {
            auto const* const in = reinterpret_cast<inner const*>(node);
            at = in->child(in->child_for(heap_, key));
            node = heap_.template at<node_header>(at);
            prefetch_lines(node, level == 1 ? Leaf::node_bytes() : inner::node_bytes());
        }
        return reinterpret_cast<Leaf const*>(node)->get(heap_, key);
    }

    void put(std::string_view key, std::string_view value) {
        ++made_;
        std::array<step, levels_max> path;
        std::size_t depth = 0;
        reference at = root_;
        for (std::uint8_t level = header(at)->level; level != 0; --level) {
            inner const* const in = node(at);
            std::uint32_t const index = in->child_for(heap_, key);
            path[depth++] = {at, index};
            at = in->child(index);
            prefetch_lines(header(at), level == 1 ? Leaf::node_bytes() : inner::node_bytes());
        }
        replacement now = Leaf::put(heap_, at, key, value, made_);
        heap_.free(at, Leaf::node_bytes());
        while (depth != 0) {
            step const& taken = path[--depth];
            now = replace_child(taken.node, taken.index, header(at), now);
            heap_.free(taken.node, inner::node_bytes());
            at = taken.node;
        }
        root_ = now.right == 0 ? now.left : new_root(now);
    }

    /// Calls `visit(key, value, digest)` for every entry in order.
    template <class Visit>
    void scan(Visit visit) const {
        scan_node(root_, visit);
    }

    /// Whether every digest kept is the one its entries give.
    bool digests_hold() const { return digest_holds(root_); }

    std::size_t used_bytes() const noexcept { return heap_.used_bytes(); }
    unsigned levels() const noexcept { return header(root_)->level + 1U; }

private:
    using inner = inner_node<Head>;
    static constexpr std::uint32_t children_max = inner::children_max;
    static constexpr std::size_t levels_max = 16;

    struct step {
        reference node;
        std::uint32_t index;
    };

    node_header const* header(reference r) const noexcept { return heap_.template at<node_header>(r); }
    inner* node(reference r) const noexcept { return heap_.template at<inner>(r); }
    std::uint64_t digest_of(node_header const* of) const noexcept { return mix(of->made, of->digest); }

    reference make_separator(std::string_view key) {
        reference const made = heap_.allocate(slot_bytes(separator_record::header_bytes + key.size()));
        auto* const record = heap_.template at<separator_record>(made);
        record->made = made_;
        record->size = static_cast<std::uint16_t>(key.size());
        std::memcpy(reinterpret_cast<char*>(record) + separator_record::header_bytes, key.data(), key.size());
        return made;
    }

    /// The old child is already freed but not yet reused, so its header can still be read.
    replacement replace_child(reference parent, std::uint32_t index, node_header const* old_child,
                              replacement const& now) {
        inner const& old = *node(parent);
        std::uint64_t digest = old.header.digest - digest_of(old_child) + digest_of(header(now.left));
        if (now.right != 0) {
            digest += digest_of(header(now.right));
        }
        if (now.right == 0) {
            reference const copied = heap_.allocate(inner::node_bytes());
            inner& in = *node(copied);
            std::memcpy(&in, &old, sizeof in);
            in.header.made = made_;
            in.header.digest = digest;
            in.set_child(index, now.left);
            return {copied, 0, {}};
        }
        std::array<reference, children_max + 1> children;
        std::array<reference, children_max> separators;
        std::uint32_t const count = old.header.count + 1U;
        for (std::uint32_t i = 0, from = 0; i < count; ++i) {
            children[i] = i == index       ? now.left
                          : i == index + 1 ? now.right
                                           : old.child(from),
            from += i != index;
        }
        for (std::uint32_t i = 0, from = 0; i < count - 1; ++i) {
            separators[i] = i == index ? make_separator(now.separator) : old.separator(from++);
        }
        if (count <= children_max) {
            return {build(children.data(), separators.data(), count, old.header.level), 0, {}};
        }
        auto const key = [&](std::uint32_t i) {
            return heap_.template at<separator_record>(separators[i])->key();
        };
        std::uint32_t const cut = split_position(count - 1, [&](std::uint32_t i) { return key(i).size(); });
        replacement halves{
            build(children.data(), separators.data(), cut + 1, old.header.level),
            build(children.data() + cut + 1, separators.data() + cut + 1, count - cut - 1, old.header.level),
            std::string{key(cut)}};
        heap_.free(separators[cut], slot_bytes(separator_record::header_bytes + key(cut).size()));
        return halves;
    }

    reference build(reference const* children, reference const* separators, std::uint32_t count,
                    std::uint8_t level) {
        reference const built = heap_.allocate(inner::node_bytes());
        inner& in = *node(built);
        in.header = {made_, 0, static_cast<std::uint16_t>(count), level, 0, 0, 0, 0};
        for (std::uint32_t i = 0; i < count; ++i) {
            in.set_child(i, children[i]);
            in.header.digest += digest_of(header(children[i]));
        }
        for (std::uint32_t i = 0; i + 1 < count; ++i) {
            in.set_separator(i, separators[i]);
        }
        std::string_view const first = in.separator_key(heap_, 0);
        std::size_t const length = common_prefix(first, in.separator_key(heap_, count - 2));
        in.header.prefix_length = static_cast<std::uint16_t>(length);
        std::memset(in.prefix, 0, sizeof in.prefix);
        std::memcpy(in.prefix, first.data(), std::min(length, sizeof in.prefix));
        std::fill(in.heads, in.heads + children_max, head_none<Head>);
        for (std::uint32_t i = 0; i + 1 < count; ++i) {
            in.heads[i] = head_of<Head>(in.separator_key(heap_, i), length);
        }
        return built;
    }

    reference new_root(replacement const& halves) {
        std::array<reference, 2> const children{halves.left, halves.right};
        reference const separator = make_separator(halves.separator);
        return build(children.data(), &separator, 2,
                     static_cast<std::uint8_t>(header(halves.left)->level + 1));
    }

    template <class Visit>
    void scan_node(reference at, Visit& visit) const {
        if (header(at)->level == 0) {
            return heap_.template at<Leaf>(at)->for_each(heap_, visit);
        }
        inner const& in = *node(at);
        for (std::uint32_t i = 0; i < in.header.count; ++i) {
            if (i + 1U < in.header.count) {
                prefetch_lines(header(in.child(i + 1)), Leaf::node_bytes());
            }
            scan_node(in.child(i), visit);
        }
    }

    bool digest_holds(reference at) const {
        std::uint64_t sum = 0;
        if (header(at)->level == 0) {
            heap_.template at<Leaf>(at)->for_each(
                heap_, [&](std::string_view, std::string_view, std::uint64_t digest) { sum += digest; });
            return sum == header(at)->digest;
        }
        inner const& in = *node(at);
        for (std::uint32_t i = 0; i < in.header.count; ++i) {
            if (!digest_holds(in.child(i))) {
                return false;
            }
            sum += digest_of(header(in.child(i)));
        }
        return sum == in.header.digest;
    }

    arena heap_;
    reference root_;
    std::uint64_t made_ = 0;
};

} // namespace layouts
