// Placing objects, and the tables that describe them.
#include "heap/account_builder.hpp"

#include <algorithm>
#include <cstring>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "heap/account_sums.hpp"
#include "heap/block_map.hpp"
#include "heap/size_class.hpp"

namespace holdfast {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

namespace {

[[nodiscard]] block_descriptor described(block_state state, block_owner owner = block_owner::none) noexcept {
    block_descriptor block{};
    block.state = static_cast<std::uint8_t>(state);
    block.owner = static_cast<std::uint8_t>(owner);
    return block;
}
[[nodiscard]] bool has_state(const block_descriptor& block, block_state state) noexcept {
    return block.state == static_cast<std::uint8_t>(state);
}
[[nodiscard]] constexpr std::uint32_t table_count(std::uint32_t end) noexcept {
    return (end + format::blocks_per_table - 1) / format::blocks_per_table;
}

} // namespace

account_builder::account_builder(backing& memory, std::uint64_t end_bytes)
    : memory_(&memory), blocks_(end_bytes / format::block_bytes - format::heap_first_block) {}

// --- Objects ----------------------------------------------------------------------------------------------

bool account_builder::is_unused(std::uint32_t first, std::uint32_t length) noexcept {
    if (first < format::heap_first_block || first >= end() || length > end() - first) {
        return false;
    }
    return std::all_of(blocks_.begin() + (first - format::heap_first_block),
                       blocks_.begin() + (first - format::heap_first_block + length),
                       [](const block_descriptor& block) { return has_state(block, block_state::none); });
}

/// What begins at a block; those behind it are part of the same.
void account_builder::occupy(std::uint32_t first, std::uint32_t length,
                             const block_descriptor& what) noexcept {
    at(first) = what;
    const bool is_table = has_state(what, block_state::table);
    for (std::uint32_t i = 1; i < length; ++i) {
        at(first + i) = is_table ? what : described(block_state::run_tail, block_owner{what.owner});
    }
}

std::uint64_t account_builder::add(ref place, std::uint64_t bytes) {
    if (bytes <= format::slab_bytes_max) {
        return add_to_slab(place, class_of(bytes));
    }
    if (bytes > format::file_bytes_max) {
        throw_corrupt("an object is larger than any store", place);
    }
    return add_run(place, blocks_for(bytes));
}

std::uint64_t account_builder::add_to_slab(ref place, std::uint8_t size_class) {
    const std::uint64_t number = place.offset() / format::block_bytes;
    const auto offset = static_cast<std::uint32_t>(place.offset() % format::block_bytes);
    const std::uint32_t index = object_at(size_class, offset);
    const std::uint32_t objects = objects_per_slab(size_class);
    if (number < format::heap_first_block || number >= end() || index >= objects ||
        index * format::slab_sizes[size_class] != offset) {
        throw_corrupt("an object lies where none of its size can", place);
    }
    block_descriptor& block = at(static_cast<std::uint32_t>(number));
    const std::uint64_t bit = std::uint64_t{1} << index % 64;
    if (has_state(block, block_state::none)) {
        block = described(block_state::slab, block_owner::tree);
        block.size_class = size_class;
        block.free = static_cast<std::uint16_t>(objects);
    } else if (!has_state(block, block_state::slab) || block.size_class != size_class ||
               (block.used[index / 64] & bit) != 0) {
        throw_corrupt("two objects lie in the same place", place);
    }
    block.used[index / 64] |= bit;
    --block.free;
    return format::slab_sizes[size_class];
}

std::uint64_t account_builder::add_run(ref place, std::uint32_t length) {
    if (place.offset() % format::block_bytes != 0) {
        throw_corrupt("two objects lie in the same place", place);
    }
    add_run(place.offset() / format::block_bytes, length, block_owner::tree);
    return length * format::block_bytes;
}

void account_builder::add_run(std::uint64_t first, std::uint32_t length, block_owner owner) {
    if (first >= end() || !is_unused(static_cast<std::uint32_t>(first), length)) {
        throw_corrupt("two objects lie in the same place", ref::from_offset(first * format::block_bytes));
    }
    block_descriptor run = described(block_state::run, owner);
    run.used[0] = length;
    occupy(static_cast<std::uint32_t>(first), length, run);
}

std::optional<std::uint64_t> account_builder::add_as_described(ref place) {
    const std::uint64_t number = place.offset() / format::block_bytes;
    if (number < format::heap_first_block || number >= end()) {
        return std::nullopt;
    }
    const auto found = present_descriptor(static_cast<std::uint32_t>(number));
    if (!found || !(found->owner == static_cast<std::uint8_t>(block_owner::tree))) {
        return std::nullopt;
    }
    try {
        if (has_state(*found, block_state::slab) && found->size_class < format::slab_classes) {
            return add_to_slab(place, found->size_class);
        }
        if (has_state(*found, block_state::run) && found->used[0] != 0 && found->used[0] <= end() - number) {
            return add_run(place, static_cast<std::uint32_t>(found->used[0]));
        }
    } catch (const error& conflict) {
        if (conflict.reason() != errc::corrupt) {
            throw;
        }
    }
    return std::nullopt;
}

/// Where the file says that a table lies; 0: nowhere.
std::uint64_t account_builder::present_table(std::uint32_t table) const noexcept {
    const std::byte* base = memory_->base();
    const auto* directory = reinterpret_cast<const std::uint64_t*>(base + format::directory_offset);
    const std::uint64_t leaf = directory[table / format::directory_fanout_leaf];
    if (leaf < format::heap_first_block || leaf >= end()) {
        return 0;
    }
    const auto* tables = reinterpret_cast<const std::uint64_t*>(base + leaf * format::block_bytes);
    const std::uint64_t first = tables[table % format::directory_fanout_leaf];
    return first >= format::heap_first_block && first < end() && end() - first >= format::blocks_of_table
               ? first
               : 0;
}

std::optional<block_descriptor> account_builder::present_descriptor(std::uint32_t block) const noexcept {
    const std::uint64_t table = present_table(block / format::blocks_per_table);
    if (table == 0) {
        return std::nullopt;
    }
    block_descriptor found{};
    std::memcpy(&found,
                memory_->base() + table * format::block_bytes +
                    (block % format::blocks_per_table) * sizeof found,
                sizeof found);
    return found;
}

// --- Tables -----------------------------------------------------------------------------------------------

/// Where they are, if no object lies there; else where there is room, if need be behind the end.
void account_builder::place_tables() {
    for (std::uint32_t table = format::first_table; table < table_count(end()); ++table) { // the end may move
        place_table(table);
    }
}

void account_builder::place_table(std::uint32_t table) {
    const std::size_t leaf = table / format::directory_fanout_leaf;
    leaves_.resize(std::max(leaves_.size(), leaf + 1));
    tables_.resize(table + 1);
    const std::uint64_t present = present_table(table);
    if (leaves_[leaf] == 0) {
        const auto* directory =
            reinterpret_cast<const std::uint64_t*>(memory_->base() + format::directory_offset);
        const std::uint64_t known = directory[leaf];
        leaves_[leaf] = known < end() && is_unused(static_cast<std::uint32_t>(known), 1)
                            ? static_cast<std::uint32_t>(known)
                            : take_unused(1);
        occupy(leaves_[leaf], 1, described(block_state::table));
    }
    tables_[table] = is_unused(static_cast<std::uint32_t>(present), format::blocks_of_table)
                         ? static_cast<std::uint32_t>(present)
                         : take_unused(format::blocks_of_table);
    occupy(tables_[table], format::blocks_of_table, described(block_state::table));
}

/// The first unused blocks of that number in a row.
std::uint32_t account_builder::take_unused(std::uint32_t length) {
    for (; unused_from_ < end() && !is_unused(unused_from_, 1); ++unused_from_) {
    }
    for (std::uint32_t first = unused_from_; first < end(); ++first) {
        if (is_unused(first, length)) {
            return first;
        }
    }
    const std::uint32_t first = end();
    memory_->ensure_allocated((std::uint64_t{first} + length) * format::block_bytes);
    blocks_.resize(blocks_.size() + length);
    return first;
}

void account_builder::push_front(std::uint32_t& head, std::uint32_t block) noexcept {
    at(block).next = head;
    at(block).previous = 0;
    if (head != 0) {
        at(head).previous = block;
    }
    head = block;
}

void account_builder::link_free_run(std::uint32_t first, std::uint32_t length) {
    block_descriptor run = described(block_state::free_run);
    run.used[0] = length;
    at(first + length - 1) = run;
    at(first) = run;
    header_.free_blocks += length;
    push_front(header_.bins[block_map::bin_of(length)], first);
}

/// From the end, so that what lies in front is taken first.
void account_builder::link_free_runs() {
    for (std::uint32_t behind = end(); behind > format::heap_first_block;) {
        std::uint32_t first = behind;
        while (first > format::heap_first_block && has_state(at(first - 1), block_state::none)) {
            --first;
        }
        if (first != behind) {
            link_free_run(first, behind - first);
        }
        behind = std::max(first, format::heap_first_block + 1) - 1;
    }
}

void account_builder::link_slabs() {
    for (std::uint32_t block = end(); block-- > format::heap_first_block;) {
        const block_descriptor& slab = at(block);
        if (has_state(slab, block_state::slab) && slab.free != 0) {
            push_front(header_.partial[format::partial_list(block_owner::tree, slab.size_class)], block);
        }
    }
}

void account_builder::write_tables() {
    std::byte* const base = memory_->base();
    const auto page = [&](std::uint64_t block) { return base + block * format::block_bytes; };
    auto* const directory = reinterpret_cast<std::uint64_t*>(base + format::directory_offset);
    std::memset(directory, 0, format::directory_fanout_root * sizeof(std::uint64_t));
    for (std::size_t leaf = 0; leaf < leaves_.size(); ++leaf) {
        if (leaves_[leaf] != 0) {
            std::memset(page(leaves_[leaf]), 0, format::block_bytes);
            directory[leaf] = leaves_[leaf];
        }
    }
    for (std::uint32_t table = format::first_table; table < tables_.size(); ++table) {
        auto* const names =
            reinterpret_cast<std::uint64_t*>(page(leaves_[table / format::directory_fanout_leaf]));
        names[table % format::directory_fanout_leaf] = tables_[table];
        std::memset(page(tables_[table]), 0, format::blocks_of_table * format::block_bytes);
    }
    for (std::uint32_t block = format::heap_first_block; block < end(); ++block) {
        block_descriptor& now = at(block);
        now.check = descriptor_check(now, block);
        auto* const table =
            reinterpret_cast<block_descriptor*>(page(tables_[block / format::blocks_per_table]));
        table[block % format::blocks_per_table] = now;
    }
}

void account_builder::write() {
    place_tables();
    link_free_runs();
    link_slabs();
    write_tables();
    header_.magic = format::heap_magic;
    header_.end_blocks = end();
    std::byte* const base = memory_->base();
    auto* const header = reinterpret_cast<format::heap_header*>(base + format::heap_header_offset);
    *header = header_;
    header->header_check = heap_header_sum(base);
    header->directory_check = directory_sum(base);
}

} // namespace holdfast
