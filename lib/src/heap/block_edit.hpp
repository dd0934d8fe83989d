// The descriptor of a block: verified once, then changed word by word through the undo log.
//
// The check of a descriptor is linear in its words, so that a change costs a difference times a factor; the other words
// need not be looked at again.
//
// Thread and process safety: under the writer lock only.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/corrupt.hpp"
#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/account_sums.hpp"
#include "heap/undo_log.hpp"

namespace holdfast {

/// A descriptor whose check fitted when this was made. Another change of the block than by a `block_edit` of this makes
/// it stale.
class verified_block {
public:
    /// Throws corrupt if the check does not fit.
    verified_block(format::block_descriptor& place, std::uint32_t number)
        : words_(reinterpret_cast<std::uint64_t*>(&place)),
          number_(number),
          sum_(descriptor_sum(words_, number)) {
        if ((words_[0] ^ sum_) >> check_shift != 0) [[unlikely]] {
            throw_corrupt("a block's descriptor is damaged",
                          ref::from_offset(std::uint64_t{number} * format::block_bytes));
        }
    }
    [[nodiscard]] const format::block_descriptor& operator*() const noexcept {
        return *reinterpret_cast<const format::block_descriptor*>(words_);
    }
    [[nodiscard]] const format::block_descriptor* operator->() const noexcept { return &**this; }
    [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

private:
    friend class block_edit;

    std::uint64_t* words_;
    std::uint32_t number_;
    std::uint64_t sum_; ///< of the words, as they are
};

/// Changes of one descriptor. Its check is written at the end: until then nobody may look at the block.
class block_edit {
public:
    block_edit(undo_log& undo, verified_block& block) noexcept
        : undo_(&undo), block_(&block), head_(block.words_[0] & ~check_bits) {}
    ~block_edit() { undo_->set(block_->words_[0], head_ | (block_->sum_ & check_bits)); }
    block_edit(const block_edit&) = delete;
    block_edit& operator=(const block_edit&) = delete;

    /// Object `index` of a slab is taken: its bit, and the count of those that are free.
    void take(std::uint32_t index) noexcept {
        flip(index);
        set_head(head_ - one_free);
    }
    void give_back(std::uint32_t index) noexcept {
        flip(index);
        set_head(head_ + one_free);
    }
    /// The neighbours in the list that the block is in.
    void set_links(std::uint32_t next, std::uint32_t previous) noexcept {
        static_assert(offsetof(format::block_descriptor, next) == 8 &&
                      offsetof(format::block_descriptor, previous) == 12);
        set(1, next | std::uint64_t{previous} << 32);
    }

private:
    static constexpr std::uint64_t one_free = std::uint64_t{1}
                                              << offsetof(format::block_descriptor, free) * 8;

    void flip(std::uint32_t index) noexcept {
        const std::size_t place = offsetof(format::block_descriptor, used) / 8 + index / 64;
        set(place, block_->words_[place] ^ std::uint64_t{1} << index % 64);
    }
    void set(std::size_t place, std::uint64_t value) noexcept {
        std::uint64_t& word = block_->words_[place];
        block_->sum_ += (value - word) * descriptor_factors[place];
        undo_->set(word, value);
    }
    void set_head(std::uint64_t value) noexcept {
        block_->sum_ += (value - head_) * descriptor_factors[0];
        head_ = value;
    }

    undo_log* undo_;
    verified_block* block_;
    std::uint64_t head_; ///< the first word, without the check
};

} // namespace holdfast
