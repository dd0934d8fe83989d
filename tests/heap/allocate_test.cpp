// Objects of all sizes: where they lie, what is rejected, what happens when space runs out.
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "fixture.hpp"
#include "heap/size_class.hpp"

namespace holdfast::test {
namespace {

using allocate_test = heap_test;
using format::block_owner;

/// Takes objects and keeps track of them; two that overlap fail the test.
class object_set {
public:
    void add(heap& owner, ref place, std::uint64_t size) {
        const std::uint64_t begin = place.offset();
        ASSERT_GE(owner.size_of(place), size);
        ASSERT_LE(owner.end_bytes() - begin, owner.end_bytes() - format::heap_offset);
        const std::uint64_t end = begin + owner.size_of(place);
        ASSERT_LE(end, owner.end_bytes());
        const auto after = objects_.lower_bound(begin);
        ASSERT_TRUE(after == objects_.end() || end <= after->first);
        ASSERT_TRUE(after == objects_.begin() || std::prev(after)->second <= begin);
        objects_[begin] = end;
    }
    [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& all() const noexcept { return objects_; }

private:
    std::map<std::uint64_t, std::uint64_t> objects_; ///< begin -> end
};

TEST_F(allocate_test, a_new_heap_holds_its_reserve_and_nothing_else) {
    const heap_report report = check_heap(user_.heap());
    EXPECT_TRUE(report.findings.empty());
    ASSERT_EQ(report.objects.size(), 1U);
    EXPECT_EQ(report.objects.begin()->first, user_.heap().header().reserve_block * format::block_bytes);
}

TEST_F(allocate_test, objects_of_every_size_up_to_64_kib_lie_apart_and_can_be_freed_in_any_order) {
    heap& tested = user_.heap();
    user_.begin();
    object_set objects;
    std::vector<ref> places;
    for (std::uint64_t size = 0; size <= 64 * 1024; size += size < 9000 ? 1 : 37) {
        const ref place = tested.allocate(size);
        ASSERT_NO_FATAL_FAILURE(objects.add(tested, place, size));
        std::memset(tested.base() + place.offset(), 0xA5, size);
        places.push_back(place);
    }
    user_.commit();
    expect_sound();
    user_.begin();
    std::shuffle(places.begin(), places.end(), std::mt19937_64(7)); // NOLINT: the same order each time
    for (const ref place : places) {
        const std::uint64_t bytes = tested.size_of(place);
        EXPECT_EQ(tested.free(place), bytes);
    }
    user_.commit();
    const heap_report report = check_heap(tested);
    EXPECT_TRUE(report.findings.empty());
    // The reserve, and an empty slab that each class keeps.
    EXPECT_LE(report.slab_blocks, format::slab_classes);
    EXPECT_EQ(report.objects.size(), 1U);
}

TEST_F(allocate_test, powers_of_two_are_naturally_aligned) {
    heap& tested = user_.heap();
    user_.begin();
    for (std::uint64_t size = 64; size <= 16 * 1024; size *= 2) {
        for (int i = 0; i < 50; ++i) {
            ASSERT_EQ(tested.allocate(size).offset() % size, 0U) << size;
        }
    }
}

TEST_F(allocate_test, runs_of_many_mebibytes_grow_the_heap_and_merge_again) {
    heap& tested = user_.heap();
    object_set objects;
    std::vector<ref> places;
    for (const std::uint64_t mebibytes : {1, 17, 3, 64, 40, 16, 100}) {
        user_.begin();
        const std::uint64_t size = mebibytes * format::mib + 1;
        const ref place = tested.allocate(size);
        ASSERT_NO_FATAL_FAILURE(objects.add(tested, place, size));
        EXPECT_EQ(place.offset() % format::block_bytes, 0U);
        EXPECT_LT(tested.size_of(place) - size, format::block_bytes);
        tested.base()[place.offset()] = std::byte{1};
        tested.base()[place.offset() + size - 1] = std::byte{1};
        places.push_back(place);
        user_.commit();
        expect_sound();
    }
    user_.begin();
    for (const ref place : places) {
        tested.free(place);
    }
    user_.commit();
    expect_sound();
    const std::uint64_t end = tested.end_bytes();
    user_.begin();
    const ref again = tested.allocate(100 * format::mib);
    user_.commit();
    EXPECT_EQ(tested.end_bytes(), end) << "what was freed was not used again";
    EXPECT_NE(again, ref{});
}

TEST_F(allocate_test, owners_do_not_share_slabs) {
    heap& tested = user_.heap();
    user_.begin();
    const ref of_tree = tested.allocate(100, block_owner::tree);
    const ref of_arena = tested.allocate(100, block_owner::arena);
    const ref arena_run = tested.allocate(100'000, block_owner::arena);
    user_.commit();
    EXPECT_NE(of_tree.offset() / format::block_bytes, of_arena.offset() / format::block_bytes);
    const heap_report report = check_heap(tested);
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.objects.at(of_tree.offset()).owner, block_owner::tree);
    EXPECT_EQ(report.objects.at(of_arena.offset()).owner, block_owner::arena);
    EXPECT_EQ(report.objects.at(arena_run.offset()).owner, block_owner::arena);
}

TEST_F(allocate_test, more_than_any_store_can_hold_is_no_space) {
    user_.begin();
    const account_image before(user_.heap());
    for (const std::uint64_t size : {format::file_bytes_max, format::file_bytes_max + 1, ~std::uint64_t{0}}) {
        EXPECT_EQ(reason_of([&] { (void)user_.heap().allocate(size); }), errc::no_space);
    }
    EXPECT_EQ(before.first_difference(), 0U);
}

// --- What is not an object --------------------------------------------------------------------------------

TEST_F(allocate_test, only_allocated_objects_can_be_freed_and_only_once) {
    heap& tested = user_.heap();
    user_.begin();
    const ref small = tested.allocate(200);
    const ref large = tested.allocate(50'000);
    const auto rejected = [&](ref place) {
        EXPECT_EQ(reason_of([&] { tested.free(place); }), errc::corrupt) << place.offset();
        EXPECT_EQ(reason_of([&] { (void)tested.size_of(place); }), errc::corrupt) << place.offset();
    };
    rejected(ref{});
    rejected(ref::from_units(ref::units_max));
    rejected(ref::from_offset(small.offset() + 16));
    rejected(ref::from_offset(large.offset() + 16));
    rejected(ref::from_offset(large.offset() + format::block_bytes));
    rejected(ref::from_offset(large.offset() + 3 * format::block_bytes));
    rejected(ref::from_offset(format::heap_offset)); // the directory's leaf
    rejected(ref::from_offset(tested.end_bytes() - format::block_bytes));
    rejected(ref::from_offset(tested.end_bytes()));
    tested.free(small);
    rejected(small);
    tested.free(large);
    rejected(large);
    user_.commit();
    expect_sound();
}

/// A run that merged with its left neighbour left a descriptor behind that still looked taken.
TEST_F(allocate_test, a_run_is_freed_once_also_when_it_merged_with_its_neighbours) {
    heap& tested = user_.heap();
    user_.begin();
    std::vector<ref> runs;
    for (int i = 0; i < 3; ++i) {
        runs.push_back(tested.allocate(2 * format::block_bytes));
    }
    for (const ref run : runs) {
        tested.free(run);
    }
    for (const ref run : runs) {
        EXPECT_EQ(reason_of([&] { (void)tested.size_of(run); }), errc::corrupt);
        EXPECT_EQ(reason_of([&] { tested.free(run); }), errc::corrupt);
    }
    // Likewise inside of a later run that covers all of them.
    const ref covering = tested.allocate(6 * format::block_bytes);
    for (const ref run : runs) {
        if (run == covering) {
            continue;
        }
        EXPECT_EQ(reason_of([&] { tested.free(run); }), errc::corrupt);
    }
    user_.commit();
    expect_sound();
}

// --- When space runs out ----------------------------------------------------------------------------------

/// Allocates until it is no_space; how many objects that were.
std::uint64_t fill(heap& filled, std::uint64_t size) {
    for (std::uint64_t count = 0;; ++count) {
        try {
            (void)filled.allocate(size);
        } catch (const error& failure) {
            EXPECT_EQ(failure.reason(), errc::no_space);
            return count;
        }
    }
}

TEST_F(allocate_test, a_full_disk_is_no_space_and_everything_else_goes_on) {
    heap& tested = user_.heap();
    memory_.set_limit(initial_end_bytes + 100 * format::block_bytes);
    user_.begin();
    EXPECT_GT(fill(tested, format::block_bytes), 90U);
    EXPECT_EQ(tested.end_bytes(), initial_end_bytes + 100 * format::block_bytes)
        << "the last blocks are not used";
    expect_sound();
    user_.commit();
    user_.begin();
    const account_image before(tested);
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(format::block_bytes); }), errc::no_space);
    EXPECT_EQ(before.first_difference(), 0U) << "a failed allocation changed something";
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(100); }), errc::no_space);
    EXPECT_EQ(before.first_difference(), 0U) << "a failed allocation changed something";
    user_.abort();
    expect_sound();
}

TEST_F(allocate_test, the_reserve_is_for_those_who_may_break_it_and_is_filled_again) {
    heap& tested = user_.heap();
    memory_.set_limit(initial_end_bytes);
    user_.begin();
    const std::uint64_t reserve = tested.header().reserve_block;
    ASSERT_NE(reserve, 0U);
    (void)fill(tested, format::block_bytes);
    EXPECT_EQ(tested.header().reserve_block, reserve);
    user_.commit();

    user_.begin();
    tested.allocation_policy().may_break_reserve = true;
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(10 * format::mib); }), errc::no_space);
    EXPECT_EQ(tested.header().reserve_block, reserve) << "broken for what does not fit into it";
    const ref first = tested.allocate(format::block_bytes);
    EXPECT_EQ(tested.header().reserve_block, 0U);
    EXPECT_EQ(first.offset() / format::block_bytes, reserve);
    EXPECT_EQ(fill(tested, format::block_bytes), 7U);
    user_.abort();
    EXPECT_EQ(tested.header().reserve_block, reserve);

    user_.begin();
    std::vector<ref> taken;
    for (int i = 0; i < 8; ++i) {
        taken.push_back(tested.allocate(format::block_bytes));
    }
    tested.allocation_policy() = {};
    user_.commit();
    expect_sound();
    memory_.set_limit(initial_end_bytes + 16 * format::block_bytes);
    user_.begin();
    (void)tested.allocate(format::block_bytes);
    for (const ref place : taken) {
        tested.free(place);
    }
    tested.refill_reserve();
    EXPECT_NE(tested.header().reserve_block, 0U);
    user_.commit();
    expect_sound();
}

TEST_F(allocate_test, reclaiming_is_asked_before_the_heap_grows_and_again_when_it_can_not) {
    heap& tested = user_.heap();
    memory_.set_limit(initial_end_bytes);
    user_.begin();
    std::vector<ref> kept;
    for (int i = 0; i < 5; ++i) {
        kept.push_back(tested.allocate(format::block_bytes));
    }
    std::vector<bool> asked;
    tested.allocation_policy().reclaim = [&](bool pressed) {
        asked.push_back(pressed);
        if (!pressed || kept.empty()) {
            return false;
        }
        tested.free(kept.back());
        kept.pop_back();
        return true;
    };
    (void)fill(tested, format::block_bytes);
    ASSERT_EQ(asked.size(), 12U); // twice for each of five successes and one failure
    for (std::size_t i = 0; i < asked.size(); ++i) {
        EXPECT_EQ(asked[i], i % 2 == 1);
    }
    tested.allocation_policy() = {};
    user_.commit();
    expect_sound();
}

/// Fail on the first, second, third growth ...: nothing may be lost, and an abort gives all of it back.
TEST_F(allocate_test, no_space_at_any_growth_leaves_a_sound_heap) {
    heap& tested = user_.heap();
    for (std::uint64_t nth = 1; nth <= (effort_divisor == 1 ? 12U : 4U); ++nth) {
        user_.begin();
        const account_image before(tested);
        memory_.fail_growth(nth);
        const std::uint64_t small = fill(tested, 1000);
        EXPECT_EQ(reason_of([&] { (void)tested.allocate(format::mib); }), errc::no_space);
        EXPECT_GE(small, (nth - 1) * 16 * 16);
        expect_sound();
        memory_.fail_growth(0);
        (void)tested.allocate(1000);
        user_.abort();
        ASSERT_EQ(before.first_difference(), 0U);
        expect_sound();
    }
}

/// While the reserve is used up, what stands in for it is not for everybody: else erasing could not go on.
TEST_F(allocate_test, only_erasing_takes_the_last_blocks_while_the_reserve_is_broken) {
    heap& tested = user_.heap();
    memory_.set_limit(tested.end_bytes());
    user_.begin();
    const ref run = tested.allocate(10 * format::block_bytes);
    tested.allocation_policy().may_break_reserve = true;
    (void)fill(tested, format::block_bytes);
    ASSERT_EQ(tested.header().reserve_block, 0U);
    ASSERT_EQ(tested.header().free_blocks, 0U);
    tested.free(run);
    user_.commit();

    user_.begin();
    tested.allocation_policy().may_break_reserve = false;
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(3 * format::block_bytes); }), errc::no_space);
    (void)tested.allocate(2 * format::block_bytes);
    EXPECT_EQ(reason_of([&] { (void)tested.allocate(format::block_bytes); }), errc::no_space);
    tested.allocation_policy().may_break_reserve = true;
    EXPECT_EQ(fill(tested, format::block_bytes), 8U);
    user_.commit();
    expect_sound();
}

/// Finding: freeing the log's own chunks before a commit could need more entries than the log had left, and adding
/// a large chunk more than an operation had ensured.
TEST_F(allocate_test, the_undo_log_never_runs_out_in_the_middle_of_an_operation) {
    heap& tested = user_.heap();
    for (std::uint64_t operations = 100; operations < 4000; operations += 61) {
        user_.begin();
        for (std::uint64_t i = 0; i < operations; ++i) {
            (void)tested.allocate(i % 7 == 0 ? 20'000 : 8192);
        }
        if (operations % 2 == 0) {
            user_.abort();
            continue;
        }
        user_.commit();
        user_.begin();
        const heap_report report = check_heap(tested);
        ASSERT_TRUE(report.findings.empty());
        for (const auto& [offset, object] : report.objects) {
            if (offset != tested.header().reserve_block * format::block_bytes) {
                tested.free(ref::from_offset(offset));
            }
        }
        user_.commit();
        expect_sound();
    }
}

// --- Fragmentation ----------------------------------------------------------------------------------------

/// Not a promise but a figure to notice regressions by: what a store of small records occupies beyond their bytes.
TEST_F(allocate_test, churn_of_small_objects_keeps_the_heap_within_half_of_what_lives_again) {
    heap& tested = user_.heap();
    std::mt19937_64 random(11); // NOLINT: the same numbers each time
    std::vector<std::pair<ref, std::uint64_t>> live;
    std::uint64_t live_bytes = 0;
    const auto add = [&] {
        const std::uint64_t size = random() % 16 == 0 ? 500 + random() % 6000 : 40 + random() % 200;
        live.emplace_back(tested.allocate(size), size);
        live_bytes += size;
    };
    user_.begin();
    for (int i = 0; i < 40'000; ++i) {
        add();
    }
    user_.commit();
    for (std::uint64_t round = 0; round < 200 / effort_divisor + 1; ++round) {
        user_.begin();
        for (int i = 0; i < 1000; ++i) {
            const std::size_t victim = random() % live.size();
            tested.free(live[victim].first);
            live_bytes -= live[victim].second;
            live[victim] = live.back();
            live.pop_back();
            add();
        }
        user_.commit();
    }
    expect_sound();
    const double ratio =
        static_cast<double>(tested.end_bytes() - format::heap_offset) / static_cast<double>(live_bytes);
    RecordProperty("heap_bytes_per_live_byte", std::to_string(ratio));
    EXPECT_LT(ratio, 1.5);
}

} // namespace
} // namespace holdfast::test
