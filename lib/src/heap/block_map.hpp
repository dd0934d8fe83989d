// Blocks: their descriptors, and runs of them, taken and freed in O(1) (segregated free lists with boundary tags).
//
// Invariants
//  - Each block in [heap_first_block, end_blocks) is a slab, a table part, or in exactly one run, free or taken.
//  - A free run's first and last descriptor say so and give its length; it is in the bin of its length; two free
//    runs are never neighbours.
//  - `previous` of the first block of a list says nothing: taking the first touches no other descriptor.
//  - Every change goes through the undo log. Everything read is verified: damage throws corrupt.
//
// Thread and process safety: under the writer lock only.
#pragma once

#include <array>
#include <cstdint>

#include "base/corrupt.hpp"
#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/backing.hpp"
#include "heap/block_edit.hpp"
#include "heap/undo_log.hpp"

namespace holdfast {

/// For whom blocks are taken.
struct block_use {
    // NOLINTNEXTLINE(google-explicit-constructor): an owner alone says it where there is no arena
    constexpr block_use(format::block_owner whose, std::uint32_t arena_id = 0) noexcept
        : owner(whose), arena(arena_id) {}
    format::block_owner owner;
    std::uint32_t arena; ///< 0 if the owner is none
};

class block_map {
public:
    block_map(backing& memory, undo_log& undo) noexcept;

    /// The first directory, table and free run of a new store. Not logged: nobody knows the file yet.
    static void format(backing& memory, std::uint64_t end_bytes);

    [[nodiscard]] format::heap_header& header() const noexcept { return *header_; }
    [[nodiscard]] std::uint32_t end() const noexcept {
        return static_cast<std::uint32_t>(header_->end_blocks);
    }
    /// Throws corrupt if the header can't be true, for a file of that many bytes. The sums of header and directory are
    /// verified where they are not those that were seen or left here before.
    void verify_header(std::uint64_t backed_bytes);
    /// Enters into the header what the running transaction changed in header and directory. Its last change but one:
    /// the words that `undo` takes for it must fit.
    void update_sums();

    /// The tables are looked up in the directory anew: a transaction begins, or was undone.
    void forget_tables() noexcept { tables_.fill({}); }

    /// The descriptor of the block of the heap that a slab, a run or a table begins with, or a run ends with. Verified.
    [[nodiscard]] verified_block at(std::uint32_t block) const { return {place_for(block), block}; }
    [[nodiscard]] const format::block_descriptor& descriptor(std::uint32_t block) const { return *at(block); }
    /// Makes that of a block be `now`, with its check.
    void write(std::uint32_t block, format::block_descriptor now);

    /// A run of `length` blocks from the free ones, or 0. Does not grow.
    [[nodiscard]] std::uint32_t take_run(std::uint32_t length, block_use use);
    /// Makes the heap longer by a free run of at least `length` blocks. Throws no_space, address_space.
    void grow(std::uint32_t length);
    /// Gets the memory for that without changing the heap. Throws the same.
    void back_growth(std::uint32_t length) {
        memory_->ensure_allocated(std::uint64_t{new_end_for(length)} * format::block_bytes);
    }
    /// Frees a taken run; its length is in its descriptor.
    void free_run(std::uint32_t block);
    /// Frees one block that was a slab.
    void free_block(std::uint32_t block) { insert_free(block, 1); }
    /// Length of the taken run that begins at `block`; throws corrupt if there is none.
    [[nodiscard]] std::uint32_t run_length(std::uint32_t block) const;

    void set_next(std::uint32_t block, std::uint32_t next);
    void set_previous(std::uint32_t block, std::uint32_t previous);

    [[nodiscard]] static std::size_t bin_of(std::uint32_t length) noexcept;

    /// The length of the free run that begins at `first`; throws corrupt if there is none.
    [[nodiscard]] std::uint32_t free_length(std::uint32_t first) const;
    /// Whether the last block of a free run says the same as the first.
    [[nodiscard]] bool free_ends_agree(std::uint32_t first, std::uint32_t length) const {
        const format::block_descriptor& last = descriptor(first + length - 1);
        return is_free_run(last) && last.used[0] == length;
    }
    /// Calls `visit(block, length)` for each leaf of the directory and each table that it names.
    template <class Visit>
    void for_each_table(Visit&& visit) const {
        for (std::uint32_t table = format::first_table; table < table_count(end()); ++table) {
            if (table == format::first_table || table % format::directory_fanout_leaf == 0) {
                visit(leaf_block(table), 1);
            }
            visit(table_block(table), format::blocks_of_table);
        }
    }

private:
    [[nodiscard]] std::uint32_t find_run(std::uint32_t length) const;
    [[nodiscard]] bool is_free_run(const format::block_descriptor& block) const noexcept;
    void link(std::uint32_t first, std::uint32_t length);
    void unlink(std::uint32_t first, std::uint32_t length);
    /// Where the descriptor lies, whatever it says.
    [[nodiscard]] format::block_descriptor& place_for(std::uint32_t block) const {
        if (block < format::heap_first_block || block >= header_->end_blocks) [[unlikely]] {
            throw_corrupt("a block number leads out of the heap",
                          ref::from_offset(std::uint64_t{block} * format::block_bytes));
        }
        const std::uint32_t number = block / format::blocks_per_table;
        known_table& known = tables_[number % tables_.size()];
        if (known.number != number) {
            known = {number, table_at(number)};
        }
        return known.descriptors[block % format::blocks_per_table];
    }
    [[nodiscard]] format::block_descriptor* table_at(std::uint32_t number) const;
    void insert_free(std::uint32_t first, std::uint32_t length);
    void extend(std::uint32_t new_end);
    [[nodiscard]] std::uint32_t new_end_for(std::uint32_t length) const;
    [[nodiscard]] std::uint64_t* directory_root() const noexcept;
    [[nodiscard]] std::uint32_t leaf_block(std::uint32_t table) const;
    [[nodiscard]] std::uint64_t* directory_leaf(std::uint32_t table) const;
    [[nodiscard]] std::uint32_t table_block(std::uint32_t table) const;
    /// The number behind that of the last table that blocks before `end` need.
    [[nodiscard]] static std::uint32_t table_count(std::uint32_t end) noexcept {
        return static_cast<std::uint32_t>((std::uint64_t{end} + format::blocks_per_table - 1) /
                                          format::blocks_per_table);
    }

    /// A table that was found in the directory; 0: none, there is no such table.
    struct known_table {
        std::uint32_t number = 0;
        format::block_descriptor* descriptors = nullptr;
    };

    backing* memory_;
    std::byte* base_;
    undo_log* undo_;
    format::heap_header* header_;
    std::uint64_t header_check_seen_ = 0; ///< verified, or left by a transaction of ours
    std::uint64_t directory_check_seen_ = 0;
    /// Of the running transaction, each at its number modulo the size. Tables never move.
    mutable std::array<known_table, 8> tables_{};
};

} // namespace holdfast
