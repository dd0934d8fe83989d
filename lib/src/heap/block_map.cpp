// Runs of blocks: taking, freeing, growing.
#include "heap/block_map.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"

namespace holdfast {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

namespace {

[[nodiscard]] ref place_of(std::uint32_t block) noexcept {
    return ref::from_offset(std::uint64_t{block} * format::block_bytes);
}

[[nodiscard]] block_descriptor described(block_state state, block_owner owner = block_owner::none) noexcept {
    block_descriptor block{};
    block.state = static_cast<std::uint8_t>(state);
    block.owner = static_cast<std::uint8_t>(owner);
    return block;
}
[[nodiscard]] block_descriptor free_run_of(std::uint32_t length) noexcept {
    block_descriptor block = described(block_state::free_run);
    block.used[0] = length;
    return block;
}

/// Lists of free runs are searched this far for a fit before a longer bin is taken.
constexpr int first_fit_steps = 16;

/// The heap grows by this part, within these bounds (256 KiB and 16 MiB), unless more is asked for: what is not yet
/// used is little, and growing, which takes a system call, is seldom.
constexpr std::uint32_t growth_part = 32;
constexpr std::uint32_t growth_blocks_min = 16;
constexpr std::uint32_t growth_blocks_max = 1024;

} // namespace

block_map::block_map(backing& memory, undo_log& undo) noexcept
    : memory_(&memory),
      base_(memory.base()),
      undo_(&undo),
      header_(reinterpret_cast<format::heap_header*>(base_ + format::heap_header_offset)) {}

void block_map::format(backing& memory, std::uint64_t end_bytes) {
    undo_log undo(memory.base());
    undo.begin(txn_id{1});
    block_map map(memory, undo);
    map.header_->magic = format::heap_magic;
    map.header_->end_blocks = format::heap_first_block;
    map.header_->header_check = heap_header_sum(map.base_);
    map.header_->directory_check = directory_sum(map.base_);
    map.extend(static_cast<std::uint32_t>(end_bytes / format::block_bytes));
    map.update_sums();
}

void block_map::verify_header(std::uint64_t backed_bytes) {
    if (header_->magic != format::heap_magic) {
        throw_corrupt("the heap header is damaged", ref{});
    }
    const std::uint64_t blocks_max = std::min(backed_bytes, format::file_bytes_max) / format::block_bytes;
    if (header_->end_blocks < format::heap_first_block || header_->end_blocks > blocks_max) {
        throw_corrupt("the file is cut short, or the heap's length is damaged", ref{});
    }
    if (header_->header_check != header_check_seen_) {
        if (header_->header_check != heap_header_sum(base_)) {
            throw_corrupt("the heap header is damaged", ref::from_offset(format::heap_header_offset));
        }
        header_check_seen_ = header_->header_check;
    }
    if (header_->directory_check != directory_check_seen_) {
        if (header_->directory_check != directory_sum(base_)) {
            throw_corrupt("the directory of block tables is damaged",
                          ref::from_offset(format::directory_offset));
        }
        directory_check_seen_ = header_->directory_check;
    }
}

void block_map::update_sums() {
    const sum_differences& sums = undo_->sums();
    if (sums.header != 0) {
        undo_->set(header_->header_check, header_->header_check + sums.header);
    }
    if (sums.directory != 0) {
        undo_->set(header_->directory_check, header_->directory_check + sums.directory);
    }
    header_check_seen_ = header_->header_check;
    directory_check_seen_ = header_->directory_check;
}

std::uint64_t* block_map::directory_root() const noexcept {
    return reinterpret_cast<std::uint64_t*>(base_ + format::directory_offset);
}

std::uint32_t block_map::leaf_block(std::uint32_t table) const {
    const std::uint32_t place = table / format::directory_fanout_leaf;
    if (place >= format::directory_fanout_root) {
        throw_corrupt("a block number is beyond the format's limit", ref{});
    }
    const std::uint64_t leaf = directory_root()[place];
    if (leaf < format::heap_first_block || leaf >= header_->end_blocks) {
        throw_corrupt("the directory of block tables is damaged", ref::from_offset(format::directory_offset));
    }
    return static_cast<std::uint32_t>(leaf);
}

std::uint64_t* block_map::directory_leaf(std::uint32_t table) const {
    return reinterpret_cast<std::uint64_t*>(base_ + std::uint64_t{leaf_block(table)} * format::block_bytes);
}

std::uint32_t block_map::table_block(std::uint32_t table) const {
    const std::uint64_t first = directory_leaf(table)[table % format::directory_fanout_leaf];
    if (first < format::heap_first_block || first > header_->end_blocks - format::blocks_of_table) {
        throw_corrupt("a block table is missing", place_of(table * format::blocks_per_table));
    }
    return static_cast<std::uint32_t>(first);
}

block_descriptor* block_map::table_at(std::uint32_t number) const {
    return reinterpret_cast<block_descriptor*>(base_ +
                                               std::uint64_t{table_block(number)} * format::block_bytes);
}

void block_map::write(std::uint32_t block, block_descriptor now) {
    now.check = descriptor_check(now, block);
    std::uint64_t words[sizeof now / 8];
    std::memcpy(words, &now, sizeof now);
    auto* const present = reinterpret_cast<std::uint64_t*>(&place_for(block));
    for (std::size_t i = 0; i < std::size(words); ++i) {
        if (present[i] != words[i]) {
            undo_->set(present[i], words[i]);
        }
    }
}

void block_map::set_next(std::uint32_t block, std::uint32_t next) {
    verified_block changed = at(block);
    block_edit(*undo_, changed).set_links(next, changed->previous);
}

void block_map::set_previous(std::uint32_t block, std::uint32_t previous) {
    verified_block changed = at(block);
    if (changed->previous != previous) {
        block_edit(*undo_, changed).set_links(changed->next, previous);
    }
}

std::size_t block_map::bin_of(std::uint32_t length) noexcept {
    if (length <= 32) {
        return length - 1;
    }
    const auto power = static_cast<unsigned>(std::bit_width(length) - 1);
    return 32 + (power - 5) * 4 + ((length >> (power - 2)) & 3);
}

bool block_map::is_free_run(const block_descriptor& block) const noexcept {
    return block.state == static_cast<std::uint8_t>(block_state::free_run);
}

/// The length of the free run that begins at `first`, from its descriptor.
std::uint32_t block_map::free_length(std::uint32_t first) const {
    const block_descriptor& block = descriptor(first);
    const std::uint64_t length = block.used[0];
    if (!is_free_run(block) || length == 0 || length > header_->end_blocks - first) {
        throw_corrupt("a list of free runs is damaged", place_of(first));
    }
    return static_cast<std::uint32_t>(length);
}

std::uint32_t block_map::find_run(std::uint32_t length) const {
    std::size_t bin = bin_of(length);
    std::uint32_t candidate = header_->bins[bin];
    for (int step = 0; candidate != 0 && step < first_fit_steps; ++step) {
        if (free_length(candidate) >= length) {
            return candidate;
        }
        candidate = descriptor(candidate).next;
    }
    while (++bin < format::run_bins) {
        if (header_->bins[bin] == 0) {
            continue;
        }
        if (free_length(header_->bins[bin]) < length) {
            throw_corrupt("a free run is in a wrong bin", ref{});
        }
        return header_->bins[bin];
    }
    return 0;
}

/// Makes a free run of these blocks, the first of its list.
void block_map::link(std::uint32_t first, std::uint32_t length) {
    std::uint32_t& head = header_->bins[bin_of(length)];
    block_descriptor run = free_run_of(length);
    run.next = head;
    if (head != 0) {
        set_previous(head, first);
    }
    write(first, run);
    if (length > 1) {
        write(first + length - 1, free_run_of(length));
    }
    undo_->set(head, first);
}

void block_map::unlink(std::uint32_t first, std::uint32_t length) {
    const block_descriptor block = descriptor(first);
    std::uint32_t& head = header_->bins[bin_of(length)];
    if (head == first) {
        return undo_->set(head, block.next);
    }
    const block_descriptor& before = descriptor(block.previous);
    if (!is_free_run(before) || before.next != first) {
        throw_corrupt("a list of free runs is damaged", place_of(first));
    }
    set_next(block.previous, block.next);
    if (block.next != 0) {
        set_previous(block.next, block.previous);
    }
}

void block_map::insert_free(std::uint32_t first, std::uint32_t length) {
    undo_->set(header_->free_blocks, header_->free_blocks + length);
    if (first > format::heap_first_block) {
        const block_descriptor& left = descriptor(first - 1);
        if (is_free_run(left)) {
            if (left.used[0] == 0 || left.used[0] > first - format::heap_first_block) {
                throw_corrupt("a free run's end is damaged", place_of(first - 1));
            }
            const auto left_length = static_cast<std::uint32_t>(left.used[0]);
            if (free_length(first - left_length) != left_length) {
                throw_corrupt("a free run's two ends disagree", place_of(first - left_length));
            }
            unlink(first - left_length, left_length);
            // What begins in the middle of a free run must not look taken, or it could be freed again.
            write(first, described(block_state::none));
            first -= left_length;
            length += left_length;
        }
    }
    if (first + length < header_->end_blocks && is_free_run(descriptor(first + length))) {
        const std::uint32_t right_length = free_length(first + length);
        unlink(first + length, right_length);
        length += right_length;
    }
    link(first, length);
}

std::uint32_t block_map::take_run(std::uint32_t length, block_use use) {
    const std::uint32_t first = find_run(length);
    if (first == 0) {
        return 0;
    }
    const std::uint32_t found = free_length(first);
    if (header_->free_blocks < length) {
        throw_corrupt("the count of free blocks is damaged", ref{});
    }
    unlink(first, found);
    if (found > length) {
        link(first + length, found - length);
    }
    undo_->set(header_->free_blocks, header_->free_blocks - length);
    block_descriptor taken = described(block_state::run, use.owner);
    taken.used[0] = length;
    taken.used[1] = use.arena;
    write(first, taken);
    if (length > 1) {
        write(first + length - 1, described(block_state::run_tail, use.owner));
    }
    return first;
}

std::uint32_t block_map::run_length(std::uint32_t block) const {
    const block_descriptor& taken = descriptor(block);
    const std::uint64_t length = taken.used[0];
    if (taken.state != static_cast<std::uint8_t>(block_state::run) || length == 0 ||
        length > header_->end_blocks - block) {
        throw_corrupt("a reference does not lead to a run of blocks", place_of(block));
    }
    return static_cast<std::uint32_t>(length);
}

void block_map::free_run(std::uint32_t block) { insert_free(block, run_length(block)); }

// --- Growth -----------------------------------------------------------------------------------------------

/// Where the heap must end so that it gains `length` blocks besides the tables that describe it.
std::uint32_t block_map::new_end_for(std::uint32_t length) const {
    const std::uint32_t old_end = end();
    std::uint64_t new_end = std::uint64_t{old_end} + length;
    for (;;) {
        std::uint64_t extra = 0;
        const auto first_table = (old_end + format::blocks_per_table - 1) / format::blocks_per_table;
        const std::uint64_t end_table = (new_end + format::blocks_per_table - 1) / format::blocks_per_table;
        if (end_table > first_table) {
            extra = (end_table - first_table) * format::blocks_of_table;
        }
        const std::uint64_t first_leaf =
            (first_table + format::directory_fanout_leaf - 1) / format::directory_fanout_leaf;
        const std::uint64_t end_leaf =
            (end_table + format::directory_fanout_leaf - 1) / format::directory_fanout_leaf;
        if (end_leaf > first_leaf) {
            extra += end_leaf - first_leaf;
        }
        if (std::uint64_t{old_end} + length + extra <= new_end) {
            break;
        }
        new_end = std::uint64_t{old_end} + length + extra;
    }
    if (new_end * format::block_bytes > format::file_bytes_max) {
        throw error(errc::no_space, "the store has reached the largest size of its format (16 TiB)");
    }
    return static_cast<std::uint32_t>(new_end);
}

void block_map::grow(std::uint32_t length) {
    const std::uint32_t usual =
        std::clamp((end() - format::heap_first_block) / growth_part, growth_blocks_min, growth_blocks_max);
    if (usual > length) {
        try {
            const std::uint32_t new_end = new_end_for(usual);
            memory_->ensure_allocated(std::uint64_t{new_end} * format::block_bytes);
            extend(new_end);
            return;
        } catch (const error& failure) {
            if (failure.reason() != errc::no_space && failure.reason() != errc::address_space) {
                throw;
            }
        }
    }
    const std::uint32_t new_end = new_end_for(length);
    memory_->ensure_allocated(std::uint64_t{new_end} * format::block_bytes);
    extend(new_end);
}

/// Takes [end, new_end), which is backed, into the heap: first the tables that are missing, the rest is free.
void block_map::extend(std::uint32_t new_end) {
    const std::uint32_t old_end = end();
    std::uint32_t next = old_end;
    undo_->set(header_->end_blocks, new_end);
    const std::uint32_t first_table = table_count(old_end);
    const std::uint32_t end_table = table_count(new_end);
    for (std::uint32_t table = first_table; table < end_table; ++table) {
        std::uint64_t& leaf = directory_root()[table / format::directory_fanout_leaf];
        // `new_end_for` has counted these blocks, unless the directory has lost a leaf.
        if (new_end - next <= format::blocks_of_table + (leaf == 0 ? 1 : 0)) {
            throw_corrupt("the directory of block tables is damaged",
                          ref::from_offset(format::directory_offset));
        }
        if (leaf == 0) {
            std::memset(base_ + std::uint64_t{next} * format::block_bytes, 0, format::block_bytes);
            undo_->set(leaf, next);
            next += 1;
        }
        std::memset(base_ + std::uint64_t{next} * format::block_bytes, 0,
                    format::block_bytes * format::blocks_of_table);
        undo_->set(directory_leaf(table)[table % format::directory_fanout_leaf], next);
        next += format::blocks_of_table;
    }
    for (std::uint32_t block = old_end; block < next; ++block) {
        write(block, described(block_state::table));
    }
    insert_free(next, new_end - next);
}

} // namespace holdfast
