// Walking a heap; copying its accounts.
#include "support/heap_checker.hpp"

#include <algorithm>
#include <cstring>

#include "heap/account_sums.hpp"
#include "heap/size_class.hpp"

namespace holdfast::test {

namespace {

using format::block_descriptor;
using format::block_owner;
using format::block_state;

[[nodiscard]] std::uint64_t offset_of(std::uint32_t block) noexcept {
    return std::uint64_t{block} * format::block_bytes;
}

class walker {
public:
    explicit walker(heap& checked) : heap_(&checked), blocks_(&checked.blocks()) {}

    heap_report run() {
        bool after_free = false;
        for (std::uint32_t block = format::heap_first_block; block < blocks_->end();) {
            const block_descriptor& descriptor = blocks_->descriptor(block);
            const auto state = static_cast<block_state>(descriptor.state);
            std::uint32_t length = 1;
            switch (state) {
            case block_state::free_run:
                if (after_free) {
                    report("two free runs are neighbours", block);
                }
                length = free_run(block, descriptor);
                break;
            case block_state::run:
                length = taken_run(block, descriptor);
                break;
            case block_state::slab:
                slab(block, descriptor);
                break;
            case block_state::table:
                ++report_.table_blocks;
                break;
            case block_state::none:
            case block_state::punched_run:
            case block_state::run_tail:
                report("the block is in a wrong state", block);
                break;
            }
            after_free = state == block_state::free_run;
            if (length == 0 || length > blocks_->end() - block) {
                report("the run's length is wrong", block);
                return std::move(report_);
            }
            block += length;
        }
        if (report_.free_blocks != heap_->header().free_blocks) {
            report("the count of free blocks is wrong", 0);
        }
        check_bins();
        check_partial();
        return std::move(report_);
    }

private:
    void report(const std::string& what, std::uint32_t block) {
        report_.findings.push_back(what + " (block " + std::to_string(block) + ")");
    }

    std::uint32_t free_run(std::uint32_t block, const block_descriptor& first) {
        const auto length = static_cast<std::uint32_t>(first.used[0]);
        if (length == 0 || length > blocks_->end() - block) {
            return 0;
        }
        const block_descriptor& last = blocks_->descriptor(block + length - 1);
        if (last.state != first.state || last.used[0] != length) {
            report("a free run's ends disagree", block);
        }
        report_.free_blocks += length;
        report_.largest_free_run = std::max<std::uint64_t>(report_.largest_free_run, length);
        ++free_runs_;
        return length;
    }

    std::uint32_t taken_run(std::uint32_t block, const block_descriptor& first) {
        const std::uint32_t length = blocks_->run_length(block);
        if (length > 1 && blocks_->descriptor(block + length - 1).state !=
                              static_cast<std::uint8_t>(block_state::run_tail)) {
            report("a run has no tail", block);
        }
        add(offset_of(block), length * format::block_bytes, first.owner);
        return length;
    }

    void slab(std::uint32_t block, const block_descriptor& descriptor) {
        if (descriptor.size_class >= format::slab_classes ||
            !format::has_slabs(static_cast<block_owner>(descriptor.owner))) {
            return report("a slab's class is wrong", block);
        }
        ++report_.slab_blocks;
        const std::uint32_t objects = objects_per_slab(descriptor.size_class);
        std::uint32_t used = 0;
        for (std::uint32_t bit = 0; bit < descriptor.used.size() * 64; ++bit) {
            if ((descriptor.used[bit / 64] >> bit % 64 & 1) == 0) {
                continue;
            }
            if (bit >= objects) {
                report("a slab has a bit beyond its objects", block);
            }
            ++used;
            const std::uint64_t size = format::slab_sizes[descriptor.size_class];
            add(offset_of(block) + bit * size, size, descriptor.owner);
        }
        if (descriptor.free != objects - used) {
            report("a slab's count is wrong", block);
        }
        if (descriptor.free != 0) {
            ++partial_slabs_;
        }
    }

    void add(std::uint64_t offset, std::uint64_t bytes, std::uint8_t owner) {
        report_.objects[offset] = {bytes, static_cast<block_owner>(owner)};
    }

    void check_bins() {
        std::uint64_t listed = 0;
        for (std::size_t bin = 0; bin < format::run_bins; ++bin) {
            std::uint32_t previous = 0;
            for (std::uint32_t run = heap_->header().bins[bin]; run != 0; ++listed) {
                if (listed > free_runs_) {
                    return report("the bins lead in a circle", run);
                }
                const block_descriptor& descriptor = blocks_->descriptor(run);
                if (descriptor.state != static_cast<std::uint8_t>(block_state::free_run)) {
                    report("a bin holds what is not free", run);
                }
                if (previous != 0 && descriptor.previous != previous) {
                    report("a bin's links disagree", run);
                }
                if (block_map::bin_of(static_cast<std::uint32_t>(descriptor.used[0])) != bin) {
                    report("a run is in a wrong bin", run);
                }
                previous = run;
                run = descriptor.next;
            }
        }
        if (listed != free_runs_) {
            report("the bins miss free runs", 0);
        }
    }

    void check_partial() {
        std::uint64_t listed = 0;
        const auto& heads = heap_->header().partial;
        for (std::size_t place = 0; place < heads.size(); ++place) {
            std::uint32_t previous = 0;
            for (std::uint32_t slab = heads[place]; slab != 0; ++listed) {
                if (listed > partial_slabs_) {
                    return report("the lists of slabs lead in a circle", slab);
                }
                const block_descriptor& descriptor = blocks_->descriptor(slab);
                if (descriptor.state != static_cast<std::uint8_t>(block_state::slab) ||
                    descriptor.free == 0 ||
                    format::partial_list(static_cast<block_owner>(descriptor.owner), descriptor.size_class) !=
                        place) {
                    report("a list of slabs holds a wrong one", slab);
                }
                if (previous != 0 && descriptor.previous != previous) {
                    report("a list of slabs disagrees", slab);
                }
                previous = slab;
                slab = descriptor.next;
            }
        }
        if (listed != partial_slabs_) {
            report("the lists of slabs are incomplete", 0);
        }
    }

    heap* heap_;
    const block_map* blocks_;
    heap_report report_;
    std::uint64_t free_runs_ = 0;
    std::uint64_t partial_slabs_ = 0;
};

} // namespace

heap_report check_heap(heap& checked) { return walker(checked).run(); }

namespace {

/// Gives the chunks of a list, as far as they can be followed, their checks.
void seal_list(std::byte* base, std::uint64_t end_bytes, const format::entry_list& list) {
    ref place = ref::from_units(list.front);
    for (int chunks = 0; chunks < 100; ++chunks) {
        if (list.front > ref::units_max || place.offset() < format::heap_offset ||
            place.offset() >= end_bytes || end_bytes - place.offset() < sizeof(format::list_chunk)) {
            return;
        }
        auto& chunk = *reinterpret_cast<format::list_chunk*>(base + place.offset());
        for (format::list_entry& entry : chunk.entries) {
            const auto* const at = reinterpret_cast<const std::byte*>(&entry);
            entry.word &= ~check_bits;
            entry.word |= entry_check(entry, static_cast<std::uint64_t>(at - base));
        }
        chunk.check = chunk_sum(chunk, place.offset());
        if (chunk.next > ref::units_max) {
            return;
        }
        place = ref::from_units(chunk.next);
    }
}

} // namespace

void seal_accounts(std::byte* base, std::uint64_t end_bytes) {
    const std::uint64_t end = end_bytes / format::block_bytes;
    const auto words_at = [&](std::uint64_t offset) {
        return reinterpret_cast<std::uint64_t*>(base + offset);
    };
    const auto is_within = [&](std::uint64_t block, std::uint64_t blocks) {
        return block >= format::heap_first_block && block < end && end - block >= blocks;
    };
    const std::uint64_t* const root = words_at(format::directory_offset);
    for (std::uint64_t number = format::heap_first_block; number < end; ++number) {
        const std::uint64_t table = number / format::blocks_per_table;
        const std::uint64_t leaf = root[table / format::directory_fanout_leaf];
        if (!is_within(leaf, 1)) {
            continue;
        }
        const std::uint64_t first =
            words_at(leaf * format::block_bytes)[table % format::directory_fanout_leaf];
        if (!is_within(first, format::blocks_of_table)) {
            continue;
        }
        auto& block = reinterpret_cast<block_descriptor*>(
            base + first * format::block_bytes)[number % format::blocks_per_table];
        block.check = descriptor_check(block, static_cast<std::uint32_t>(number));
    }
    auto& header = *reinterpret_cast<format::heap_header*>(base + format::heap_header_offset);
    seal_list(base, end_bytes, header.retired);
    header.header_check = heap_header_sum(base);
    header.directory_check = directory_sum(base);
}

account_image::account_image(heap& source, std::span<const ref> account_objects) : base_(source.base()) {
    keep(format::heap_header_offset, format::heads_offset - format::heap_header_offset);
    keep(format::directory_offset, format::undo_log_offset - format::directory_offset);
    const auto* const root = reinterpret_cast<const std::uint64_t*>(base_ + format::directory_offset);
    for (std::size_t i = 0; i < format::directory_fanout_root; ++i) {
        if (root[i] == 0) {
            continue;
        }
        keep(root[i] * format::block_bytes, format::block_bytes);
        const auto* const leaf =
            reinterpret_cast<const std::uint64_t*>(base_ + root[i] * format::block_bytes);
        for (std::size_t j = 0; j < format::directory_fanout_leaf; ++j) {
            if (leaf[j] != 0) {
                keep(leaf[j] * format::block_bytes, format::block_bytes * format::blocks_of_table);
            }
        }
    }
    for (const ref place : account_objects) {
        keep(place.offset(), source.size_of(place));
    }
}

void account_image::keep(std::uint64_t offset, std::uint64_t bytes) {
    parts_.push_back({offset, std::vector<std::byte>(base_ + offset, base_ + offset + bytes)});
}

std::uint64_t account_image::first_difference() const {
    for (const part& kept : parts_) {
        if (std::memcmp(base_ + kept.offset, kept.bytes.data(), kept.bytes.size()) == 0) {
            continue;
        }
        const auto differing = std::mismatch(kept.bytes.begin(), kept.bytes.end(), base_ + kept.offset).first;
        return kept.offset + static_cast<std::uint64_t>(differing - kept.bytes.begin());
    }
    return 0;
}

void account_image::restore() const {
    for (const part& kept : parts_) {
        std::memcpy(base_ + kept.offset, kept.bytes.data(), kept.bytes.size());
    }
}

} // namespace holdfast::test
