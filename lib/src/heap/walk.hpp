// Walking over all blocks of a heap.
//
// Thread and process safety: under the writer lock only.
#pragma once

#include <cstdint>

#include "base/corrupt.hpp"
#include "heap/block_map.hpp"
#include "heap/size_class.hpp"

namespace holdfast {

/// Calls `visit(block, descriptor, length)` for each slab, table block, taken run and free run from the beginning to
/// the end, while it returns true. Throws corrupt where a block is nothing of these.
template <class Visit>
void walk_blocks(const block_map& blocks, Visit&& visit) {
    using format::block_state;
    for (std::uint32_t block = format::heap_first_block; block < blocks.end();) {
        const format::block_descriptor& descriptor = blocks.descriptor(block);
        std::uint64_t length = 1;
        switch (static_cast<block_state>(descriptor.state)) {
        case block_state::free_run:
            length = descriptor.used[0];
            break;
        case block_state::run:
            length = blocks.run_length(block);
            break;
        case block_state::slab:
            if (descriptor.size_class < format::slab_classes)
                break;
            [[fallthrough]];
        case block_state::none:
        case block_state::punched_run:
        case block_state::run_tail:
            length = 0;
            break;
        case block_state::table:
            break;
        }
        if (length == 0 || length > blocks.end() - block) {
            throw_corrupt("a block is in no known state",
                          ref::from_offset(std::uint64_t{block} * format::block_bytes));
        }
        if (!visit(block, descriptor, static_cast<std::uint32_t>(length)))
            return;
        block += static_cast<std::uint32_t>(length);
    }
}

/// Whether the object of that number is allocated.
[[nodiscard]] inline bool is_used(const format::block_descriptor& slab, std::uint32_t object) noexcept {
    return (slab.used[object / 64] >> object % 64 & 1) != 0;
}

[[nodiscard]] inline std::uint32_t count_used(const format::block_descriptor& slab) noexcept {
    std::uint32_t used = 0;
    for (std::uint32_t object = 0; object < objects_per_slab(slab.size_class); ++object)
        used += is_used(slab, object);
    return used;
}

} // namespace holdfast
