// Objects: slabs, large objects, and what happens when space runs out.
#include "heap/heap.hpp"

#include <bit>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "heap/size_class.hpp"

namespace holdfast {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

namespace {

[[nodiscard]] std::uint32_t block_of(ref place) noexcept {
    return static_cast<std::uint32_t>(place.offset() / format::block_bytes);
}

/// The bits of bitmap word `word` that stand for objects.
[[nodiscard]] std::uint64_t valid_bits(std::uint8_t size_class, std::size_t word) noexcept {
    const std::uint32_t objects = objects_per_slab(size_class);
    if (objects >= (word + 1) * 64) {
        return ~std::uint64_t{0};
    }
    if (objects <= word * 64) {
        return 0;
    }
    return (std::uint64_t{1} << (objects - word * 64)) - 1;
}

[[nodiscard]] bool is_full(const error& failure) noexcept {
    return failure.reason() == errc::no_space || failure.reason() == errc::address_space;
}

/// The run that only erasing may break open: enough for four of the longest paths and a list chunk each.
constexpr std::uint32_t reserve_blocks = 8;

/// So many portions are reclaimed before the heap grows, and one more for each block that is asked for.
constexpr std::uint64_t reclaim_portions = 4;

} // namespace

void heap::format(backing& memory, std::uint64_t end_bytes) {
    block_map::format(memory, end_bytes);
    heap fresh(memory);
    fresh.begin(txn_id{1});
    fresh.refill_reserve();
    fresh.before_commit();
}

std::byte* heap::checked(ref place, std::uint64_t size) const {
    const std::uint64_t offset = place.offset();
    if (offset < format::heap_offset || offset >= end_bytes() || end_bytes() - offset < size) {
        throw_corrupt("a reference leads out of the heap", place);
    }
    return base() + offset;
}

// --- The undo log's own space -----------------------------------------------------------------------------

void heap::extend_log() {
    if (undo_.is_at_limit()) {
        throw error(errc::no_space, "the transaction is too large: divide it");
    }
    const std::uint32_t length = blocks_for(undo_.next_chunk_bytes());
    std::uint32_t run = blocks_.take_run(length, block_owner::log);
    if (run == 0) {
        try {
            blocks_.grow(length);
        } catch (const error& failure) {
            if (!is_full(failure) || !break_reserve()) {
                throw;
            }
        }
        run = blocks_.take_run(length, block_owner::log);
        if (run == 0) {
            throw error(errc::no_space, "the transaction is too large for what is left of the disk");
        }
    }
    undo_.add_chunk(ref::from_offset(std::uint64_t{run} * format::block_bytes));
}

bool heap::make_log_room() {
    try {
        ensure_log(reclaiming_min);
        return true;
    } catch (const error& failure) {
        if (!is_full(failure)) {
            throw;
        }
        return false;
    }
}

void heap::before_commit() {
    ensure_log(64 * (undo_.chunks() + 1)); // this may add the one chunk that is allowed for
    for (std::size_t chunk = 1; chunk < undo_.chunks(); ++chunk) {
        blocks_.free_run(block_of(undo_.chunk(chunk)));
    }
    blocks_.update_sums();
}

// --- Blocks -----------------------------------------------------------------------------------------------

bool heap::reclaim(bool pressed) {
    if (!policy_.reclaim || lists_busy_) {
        return false;
    }
    const busy_lists guard(*this); // what it allocates itself must not come back here
    return policy_.reclaim(pressed);
}

/// Reclaims until there is a run, which is taken; or 0 if `alternative`, the head of a list that would serve as well,
/// was filled. Nothing if reclaiming has come to an end, or to what the space is worth.
std::optional<std::uint32_t> heap::reclaim_blocks(std::uint32_t length, block_use use,
                                                  const std::uint32_t* alternative, bool pressed) {
    std::uint64_t portions = pressed ? ~std::uint64_t{0} : reclaim_portions + std::uint64_t{length};
    for (; portions != 0 && reclaim(pressed); --portions) {
        if (alternative != nullptr && *alternative != 0) {
            return 0;
        }
        if (const std::uint32_t run = take_free_run(length, use); run != 0) {
            return run;
        }
    }
    return std::nullopt;
}

/// A taken run; or 0 where `alternative` was filled by reclaiming.
std::uint32_t heap::take_blocks(std::uint32_t length, block_use use, const std::uint32_t* alternative) {
    if (const std::uint32_t run = take_free_run(length, use); run != 0) {
        return run;
    }
    if (const auto reclaimed = reclaim_blocks(length, use, alternative, false)) {
        return *reclaimed;
    }
    try {
        if (length >= format::blocks_per_table) {
            blocks_.back_growth(length); // before the log grows for so many tables
        }
        ensure_log(undo_log::spare_min + length / format::blocks_per_table * 8);
        blocks_.grow(length);
        return blocks_.take_run(length, use);
    } catch (const error& failure) {
        if (!is_full(failure)) {
            throw;
        }
        if (const auto reclaimed = reclaim_blocks(length, use, alternative, true)) {
            return *reclaimed;
        }
        if (length > reserve_blocks || !break_reserve()) {
            throw;
        }
        if (const std::uint32_t run = take_free_run(length, use); run != 0) {
            return run;
        }
        throw;
    }
}

/// A run from the free ones, or 0. While the reserve is not set aside, only erasing may take the last blocks.
std::uint32_t heap::take_free_run(std::uint32_t length, block_use use) {
    const bool spare =
        policy_.may_break_reserve || header().reserve_block != 0 ||
        (header().free_blocks >= reserve_blocks && header().free_blocks - reserve_blocks >= length);
    return spare ? blocks_.take_run(length, use) : 0;
}

/// Frees the reserve, if it may be used and is there.
bool heap::break_reserve() {
    const std::uint64_t reserve = header().reserve_block;
    if (!policy_.may_break_reserve || reserve == 0) {
        return false;
    }
    if (reserve >= header().end_blocks) {
        throw_corrupt("the reserve is damaged", ref{});
    }
    blocks_.free_run(static_cast<std::uint32_t>(reserve));
    undo_.set(header().reserve_block, 0);
    return true;
}

void heap::refill_reserve() {
    if (header().reserve_block != 0 || header().free_blocks < 2 * reserve_blocks) {
        return;
    }
    ensure_log(undo_log::spare_min);
    const std::uint32_t run = blocks_.take_run(reserve_blocks, block_owner::tree);
    if (run != 0) {
        undo_.set(header().reserve_block, run);
    }
}

// --- Slabs ------------------------------------------------------------------------------------------------

std::uint32_t& heap::partial_head(std::uint8_t size_class, block_owner owner) const noexcept {
    return header().partial[format::partial_list(owner, size_class)];
}

/// Puts a slab, whose `next` is the first one already, before it.
void heap::make_first(std::uint32_t& head, std::uint32_t number) {
    if (head != 0) {
        blocks_.set_previous(head, number);
    }
    undo_.set(head, number);
}

void heap::unlink_partial(const verified_block& slab) {
    std::uint32_t& head = partial_head(slab->size_class, static_cast<block_owner>(slab->owner));
    if (head == slab.number()) {
        return undo_.set(head, slab->next);
    }
    if (blocks_.descriptor(slab->previous).next != slab.number()) {
        throw_corrupt("a list of slabs is damaged", ref{});
    }
    blocks_.set_next(slab->previous, slab->next);
    if (slab->next != 0) {
        blocks_.set_previous(slab->next, slab->previous);
    }
}

void heap::open_slab(std::uint32_t number, std::uint8_t size_class, block_owner owner) {
    std::uint32_t& head = partial_head(size_class, owner);
    block_descriptor now{};
    now.state = static_cast<std::uint8_t>(block_state::slab);
    now.size_class = size_class;
    now.owner = static_cast<std::uint8_t>(owner);
    now.free = static_cast<std::uint16_t>(objects_per_slab(size_class));
    now.next = head;
    blocks_.write(number, now);
    make_first(head, number);
}

ref heap::take_object(std::uint8_t size_class, block_owner owner) {
    std::uint32_t& head = partial_head(size_class, owner);
    if (head == 0) {
        const std::uint32_t fresh = take_blocks(1, owner, &head);
        if (fresh != 0) { // else reclaiming has freed an object
            open_slab(fresh, size_class, owner);
        }
    }
    verified_block slab = blocks_.at(head);
    const ref place = ref::from_offset(std::uint64_t{head} * format::block_bytes);
    if (slab->state != static_cast<std::uint8_t>(block_state::slab) || slab->size_class != size_class ||
        slab->owner != static_cast<std::uint8_t>(owner) || slab->free == 0) {
        throw_corrupt("a list of slabs is damaged", place);
    }
    for (std::size_t word = 0; word < slab->used.size(); ++word) {
        const std::uint64_t free_bits = ~slab->used[word] & valid_bits(size_class, word);
        if (free_bits == 0) {
            continue;
        }
        if (slab->free == 1) {
            undo_.set(head, slab->next);
        }
        const auto index =
            static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(free_bits));
        block_edit(undo_, slab).take(index);
        return ref::from_offset(place.offset() + index * format::slab_sizes[size_class]);
    }
    throw_corrupt("a slab's count of free objects is damaged", place);
}

void heap::free_in_slab(verified_block& slab, std::uint32_t index) {
    const std::uint32_t objects = objects_per_slab(slab->size_class);
    if (slab->free >= objects) {
        throw_corrupt("a slab's count of free objects is damaged", ref{});
    }
    std::uint32_t& head = partial_head(slab->size_class, static_cast<block_owner>(slab->owner));
    if (slab->free == 0) {
        {
            block_edit edit(undo_, slab);
            edit.give_back(index);
            edit.set_links(head, 0);
        }
        return make_first(head, slab.number());
    }
    block_edit(undo_, slab).give_back(index);
    // An empty slab is given back unless it is the last of its class with room: that would only be opened again.
    if (slab->free == objects && (slab->next != 0 || head != slab.number())) {
        unlink_partial(slab);
        blocks_.free_block(slab.number());
    }
}

// --- Objects ----------------------------------------------------------------------------------------------

ref heap::allocate(std::uint64_t size, block_use use) {
    ensure_log(undo_log::spare_min);
    if (size <= format::slab_bytes_max) [[likely]] {
        return take_object(class_of(size), use.owner);
    }
    if (size > format::file_bytes_max) {
        throw error(errc::no_space, "an object is larger than any store");
    }
    return ref::from_offset(std::uint64_t{take_blocks(blocks_for(size), use, nullptr)} * format::block_bytes);
}

heap::found_object heap::find(ref place) const {
    const std::uint32_t number = block_of(place);
    const auto offset = static_cast<std::uint32_t>(place.offset() % format::block_bytes);
    if (place.offset() / format::block_bytes > 0xFFFFFFFF) {
        throw_corrupt("a reference leads out of the heap", place);
    }
    const verified_block found = blocks_.at(number);
    const block_descriptor& block = *found;
    if (block.state == static_cast<std::uint8_t>(block_state::run)) {
        if (offset != 0) {
            throw_corrupt("a reference leads into the middle of an object", place);
        }
        return {found, 0, 0, false};
    }
    const std::uint8_t size_class = block.size_class;
    if (block.state != static_cast<std::uint8_t>(block_state::slab) || size_class >= format::slab_classes ||
        !format::has_slabs(static_cast<block_owner>(block.owner))) {
        throw_corrupt("a reference leads to a block without objects", place);
    }
    const std::uint32_t index = object_at(size_class, offset);
    if (index * format::slab_sizes[size_class] != offset || index >= objects_per_slab(size_class)) {
        throw_corrupt("a reference leads into the middle of an object", place);
    }
    if ((block.used[index / 64] >> index % 64 & 1) == 0) {
        throw_corrupt("a reference leads to a free object", place);
    }
    return {found, index, size_class, true};
}

std::uint64_t heap::free(ref place) {
    ensure_log(undo_log::spare_min);
    found_object found = find(place);
    if (found.in_slab) {
        free_in_slab(found.block, found.index);
        return format::slab_sizes[found.size_class];
    }
    const std::uint64_t bytes = blocks_.run_length(found.block.number()) * format::block_bytes;
    blocks_.free_run(found.block.number());
    return bytes;
}

std::uint64_t heap::size_of(ref place) const {
    const found_object found = find(place);
    return found.in_slab ? format::slab_sizes[found.size_class]
                         : blocks_.run_length(found.block.number()) * format::block_bytes;
}

} // namespace holdfast
