// A position in a tree that moves in key order, in both directions.
//
// Thread safety: a value over a snapshot; copies are independent. It must not outlive the snapshot. Within a
// write transaction each change of the tree ends its use: seek again.
//
// The bytes are untrusted: nodes are checked when they are entered, and the keys at the border of two leaves
// must rise, so that even a forged graph of nodes ends a walk or gives errc::corrupt. After an exception the
// cursor is not valid.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "format/node.hpp"
#include "tree/node_search.hpp"
#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

class tree_cursor {
public:
    tree_cursor() noexcept = default; ///< of an empty tree

    /// Not valid until it is moved.
    explicit tree_cursor(space_view view, const tree_root& root) noexcept
        : view_(view), root_(root.root), map_(root.map), level_(root.level) {}

    /// Whether it stands at a record.
    [[nodiscard]] bool valid() const noexcept { return leaf_ != nullptr; }

    void seek_first();               ///< to the least key; not valid in an empty tree
    void seek_last();                ///< to the greatest key
    void seek(std::string_view key); ///< to the least key that is not less than `key`, or not valid

    /// To the next key; not valid behind the last. Does nothing where it is not valid. Amortised O(1).
    void next() {
        if (leaf_ == nullptr) {
            return;
        }
        if (count_ - 1U > index_) [[likely]] {
            ++index_;
            prefetch_forward(index_);
        } else {
            next_leaf(*leaf_);
        }
    }

    /// To the previous key; not valid before the first. Does nothing where it is not valid.
    void previous() {
        if (leaf_ == nullptr) {
            return;
        }
        if (index_ != 0) [[likely]] {
            --index_;
            prefetch_backward(0);
        } else {
            previous_leaf(*leaf_);
        }
    }

    /// The record it stands at, which must exist. Throws errc::corrupt if that is damaged.
    [[nodiscard]] record_view record() const { return read_record(view_, place()); }

    /// Where that record is.
    [[nodiscard]] ref place() const noexcept { return record_at(index_); }

    [[nodiscard]] map_id map() const noexcept { return map_; }

    /// Both stand at the same record of the same tree, or both are not valid.
    friend bool operator==(const tree_cursor& a, const tree_cursor& b) noexcept {
        return a.leaf_ == b.leaf_ && (a.leaf_ == nullptr || a.index_ == b.index_);
    }

private:
    static constexpr std::uint32_t begins_ahead = 16;
    static constexpr std::uint32_t rests_ahead = 8;

    /// An inner node on the path, and the child taken: 48 bits and 8.
    struct step {
        std::uint64_t packed = 0;
        [[nodiscard]] ref node() const noexcept { return ref::from_units(packed >> 8); }
        [[nodiscard]] std::uint32_t index() const noexcept {
            return static_cast<std::uint32_t>(packed & 0xFF);
        }
    };

    [[nodiscard]] ref record_at(std::uint32_t index) const noexcept { return get_ref(leaf_->records, index); }
    /// A record of this leaf or the one beside it, to be prefetched only; null if it is in neither.
    [[nodiscard]] ref record_forward(std::uint32_t index) const noexcept {
        if (index < count_) {
            return record_at(index);
        }
        const bool beyond = beside_ != nullptr && index - count_ < leaf_->capacity;
        return beyond ? get_ref(beside_->records, index - count_) : ref{};
    }
    [[nodiscard]] ref record_backward(std::uint32_t distance) const noexcept {
        if (index_ >= distance) {
            return record_at(index_ - distance);
        }
        const std::uint32_t beyond = distance - index_;
        const std::uint32_t count = beside_ != nullptr ? beside_->header.count : 0;
        return beyond <= count && count <= leaf_->capacity ? get_ref(beside_->records, count - beyond)
                                                           : ref{};
    }
    /// A record is fetched in two steps: its first line from afar, and when that is there, as many lines more as its
    /// header asks for.
    void prefetch_forward(std::uint32_t index) const noexcept {
        prefetch(view_.hint(record_forward(index + begins_ahead)));
        prefetch_rest(record_forward(index + rests_ahead));
    }
    void prefetch_backward(std::uint32_t distance) const noexcept {
        prefetch(view_.hint(record_backward(distance + begins_ahead)));
        prefetch_rest(record_backward(distance + rests_ahead));
    }
    void prefetch_rest(ref record) const noexcept {
        constexpr std::uint64_t bytes_max = 512; // the hardware notices longer streams by itself
        if (!record || !view_.contains(record, sizeof(format::record_header))) {
            return;
        }
        const std::byte* begin = view_.hint(record);
        const auto& header = *reinterpret_cast<const format::record_header*>(begin);
        const bool large = (header.flags & format::record_flag::large) != 0;
        const std::uint64_t bytes =
            sizeof header + std::min<std::uint64_t>(header.key_size, bytes_max) +
            (large ? bytes_max : std::min<std::uint64_t>(header.value_size, bytes_max));
        const std::uint64_t to_next_line = 64 - (reinterpret_cast<std::uintptr_t>(begin) & 63);
        for (std::uint64_t at = to_next_line; at < bytes; at += 64) {
            prefetch(begin + at);
        }
    }

    enum class edge : std::uint8_t { first, last };
    [[nodiscard]] ref begin_descent();
    void descend(ref place, std::uint32_t level, edge side);
    void stand_at(const format::leaf_node& leaf, std::size_t position, edge from) noexcept;
    void find_leaf_beside(edge from) noexcept;
    void next_leaf(const format::leaf_node& from);
    void previous_leaf(const format::leaf_node& from);
    void verify_border(std::string_view left_behind, edge from);
    [[nodiscard]] bool move_near(edge from);
    void move_far(std::string_view left_behind, edge from);
    /// The step of a level that is remembered, 1 to levels_kept.
    [[nodiscard]] step& step_at(std::uint32_t level) noexcept { return path_[level - 1]; }
    void set_step(std::uint32_t level, ref node, std::size_t index) noexcept {
        if (level <= levels_kept) {
            step_at(level).packed = node.units() << 8 | index;
        }
    }

    /// Iterators are copied a lot, so they remember the lowest levels only. Whoever comes to the end of the highest of
    /// these, once in millions of entries, descends from the root again.
    static constexpr std::uint32_t levels_kept = 4;

    space_view view_;
    ref root_;
    const format::leaf_node* leaf_ = nullptr;   ///< null: not valid
    const format::leaf_node* beside_ = nullptr; ///< next in the direction of travel, not checked; or null
    std::uint16_t index_ = 0;                   ///< < count_
    std::uint16_t count_ = 0;
    map_id map_ = map_id::none;
    std::uint8_t level_ = 0; ///< of the root
    std::array<step, levels_kept> path_{};
};

} // namespace holdfast
