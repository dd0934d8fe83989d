// A position in a tree that moves in key order, in both directions.
//
// Thread safety: a value over a snapshot; copies are independent. It must not outlive the snapshot. Within a
// write transaction each change of the tree ends its use: seek again.
//
// The bytes are untrusted: nodes are checked when they are entered, and the keys at the border of two leaves
// must rise, so that even a forged graph of nodes ends a walk or gives errc::corrupt. After an exception the
// cursor is not valid.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "format/node.hpp"
#include "tree/record.hpp"
#include "tree/root.hpp"
#include "tree/space.hpp"

namespace holdfast {

class tree_cursor {
public:
    tree_cursor() noexcept = default; ///< of an empty tree

    /// Not valid until it is moved.
    explicit tree_cursor(space_view view, const tree_root& root) noexcept : view_(view), root_(root) {}

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
            prefetch_forward(index_ + records_ahead);
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
            prefetch_backward(records_ahead);
        } else {
            previous_leaf(*leaf_);
        }
    }

    /// The record it stands at, which must exist. Throws errc::corrupt if that is damaged.
    [[nodiscard]] record_view record() const { return read_record(view_, place()); }

    /// Where that record is.
    [[nodiscard]] ref place() const noexcept { return record_at(index_); }

    [[nodiscard]] const tree_root& root() const noexcept { return root_; }

    /// Both stand at the same record of the same tree, or both are not valid.
    friend bool operator==(const tree_cursor& a, const tree_cursor& b) noexcept {
        return a.leaf_ == b.leaf_ && (a.leaf_ == nullptr || a.index_ == b.index_);
    }

private:
    static constexpr std::uint32_t records_ahead = 12;

    /// An inner node on the path, and the child taken: 48 bits and 8.
    struct step {
        std::uint64_t packed = 0;
        [[nodiscard]] ref node() const noexcept { return ref::from_units(packed >> 8); }
        [[nodiscard]] std::uint32_t index() const noexcept {
            return static_cast<std::uint32_t>(packed & 0xFF);
        }
    };

    [[nodiscard]] ref record_at(std::uint32_t index) const noexcept {
        return ref::from_units(std::uint64_t{leaf_->records.high[index]} << 32 | leaf_->records.low[index]);
    }
    void prefetch_record(const format::leaf_node& leaf, std::uint32_t index) const noexcept {
        const std::byte* hint = view_.hint(
            ref::from_units(std::uint64_t{leaf.records.high[index]} << 32 | leaf.records.low[index]));
        __builtin_prefetch(hint);
        __builtin_prefetch(hint + 64);
    }
    /// The record at `index`, which may be beyond the end of this leaf.
    void prefetch_forward(std::uint32_t index) const noexcept {
        if (index < count_) {
            prefetch_record(*leaf_, index);
        } else if (beside_ != nullptr && index - count_ < leaf_->capacity) {
            prefetch_record(*beside_, index - count_);
        }
    }
    /// The record that many before this one, which may be beyond the beginning of this leaf.
    void prefetch_backward(std::uint32_t distance) const noexcept {
        if (index_ >= distance) {
            prefetch_record(*leaf_, index_ - distance);
        } else if (beside_ != nullptr) {
            const std::uint32_t beyond = distance - index_;
            const std::uint32_t count = beside_->header.count;
            if (beyond <= count && count <= leaf_->capacity) {
                prefetch_record(*beside_, count - beyond);
            }
        }
    }

    enum class edge : std::uint8_t { first, last };
    [[nodiscard]] ref begin_descent();
    void descend(ref place, std::uint32_t level, edge side);
    void stand_at(const format::leaf_node& leaf, std::size_t position, edge from) noexcept;
    void find_leaf_beside(edge from) noexcept;
    void next_leaf(const format::leaf_node& from);
    void previous_leaf(const format::leaf_node& from);
    void check_border(std::string_view left_behind, edge from);
    void set_step(std::uint32_t level, ref node, std::size_t index) noexcept {
        path_[level].packed = node.units() << 8 | index;
    }

    space_view view_;
    tree_root root_;
    const format::leaf_node* leaf_ = nullptr;   ///< null: not valid
    const format::leaf_node* beside_ = nullptr; ///< next in the direction of travel, not checked; or null
    std::uint32_t index_ = 0;                   ///< < count_
    std::uint32_t count_ = 0;
    std::array<step, format::level_max + 1> path_{}; ///< [level]; 0 is not used
};

} // namespace holdfast
