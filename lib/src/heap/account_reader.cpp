// Reading the heap's accounts.
#include "heap/account_reader.hpp"

#include "base/corrupt.hpp"
#include "heap/size_class.hpp"

namespace holdfast {

namespace {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

[[nodiscard]] bool is_state(const block_descriptor& block, block_state state) noexcept {
    return block.state == static_cast<std::uint8_t>(state);
}

class reader {
public:
    reader(const heap& memory, account_visitor& visitor) noexcept
        : memory_(&memory), blocks_(&memory.blocks()), visitor_(&visitor) {}

    void read() {
        read_waiting();
        read_blocks();
        read_directory();
        read_bins();
        read_partial();
    }

private:
    void read_waiting() {
        const format::heap_header& header = memory_->header();
        read_list(header.retired);
        std::uint64_t newer = ~std::uint64_t{0};
        for (std::uint64_t units = header.parks; units != 0;) {
            const ref place = ref::from_units(units);
            const auto& park = memory_->park_at(place);
            if (park.pin >= newer) {
                return visitor_->damage("the list of parks is out of order");
            }
            if (!visitor_->list_part(place, memory_->size_of(place))) {
                return;
            }
            read_list(park.list);
            newer = park.pin;
            units = park.next;
        }
    }

    void read_blocks() {
        bool after_free = false;
        for (std::uint32_t first = format::heap_first_block; first < blocks_->end();) {
            const account_block found = block_at(first);
            visitor_->block(found);
            if (found.state == block_state::free_run) {
                if (after_free) {
                    visitor_->damage("two free runs are neighbours");
                }
                free_blocks_ += found.length;
                ++free_runs_;
            } else if (found.state == block_state::slab) {
                read_slab(found);
            } else if (found.state == block_state::run) {
                visitor_->object(found.place(), found.bytes(), true);
            } else {
                ++table_blocks_;
            }
            after_free = found.state == block_state::free_run;
            first += found.length;
        }
        if (free_blocks_ != memory_->header().free_blocks) {
            visitor_->damage("the count of free blocks is wrong");
        }
    }

    [[nodiscard]] account_block block_at(std::uint32_t first) const {
        const block_descriptor& descriptor = blocks_->descriptor(first);
        const auto state = static_cast<block_state>(descriptor.state);
        const auto owner = static_cast<block_owner>(descriptor.owner);
        account_block found{first, 1, state, owner, &descriptor};
        bool known = false;
        if (state == block_state::free_run) {
            found.length = blocks_->free_length(first);
            known = owner == block_owner::none && blocks_->free_ends_agree(first, found.length);
        } else if (state == block_state::run) {
            found.length = blocks_->run_length(first);
            found.use.arena = static_cast<std::uint32_t>(descriptor.used[1]);
            known = owner != block_owner::none && owner <= block_owner::redo;
        } else if (state == block_state::slab) {
            known = format::has_slabs(owner) && descriptor.size_class < format::slab_classes;
        } else if (state == block_state::table) {
            known = owner == block_owner::none;
        }
        if (!known) {
            throw_corrupt("a block is in no known state", found.place());
        }
        return found;
    }

    void read_slab(const account_block& found) {
        const block_descriptor& slab = *found.descriptor;
        const std::uint32_t objects = objects_per_slab(slab.size_class);
        const std::uint64_t size = format::slab_sizes[slab.size_class];
        std::uint32_t used = 0;
        for (std::uint32_t index = 0; index < slab.used.size() * 64; ++index) {
            const bool allocated = (slab.used[index / 64] >> index % 64 & 1) != 0;
            used += allocated ? 1 : 0;
            if (index < objects) {
                visitor_->object(ref::from_offset(found.place().offset() + index * size), size, allocated);
            } else if (allocated) {
                visitor_->damage("a slab has a bit beyond its objects");
            }
        }
        if (slab.free != objects - used) {
            visitor_->damage("a slab's count of free objects is wrong");
        }
        if (slab.free != 0) {
            ++partial_slabs_;
        }
    }

    /// The blocks that the directory names must be those that say of themselves that they are tables.
    void read_directory() {
        std::uint64_t named = 0;
        blocks_->for_each_table([&](std::uint32_t first, std::uint32_t length) {
            for (std::uint32_t block = first; block < first + length; ++block) {
                if (!is_state(blocks_->descriptor(block), block_state::table)) {
                    visitor_->damage("the directory names a block that is no table");
                }
                ++named;
            }
        });
        if (named != table_blocks_) {
            visitor_->damage("the directory does not name each table once");
        }
    }

    /// Every free run must be in the list of its length, and every slab with room in that of its class and owner.
    void read_bins() {
        std::uint64_t listed = 0;
        const auto& bins = memory_->header().bins;
        for (std::size_t bin = 0; bin < bins.size(); ++bin) {
            listed += count_list(bins[bin], free_runs_ - listed, "a list of free runs is damaged",
                                 [&](const block_descriptor& run) {
                                     return is_state(run, block_state::free_run) &&
                                            block_map::bin_of(static_cast<std::uint32_t>(run.used[0])) == bin;
                                 });
        }
        if (listed != free_runs_) {
            visitor_->damage("the lists of free runs are incomplete");
        }
    }
    void read_partial() {
        std::uint64_t listed = 0;
        const auto& lists = memory_->header().partial;
        for (std::size_t list = 0; list < lists.size(); ++list) {
            listed += count_list(lists[list], partial_slabs_ - listed, "a list of slabs is damaged",
                                 [&](const block_descriptor& slab) {
                                     const auto owner = static_cast<block_owner>(slab.owner);
                                     return is_state(slab, block_state::slab) && slab.free != 0 &&
                                            format::partial_list(owner, slab.size_class) == list;
                                 });
        }
        if (listed != partial_slabs_) {
            visitor_->damage("the lists of slabs are incomplete");
        }
    }

    /// The length of the list that begins at block `first`, up to `limit`; all its members must satisfy `belongs`.
    /// `previous` of the first says nothing.
    template <class Belongs>
    [[nodiscard]] std::uint64_t count_list(std::uint32_t first, std::uint64_t limit, const char* damage,
                                           Belongs belongs) {
        std::uint64_t length = 0;
        std::uint32_t previous = 0;
        for (std::uint32_t block = first; block != 0; ++length) {
            const block_descriptor& member = blocks_->descriptor(block);
            const bool in_order = block == first || member.previous == previous;
            if (length == limit || !in_order || !belongs(member)) {
                visitor_->damage(damage);
                break;
            }
            previous = block;
            block = member.next;
        }
        return length;
    }

    void read_list(const format::entry_list& list) {
        std::uint64_t left = list.entries;
        std::uint32_t index = list.front_index;
        for (std::uint64_t units = list.front; units != 0;) {
            const ref place = ref::from_units(units);
            const auto& chunk = memory_->object<format::list_chunk>(place);
            if (!visitor_->list_part(place, memory_->size_of(place))) {
                return;
            }
            const bool last = units == list.back;
            const std::uint32_t end = last ? list.back_index : std::uint32_t{format::list_chunk::capacity};
            if (index > end || end > format::list_chunk::capacity || end - index > left) {
                return visitor_->damage("a list's length is damaged");
            }
            for (; index < end; ++index, --left) {
                read_entry(memory_->entry_at(chunk.entries[index]));
            }
            index = 0;
            units = last ? 0 : memory_->chunk_after(chunk).units();
        }
        if (left != 0) {
            visitor_->damage("a list's count of entries is wrong");
        }
    }

    void read_entry(const format::list_entry& entry) {
        if (format::kind_of(entry) == format::entry_kind::object) {
            visitor_->waiting(ref::from_units(format::units_of(entry)));
        }
    }

    const heap* memory_;
    const block_map* blocks_;
    account_visitor* visitor_;
    std::uint64_t free_blocks_ = 0;
    std::uint64_t free_runs_ = 0;
    std::uint64_t partial_slabs_ = 0;
    std::uint64_t table_blocks_ = 0;
};

} // namespace

void read_accounts(const heap& memory, account_visitor& visitor) { reader(memory, visitor).read(); }

} // namespace holdfast
