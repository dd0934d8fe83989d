// Comparing what is reachable or waiting with what the heap holds for allocated.
#include "transaction/check_accounts.hpp"

#include <holdfast/error.hpp>

#include "heap/heap.hpp"
#include "heap/size_class.hpp"
#include "transaction/engine.hpp"

namespace holdfast {

namespace {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

/// More of them would tell nobody more.
constexpr std::size_t findings_max = 1000;

class account_checker {
public:
    account_checker(segment& file, std::uint64_t commit_end_bytes, object_marks& marks,
                    std::vector<check_finding>& findings)
        : memory_(file),
          heap_(memory_),
          commit_end_bytes_(commit_end_bytes),
          marks_(&marks),
          findings_(&findings) {}

    void run() {
        heap_.blocks().validate_header(memory_.backed_bytes());
        const format::heap_header& header = heap_.header();
        if (heap_.end_bytes() < commit_end_bytes_)
            return report("the heap ends before the newest commit does");
        mark_list(header.retired);
        std::uint64_t newer = ~std::uint64_t{0};
        for (std::uint64_t units = header.parks; units != 0;) {
            const ref place = ref::from_units(units);
            const auto& park = heap_.object<format::park>(place);
            if (park.pin >= newer)
                return report("the list of parks is out of order");
            if (!mark(place, "a park"))
                return;
            mark_list(park.list);
            newer = park.pin;
            units = park.next;
        }
        if (header.reserve_block != 0) {
            mark(ref::from_offset(header.reserve_block * format::block_bytes), "the reserve");
        }
        walk_blocks();
        check_bins();
        if (found_ != marks_->count())
            report("objects are in use that the heap does not hold for allocated");
        if (held_back_ != header.held_back_bytes)
            report("the count of bytes held back is wrong");
    }

private:
    void report(std::string what) {
        if (findings_->size() < findings_max)
            findings_->push_back({std::move(what), "", ""});
    }

    /// False if it was marked already: whoever follows links must not follow them again.
    bool mark(ref place, const char* what) {
        if (marks_->covers(place) && marks_->mark(place))
            return true;
        report(std::string(what) + " is used twice, or lies outside the heap");
        return false;
    }

    void mark_list(const format::entry_list& list) {
        std::uint64_t left = list.entries;
        std::uint32_t index = list.front_index;
        for (std::uint64_t units = list.front; units != 0;) {
            const ref place = ref::from_units(units);
            if (!mark(place, "a list's chunk"))
                return;
            const auto& chunk = heap_.object<format::list_chunk>(place);
            const bool last = units == list.back;
            const std::uint32_t end = last ? list.back_index : std::uint32_t{format::list_chunk::capacity};
            if (index > end || end > format::list_chunk::capacity || end - index > left) {
                return report("a list's length is damaged");
            }
            for (; index < end; ++index, --left)
                mark_entry(chunk.entries[index]);
            index = 0;
            units = last ? 0 : chunk.next;
        }
        if (left != 0)
            report("a list's count of entries is wrong");
    }

    void mark_entry(const format::list_entry& entry) {
        if (static_cast<format::entry_kind>(entry.tagged >> 56) != format::entry_kind::object)
            return;
        const ref place = ref::from_units(entry.tagged & ref::units_max);
        mark(place, "a retired object");
        held_back_ += heap_.size_of(place);
    }

    /// Unit by unit from the beginning to the end: every block must belong to something.
    void walk_blocks() {
        std::uint64_t free_blocks = 0;
        bool after_free = false;
        for (std::uint32_t block = format::heap_first_block; block < heap_.blocks().end();) {
            const block_descriptor& descriptor = heap_.blocks().descriptor(block);
            const auto state = static_cast<block_state>(descriptor.state);
            std::uint32_t length = 1;
            if (state == block_state::free_run) {
                length = static_cast<std::uint32_t>(descriptor.used[0]);
                if (length == 0 || length > heap_.blocks().end() - block)
                    return report("a free run's length is damaged");
                if (after_free)
                    report("two free runs are neighbours");
                free_blocks += length;
                free_runs_ += 1;
            } else if (state == block_state::run) {
                length = heap_.blocks().run_length(block);
                if (descriptor.owner == 0)
                    compare(ref::from_offset(offset_of(block)), true);
            } else if (state == block_state::slab) {
                walk_slab(block, descriptor);
            } else if (state != block_state::table) {
                return report("a block is in no known state");
            }
            after_free = state == block_state::free_run;
            block += length;
        }
        if (free_blocks != heap_.header().free_blocks)
            report("the count of free blocks is wrong");
    }

    void walk_slab(std::uint32_t block, const block_descriptor& slab) {
        if (slab.size_class >= format::slab_classes || slab.owner > 1)
            return report("a slab's class is damaged");
        const std::uint32_t objects = objects_per_slab(slab.size_class);
        std::uint32_t used = 0;
        for (std::uint32_t index = 0; index < objects; ++index) {
            const bool allocated = (slab.used[index / 64] >> index % 64 & 1) != 0;
            used += allocated ? 1 : 0;
            if (slab.owner != static_cast<std::uint8_t>(block_owner::tree))
                continue;
            const std::uint64_t offset =
                offset_of(block) + std::uint64_t{index} * format::slab_sizes[slab.size_class];
            compare(ref::from_offset(offset), allocated);
        }
        if (slab.free != objects - used)
            report("a slab's count of free objects is wrong");
        if (slab.free != 0)
            partial_slabs_ += 1;
    }

    void compare(ref place, bool allocated) {
        const bool in_use = marks_->marked(place);
        if (in_use)
            ++found_;
        if (allocated && !in_use)
            report("leaked: an allocated object is neither reachable nor waiting");
        if (!allocated && in_use)
            report("an object in use is marked free");
    }

    /// Every free run and every slab with room must be in a list, once, with links that agree.
    void check_bins() {
        std::uint64_t listed = 0;
        for (std::size_t bin = 0; bin < format::run_bins; ++bin) {
            listed += count_list(heap_.header().bins[bin], free_runs_ - listed,
                                 "a list of free runs is damaged", [&](const block_descriptor& run) {
                                     return run.state == static_cast<std::uint8_t>(block_state::free_run) &&
                                            block_map::bin_of(static_cast<std::uint32_t>(run.used[0])) == bin;
                                 });
        }
        if (listed != free_runs_)
            report("the lists of free runs are incomplete");
        listed = 0;
        for (std::size_t list = 0; list < heap_.header().partial.size(); ++list) {
            listed += count_list(heap_.header().partial[list], partial_slabs_ - listed,
                                 "a list of slabs is damaged", [&](const block_descriptor& slab) {
                                     return slab.state == static_cast<std::uint8_t>(block_state::slab) &&
                                            slab.free != 0 &&
                                            slab.owner * std::size_t{64} + slab.size_class == list;
                                 });
        }
        if (listed != partial_slabs_)
            report("the lists of slabs are incomplete");
    }

    /// The length of the list that begins at block `first`, up to `limit`; all its members must satisfy `belongs`.
    template <class Belongs>
    [[nodiscard]] std::uint64_t count_list(std::uint32_t first, std::uint64_t limit, const char* damage,
                                           Belongs belongs) {
        std::uint64_t length = 0;
        std::uint32_t previous = 0;
        for (std::uint32_t block = first; block != 0; ++length) {
            const block_descriptor& member = heap_.blocks().descriptor(block);
            if (length == limit || member.previous != previous || !belongs(member)) {
                report(damage);
                break;
            }
            previous = block;
            block = member.next;
        }
        return length;
    }

    [[nodiscard]] static std::uint64_t offset_of(std::uint32_t block) noexcept {
        return std::uint64_t{block} * format::block_bytes;
    }

    segment_backing memory_;
    heap heap_;
    std::uint64_t commit_end_bytes_;
    object_marks* marks_;
    std::vector<check_finding>* findings_;
    std::uint64_t found_ = 0;
    std::uint64_t held_back_ = 0;
    std::uint64_t free_runs_ = 0;
    std::uint64_t partial_slabs_ = 0;
};

} // namespace

void check_accounts(segment& file, std::uint64_t commit_end_bytes, object_marks& marks,
                    std::vector<check_finding>& findings) {
    try {
        account_checker(file, commit_end_bytes, marks, findings).run();
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt)
            throw;
        findings.push_back({damage.what(), "", ""});
    }
}

} // namespace holdfast
