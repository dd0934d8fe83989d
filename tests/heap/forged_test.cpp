// Forged accounts: whatever stands in the file, the answer is errc::corrupt at worst.
//
// Each round damages a sound heap and lets transactions loose on it. A crash, an endless loop or an access beyond
// the heap ends the test program; AddressSanitizer builds notice more.
#include <algorithm>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include "fixture.hpp"

namespace holdfast::test {
namespace {

using format::block_descriptor;
using format::list_entry;

class forged_test : public heap_test {
protected:
    forged_test() : heap_test(format::heap_offset + 8 * format::mib) {
        memory_.set_limit(format::heap_offset + 8 * format::mib);
        heap& tested = user_.heap();
        user_.begin();
        for (int i = 0; i < 300; ++i) {
            places_.push_back(tested.allocate(i % 10 == 9 ? 20'000 + 1000 * (i % 30) : 48 + 40 * (i % 60)));
        }
        for (std::size_t i = 0; i < places_.size(); i += 3) {
            tested.free(places_[i]);
        }
        const std::vector<list_entry> entries(400, list_entry{places_[1].units(), 1});
        tested.append(tested.header().retired, entries.data(), entries.size());
        user_.commit();
        // An interrupted transaction, so that there is a log to damage, too.
        user_.begin();
        for (int i = 0; i < 1'500; ++i) {
            (void)tested.allocate(500);
        }
        image_end_ = memory_.backed_bytes();
        const auto keep = [&](std::vector<std::byte>& image, std::uint64_t begin, std::uint64_t end) {
            image.insert(image.end(), memory_.base() + begin, memory_.base() + end);
        };
        keep(low_image_, format::heap_header_offset, format::heads_offset);
        keep(low_image_, format::directory_offset, format::commit_slots_offset);
        keep(heap_image_, format::heap_offset, image_end_);
        // What is not the heap's must not be touched at all.
        memory_.forbid(0, format::heap_header_offset);
        memory_.forbid(format::heads_offset, format::directory_offset - format::heads_offset);
        memory_.forbid(format::commit_slots_offset, format::heap_offset - format::commit_slots_offset);
    }

    void restore() {
        std::memcpy(memory_.base() + format::heap_header_offset, low_image_.data(), header_bytes);
        std::memcpy(memory_.base() + format::directory_offset, low_image_.data() + header_bytes,
                    low_image_.size() - header_bytes);
        std::memcpy(memory_.base() + format::heap_offset, heap_image_.data(), heap_image_.size());
    }

    [[nodiscard]] std::span<std::byte> bytes(std::uint64_t offset, std::uint64_t count) const {
        return {memory_.base() + offset, count};
    }

    /// Overwrites up to `count` words of the stretch by values that are likely to lead astray.
    void damage(std::span<std::byte> stretch, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const std::size_t at = random_() % (stretch.size() / 4) * 4;
            if (random_() % 2 == 0) {
                const auto value = static_cast<std::uint32_t>(likely_value());
                std::memcpy(&stretch[at], &value, 4);
            } else {
                const std::uint64_t value = likely_value();
                std::memcpy(&stretch[at / 8 * 8], &value, 8);
            }
        }
    }

    [[nodiscard]] std::uint64_t likely_value() {
        const std::uint64_t blocks = image_end_ / format::block_bytes;
        switch (random_() % 10) {
        case 0:
            return 0;
        case 1:
            return ~std::uint64_t{0};
        case 2:
            return random_();
        case 3:
            return random_() % 8;
        case 4:
            return format::heap_first_block + random_() % (blocks - format::heap_first_block + 4);
        case 5:
            return random_() % image_end_ / 16;
        case 6:
            return format::heap_offset / 16 + random_() % ((image_end_ - format::heap_offset) / 16 + 1000);
        case 7:
            return std::uint64_t{1} << random_() % 64;
        case 8:
            return random_() % image_end_;
        default:
            return random_() & 0x00FF'FFFF'0000'0303;
        }
    }

    /// Everything that a writer does, until something is found out.
    void use() {
        try {
            heap_user writer(memory_, user_.visible());
            (void)writer.recover();
            if (random_() % 4 != 0) {
                seal_accounts(memory_.base(), image_end_);
            }
            for (int transaction = 0; transaction < 3; ++transaction) {
                writer.begin();
                use_in_transaction(writer.heap());
                if (transaction == 1) {
                    writer.abort();
                } else {
                    writer.commit();
                }
            }
            ++survived_;
        } catch (const error& failure) {
            EXPECT_TRUE(failure.reason() == errc::corrupt || failure.reason() == errc::no_space)
                << failure.what();
            ++noticed_;
            undo_what_is_left();
        }
    }

    void use_in_transaction(heap& used) {
        std::vector<ref> made;
        for (int i = 0; i < 40; ++i) {
            made.push_back(used.allocate(i % 8 == 7 ? 30'000 * random_() % 200'000 : random_() % 3000));
        }
        used.refill_reserve();
        for (std::size_t i = 0; i < 40; ++i) {
            const ref place = i % 3 == 0   ? ref::from_units(likely_value() & ref::units_max)
                              : i % 3 == 1 ? places_[random_() % places_.size()]
                                           : made[i];
            try {
                (void)used.size_of(place);
                used.free(place);
            } catch (const error& failure) {
                if (failure.reason() != errc::corrupt) {
                    throw;
                }
            }
        }
        const std::vector<list_entry> entries(100, list_entry{1, 2});
        used.append(used.header().retired, entries.data(), entries.size());
        (void)used.consume(
            used.header().retired, random_() % 2 == 0 ? 130 : ~std::uint64_t{0},
            [](const list_entry&) { return true; }, [&](ref chunk) { (void)used.size_of(chunk); });
    }

    void undo_what_is_left() {
        try {
            (void)heap_user(memory_, user_.visible()).recover();
        } catch (const error& failure) {
            EXPECT_EQ(failure.reason(), errc::corrupt);
        }
    }

    void expect_both_outcomes() const {
        EXPECT_GT(noticed_, 0U);
        EXPECT_GT(survived_, 0U);
    }

    static constexpr std::uint64_t rounds = 3'000 / effort_divisor + 100;
    std::mt19937_64 random_{99}; // NOLINT: the same damage each time
    std::vector<ref> places_;
    static constexpr std::uint64_t header_bytes = format::heads_offset - format::heap_header_offset;
    std::vector<std::byte> low_image_; ///< header, directory, undo log
    std::vector<std::byte> heap_image_;
    std::uint64_t image_end_ = 0;
    std::uint64_t noticed_ = 0;
    std::uint64_t survived_ = 0;
};

TEST_F(forged_test, a_forged_header_is_survived) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        damage(bytes(format::heap_header_offset, sizeof(format::heap_header)), 1 + random_() % 8);
        use();
    }
    expect_both_outcomes();
}

TEST_F(forged_test, forged_descriptors_are_survived) {
    const std::uint64_t table = format::heap_offset + format::block_bytes;
    const std::uint64_t described = image_end_ / format::block_bytes - format::heap_first_block;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        damage(bytes(table, described * sizeof(block_descriptor)), 1 + random_() % 40);
        use();
    }
    expect_both_outcomes();
}

/// Finding: an owner that does not exist was an index beyond the table of lists.
TEST_F(forged_test, an_owner_or_class_that_does_not_exist_is_noticed) {
    for (const bool owner : {true, false}) {
        for (std::size_t i = 0; i < places_.size(); i += 7) {
            const ref place = places_[i];
            restore();
            heap_user writer(memory_, user_.visible());
            (void)writer.recover();
            writer.begin();
            const auto number = static_cast<std::uint32_t>(place.offset() / format::block_bytes);
            block_descriptor block = writer.heap().blocks().descriptor(number);
            if (block.state != static_cast<std::uint8_t>(format::block_state::slab)) {
                continue;
            }
            (owner ? block.owner : block.size_class) = 200;
            block.free = 0; // so that freeing links the slab
            writer.heap().blocks().write(number, block);
            EXPECT_EQ(reason_of([&] { writer.heap().free(place); }), errc::corrupt);
        }
    }
}

/// No test noticed when the guard was taken out.
TEST_F(forged_test, a_free_run_whose_two_ends_disagree_is_noticed) {
    heap_user writer(memory_, user_.visible());
    (void)writer.recover();
    writer.begin();
    heap& used = writer.heap();
    constexpr std::uint64_t run_bytes = 2 * format::block_bytes;
    std::vector<std::uint64_t> runs;
    for (int i = 0; i < 40; ++i) {
        runs.push_back(used.allocate(run_bytes).offset());
    }
    std::sort(runs.begin(), runs.end());
    std::size_t middle = 1;
    while (middle + 1 < runs.size() &&
           (runs[middle] - runs[middle - 1] != run_bytes || runs[middle + 1] - runs[middle] != run_bytes)) {
        ++middle;
    }
    ASSERT_LT(middle + 1, runs.size()) << "no three runs lie side by side";
    used.free(ref::from_offset(runs[middle]));
    const auto first = static_cast<std::uint32_t>(runs[middle] / format::block_bytes);
    block_descriptor block = used.blocks().descriptor(first);
    ASSERT_EQ(block.used[0], 2U);
    block.used[0] = 1; // the other end still says 2
    used.blocks().write(first, block);
    EXPECT_EQ(reason_of([&] { used.free(ref::from_offset(runs[middle + 1])); }), errc::corrupt);
}

/// No test noticed when either sum went unverified.
TEST_F(forged_test, a_flipped_bit_of_the_header_or_the_directory_stops_the_next_process) {
    (void)heap_user(memory_, user_.visible()).recover();
    for (const std::uint64_t offset :
         {format::heap_header_offset + offsetof(format::heap_header, held_back_bytes),
          format::directory_offset + 100 * sizeof(std::uint64_t)}) {
        bytes(offset, 1)[0] ^= std::byte{1};
        EXPECT_EQ(reason_of([&] { heap_user(memory_, user_.visible()).begin(); }), errc::corrupt) << offset;
        bytes(offset, 1)[0] ^= std::byte{1};
    }
    heap_user(memory_, user_.visible()).begin();
}

TEST_F(forged_test, a_forged_directory_is_survived) {
    const auto leaf = bytes(format::heap_offset, 4 * 8);
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        damage(bytes(format::directory_offset, 3 * 8), random_() % 2);
        damage(leaf, 1);
        use();
    }
    EXPECT_GT(noticed_, 0U);
}

TEST_F(forged_test, forged_lists_are_survived) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        format::heap_header& header = user_.heap().header();
        damage(bytes(ref::from_units(header.retired.front).offset(), sizeof(format::list_chunk)), 3);
        if (random_() % 2 == 0) {
            damage({reinterpret_cast<std::byte*>(&header.retired), sizeof header.retired}, 2);
        }
        use();
    }
    expect_both_outcomes();
}

TEST_F(forged_test, a_list_that_leads_in_a_circle_ends) {
    heap_user writer(memory_, user_.visible());
    (void)writer.recover();
    writer.begin();
    heap& used = writer.heap();
    auto& chunk = used.object<format::list_chunk>(ref::from_units(used.header().retired.front));
    chunk.next = used.header().retired.front;
    chunk.check = chunk_sum(chunk, ref::from_units(chunk.next).offset());
    used.header().retired.entries = ~std::uint64_t{0} / 2;
    EXPECT_EQ(reason_of([&] {
                  (void)used.consume(
                      used.header().retired, ~std::uint64_t{0}, [](const list_entry&) { return true; },
                      [](ref) {});
              }),
              errc::corrupt);
}

TEST_F(forged_test, a_forged_undo_log_is_survived) {
    const auto& log = *reinterpret_cast<format::undo_log*>(memory_.base() + format::undo_log_offset);
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        const std::uint64_t used =
            std::min<std::uint64_t>(format::counted_number(log.tail), log.first_capacity) *
            sizeof(format::undo_entry);
        switch (random_() % 3) {
        case 0:
            damage(bytes(format::undo_log_offset, 64), 1 + random_() % 3);
            break;
        case 1:
            damage(bytes(format::undo_log_offset + offsetof(format::undo_log, first), used), 1);
            break;
        default:
            damage(bytes(log.chunks[1] * ref::unit_bytes, 4096), 1 + random_() % 3);
            break;
        }
        use();
    }
    expect_both_outcomes();
}

/// The log may name its own entries; copying back must notice.
TEST_F(forged_test, an_undo_log_that_rewrites_itself_is_noticed) {
    auto& log = *reinterpret_cast<format::undo_log*>(memory_.base() + format::undo_log_offset);
    ASSERT_GT(format::counted_number(log.tail), format::undo_log::first_capacity + 1);
    const std::uint64_t chunk = log.chunks[1] * ref::unit_bytes;
    auto* const entries = reinterpret_cast<format::undo_entry*>(memory_.base() + chunk);
    const std::uint64_t last = format::counted_number(log.tail) - 1 - format::undo_log::first_capacity;
    const std::uint64_t tag = format::undo_tag(raw(format::checked_word(log.txn).number()));
    entries[last] = {chunk | tag, format::heads_offset | tag}; // the offset of entry 0 of the chunk
    EXPECT_EQ(reason_of([&] { heap_user(memory_, user_.visible()).recover(); }), errc::corrupt);
    entries[0] = {format::durable_slot_a_offset | tag, 1};
    EXPECT_EQ(reason_of([&] { heap_user(memory_, user_.visible()).recover(); }), errc::corrupt);
}

TEST_F(forged_test, random_bytes_everywhere_are_survived) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
        restore();
        damage(bytes(format::heap_header_offset, sizeof(format::heap_header)), random_() % 3);
        damage(bytes(format::directory_offset, 16), random_() % 10 == 0 ? 1 : 0);
        damage(bytes(format::heap_offset, image_end_ - format::heap_offset), random_() % 2000);
        use();
    }
    expect_both_outcomes();
}

} // namespace
} // namespace holdfast::test
