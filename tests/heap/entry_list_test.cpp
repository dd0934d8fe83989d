// Lists of entries: queues in chunks, appended to, consumed, undone.
#include <deque>
#include <random>
#include <vector>

#include "fixture.hpp"

namespace holdfast::test {
namespace {

using format::list_chunk;
using format::list_entry;

class entry_list_test : public heap_test {
protected:
    [[nodiscard]] format::entry_list& list() { return user_.heap().header().retired; }

    /// The high bits are the check's.
    [[nodiscard]] static std::uint64_t word_of(std::uint64_t tagged) noexcept { return ~tagged >> 16; }

    void append(std::uint64_t count) {
        std::vector<list_entry> entries;
        for (std::uint64_t i = 0; i < count; ++i) {
            entries.push_back({++written_, word_of(written_)});
            expected_.push_back(written_);
        }
        user_.heap().append(list(), entries.data(), entries.size());
    }

    /// Takes up to `limit`; stops by itself before the entry `stop_at`. Emptied chunks wait to be freed.
    std::uint64_t consume(std::uint64_t limit, std::uint64_t stop_at = 0) {
        return user_.heap().consume(
            list(), limit,
            [&](const list_entry& entry) {
                if (entry.tagged == stop_at) {
                    return false;
                }
                EXPECT_FALSE(expected_.empty());
                EXPECT_EQ(entry.tagged, expected_.front());
                EXPECT_EQ(entry.word, word_of(expected_.front()));
                expected_.pop_front();
                return true;
            },
            [&](ref chunk) { emptied_.push_back(chunk); });
    }

    void free_emptied() {
        for (const ref chunk : emptied_) {
            user_.heap().free(chunk);
        }
        emptied_.clear();
    }

    /// Chunks that are allocated, whether the list's or emptied.
    [[nodiscard]] std::size_t chunks() {
        std::size_t count = 0;
        for (const auto& [offset, object] : check_heap(user_.heap()).objects) {
            if (object.bytes == sizeof(list_chunk)) {
                ++count;
            }
        }
        return count;
    }

    std::deque<std::uint64_t> expected_;
    std::vector<ref> emptied_;
    std::uint64_t written_ = 0;
};

TEST_F(entry_list_test, an_empty_list_owns_nothing) {
    user_.begin();
    append(0);
    EXPECT_EQ(consume(10), 0U);
    append(1);
    EXPECT_EQ(chunks(), 1U);
    EXPECT_EQ(consume(10), 1U);
    free_emptied();
    EXPECT_EQ(chunks(), 0U);
    EXPECT_EQ(list().front, 0U);
    EXPECT_EQ(list().back, 0U);
    user_.commit();
}

TEST_F(entry_list_test, entries_come_out_as_they_went_in_across_every_border_of_a_chunk) {
    constexpr std::uint64_t around = list_chunk::capacity;
    for (const std::uint64_t added :
         {around - 1, around, around + 1, 2 * around - 1, 2 * around, 2 * around + 1}) {
        for (const std::uint64_t taken : {std::uint64_t{1}, around - 1, around, around + 1, added}) {
            user_.begin();
            append(added);
            EXPECT_EQ(consume(std::min(taken, added)), std::min(taken, added));
            append(3);
            EXPECT_EQ(consume(~std::uint64_t{0}), added - std::min(taken, added) + 3);
            EXPECT_TRUE(expected_.empty());
            EXPECT_EQ(list().entries, 0U);
            free_emptied();
            EXPECT_EQ(chunks(), 0U);
            user_.commit();
        }
    }
}

TEST_F(entry_list_test, an_entry_that_is_not_wanted_stays) {
    user_.begin();
    append(200);
    EXPECT_EQ(consume(1000, 100), 99U);
    EXPECT_EQ(consume(1000, 100), 0U);
    EXPECT_EQ(list().entries, 101U);
    EXPECT_EQ(consume(1000), 101U);
    user_.commit();
}

TEST_F(entry_list_test, random_appends_and_consumes_with_aborts_follow_a_model) {
    std::mt19937_64 random(3); // NOLINT: the same numbers each time
    for (std::uint64_t transaction = 0; transaction < 3000 / effort_divisor; ++transaction) {
        user_.begin();
        const auto expected_before = expected_;
        const auto written_before = written_;
        free_emptied(); // of the transaction before, as a reclaimer would
        const account_image before(user_.heap());
        const int steps = static_cast<int>(1 + random() % 6);
        for (int i = 0; i < steps; ++i) {
            if (random() % 2 == 0) {
                append(random() % 300);
            } else {
                (void)consume(random() % 310);
            }
        }
        ASSERT_EQ(list().entries, expected_.size());
        if (random() % 3 == 0) {
            user_.abort();
            expected_ = expected_before;
            written_ = written_before;
            emptied_.clear();
            // What had been freed at the beginning is back, too; this model forgets it, so take the whole list anew.
            ASSERT_EQ(list().entries, expected_.size());
        } else {
            user_.commit();
        }
        if (transaction % 100 == 0) {
            expect_sound();
        }
    }
    user_.begin();
    (void)consume(~std::uint64_t{0});
    EXPECT_TRUE(expected_.empty());
    user_.commit();
}

/// A chunk that was emptied must keep its bytes until the transaction that emptied it is committed.
TEST_F(entry_list_test, an_undone_transaction_finds_its_entries_again) {
    user_.begin();
    append(500);
    user_.commit();
    const auto expected_before = expected_;
    for (int attempt = 0; attempt < 3; ++attempt) {
        user_.begin();
        EXPECT_EQ(consume(400), 400U);
        append(200);
        for (int i = 0; i < 100; ++i) {
            (void)user_.heap().allocate(sizeof(list_chunk));
        }
        user_.abort();
        expected_ = expected_before;
        emptied_.clear();
    }
    user_.begin();
    EXPECT_EQ(consume(1000), 500U);
    user_.commit();
}

TEST_F(entry_list_test, a_list_in_an_object_works_like_one_in_the_header) {
    heap& tested = user_.heap();
    user_.begin();
    const ref place = tested.allocate(sizeof(format::park));
    auto& park = tested.object<format::park>(place);
    park = {};
    std::vector<list_entry> entries(150, list_entry{5, 6});
    tested.append(park.list, entries.data(), entries.size());
    user_.commit();
    const account_image before(tested, std::vector<ref>{place});
    user_.begin();
    tested.append(park.list, entries.data(), entries.size());
    (void)tested.consume(
        park.list, 290, [](const list_entry&) { return true; }, [](ref) {});
    tested.set(park.pin, 77);
    user_.abort();
    EXPECT_EQ(before.first_difference(), 0U);
}

TEST_F(entry_list_test, consuming_stops_when_the_log_and_the_disk_are_full) {
    heap& tested = user_.heap();
    user_.begin();
    append(4'000);
    const ref victim = tested.allocate(48); // its slab has room for the objects below
    user_.commit();
    memory_.set_limit(tested.end_bytes());
    user_.begin();
    try {
        for (;;) {
            (void)tested.allocate(format::block_bytes);
        }
    } catch (const error&) {
        user_.commit();
    }
    user_.begin();
    const std::uint64_t taken = tested.consume(
        list(), ~std::uint64_t{0},
        [&](const list_entry&) {
            for (int i = 0; i < 4; ++i) {
                tested.free(tested.allocate(48)); // as many words as freeing takes
            }
            expected_.pop_front();
            return true;
        },
        [&](ref chunk) { emptied_.push_back(chunk); });
    EXPECT_GT(taken, 10U);
    EXPECT_LT(taken, 4'000U);
    EXPECT_EQ(list().entries, expected_.size());
    tested.free(victim);
    user_.commit();
    expect_sound();
}

TEST_F(entry_list_test, a_list_without_room_for_its_entries_is_no_space_and_stays_as_it_was) {
    heap& tested = user_.heap();
    memory_.set_limit(tested.end_bytes());
    user_.begin();
    append(10);
    try {
        for (;;) {
            (void)tested.allocate(512);
        }
    } catch (const error& full) {
        EXPECT_EQ(full.reason(), errc::no_space);
    }
    try {
        for (;;) {
            (void)tested.allocate(sizeof(list_chunk));
        }
    } catch (const error& full) {
        EXPECT_EQ(full.reason(), errc::no_space);
    }
    user_.commit();
    user_.begin();
    const std::vector<list_entry> entries(100, list_entry{1, 1});
    EXPECT_EQ(reason_of([&] { tested.append(list(), entries.data(), entries.size()); }), errc::no_space);
    EXPECT_EQ(list().entries, 10U);
    EXPECT_EQ(consume(100), 10U);
    user_.abort();
}

} // namespace
} // namespace holdfast::test
