// Space: a full disk is no_space with nothing lost, erasing works in it, and overwriting does not grow the file.
//
// The disk is full by failpoint (each allocation beyond what the file has fails), or really so: a small tmpfs, which
// needs the right to mount.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "format/geometry.hpp"
#include "os/failpoint.hpp"
#include "support/mounted_disk.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

/// While it exists, the disk is full.
class full_disk {
public:
    full_disk() {
        if constexpr (failpoints_built_in) {
            arm_failpoints("segment.allocate=fail,segment.grow=fail");
        }
    }
    ~full_disk() {
        if constexpr (failpoints_built_in) {
            arm_failpoints("");
        }
    }
    full_disk(const full_disk&) = delete;
    full_disk& operator=(const full_disk&) = delete;
};

using contents = std::map<std::string, std::string>;

class space_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build has no failpoints";
        }
    }
    void TearDown() override { expect_sound(store_); }

    /// Puts values of the given sizes, one a transaction, until the disk is full; returns what is in the store then.
    contents fill(const std::function<std::size_t(std::uint64_t)>& size_of) { return fill(store_, size_of); }
    static contents fill(store& filled, const std::function<std::size_t(std::uint64_t)>& size_of) {
        contents expected;
        for (std::uint64_t i = 0;; ++i) {
            const std::string text = patterned(size_of(i), i);
            try {
                filled.put(numbered("key", i), text);
            } catch (const error& failure) {
                EXPECT_EQ(failure.reason(), errc::no_space) << failure.what();
                return expected;
            }
            expected.emplace(numbered("key", i), text);
        }
    }
    static void expect_contents(const store& seen, const contents& expected) {
        const snapshot now = seen.snapshot();
        const map_view map = now.map();
        ASSERT_EQ(map.size(), expected.size());
        auto wanted = expected.begin();
        for (auto&& [key, value] : map) {
            ASSERT_EQ(key, wanted->first);
            ASSERT_TRUE(value == std::string_view(wanted->second)) << key;
            ++wanted;
        }
    }
    /// Erases everything, one key a transaction, in a random order.
    static void erase_all(store& emptied, contents expected, std::uint64_t seed) {
        std::vector<std::string> keys;
        for (const auto& [key, text] : expected) {
            keys.push_back(key);
        }
        std::shuffle(keys.begin(), keys.end(), std::mt19937_64(seed));
        for (std::size_t i = 0; i < keys.size(); ++i) {
            try {
                ASSERT_TRUE(emptied.erase(keys[i]));
            } catch (const error& failure) {
                FAIL() << "erase " << i << " of " << keys.size() << ": " << failure.what();
            }
            expected.erase(keys[i]);
            if (i % 64 == 0) {
                ASSERT_NO_FATAL_FAILURE(expect_contents(emptied, expected));
            }
        }
        EXPECT_TRUE(emptied.snapshot().map().empty());
    }

    temporary_store place_;
    store store_ = place_.open();
};

// --- A full disk ------------------------------------------------------------------------------------------

TEST_F(space_test, throws_no_space_on_a_full_disk_and_loses_nothing) {
    const full_disk full;
    const contents expected = fill([](std::uint64_t i) { return i % 700; });
    EXPECT_GT(expected.size(), 100U);
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
    expect_sound(store_);
    for (int i = 0; i < 20; ++i) {
        expect_failure(errc::no_space, [&] { store_.put("large", patterned(100'000, 1)); });
    }
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
}

TEST_F(space_test, goes_on_when_there_is_room_again) {
    contents expected;
    {
        const full_disk full;
        expected = fill([](std::uint64_t) { return 300; });
    }
    store_.put("now", "there is room");
    expected.emplace("now", "there is room");
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
}

TEST_F(space_test, erases_in_a_full_store_until_it_is_empty) {
    for (const std::size_t size : {10U, 400U, 3000U, 20'000U}) {
        SCOPED_TRACE(size);
        const full_disk full;
        const contents expected = fill([&](std::uint64_t) { return size; });
        ASSERT_GT(expected.size(), 2U);
        ASSERT_NO_FATAL_FAILURE(erase_all(store_, expected, size));
        expect_sound(store_);
    }
}

TEST_F(space_test, takes_new_values_once_old_ones_were_erased) {
    const full_disk full;
    const contents expected = fill([](std::uint64_t) { return 500; });
    ASSERT_NO_FATAL_FAILURE(erase_all(store_, expected, 1));
    const contents again = fill([](std::uint64_t) { return 500; });
    EXPECT_GE(again.size() + again.size() / 8, expected.size());
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, again));
}

TEST_F(space_test, replaces_values_in_a_full_store) {
    const full_disk full;
    contents expected = fill([](std::uint64_t) { return 200; });
    std::uint64_t refused = 0;
    for (std::uint64_t i = 0; i < 3 * expected.size(); ++i) {
        const std::string key = numbered("key", i * 31 % expected.size());
        try {
            store_.erase(key);
            expected.erase(key);
            store_.put(key, patterned(200, i));
            expected[key] = patterned(200, i);
        } catch (const error& failure) {
            ASSERT_EQ(failure.reason(), errc::no_space) << failure.what();
            ++refused;
        }
    }
    EXPECT_LT(refused, expected.size() / 10);
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
}

TEST_F(space_test, erases_however_often_the_store_was_filled_up_again) {
    const full_disk full;
    std::mt19937_64 random(7);
    contents expected = fill([](std::uint64_t i) { return i % 900; });
    std::uint64_t next = 1'000'000;
    for (int round = 0; round < 60 && expected.size() > 10; ++round) {
        for (std::uint64_t i = 0; i < 1 + random() % 8 && !expected.empty(); ++i) {
            const auto victim =
                std::next(expected.begin(), static_cast<std::ptrdiff_t>(random() % expected.size()));
            try {
                ASSERT_TRUE(store_.erase(victim->first));
            } catch (const error& failure) {
                FAIL() << "round " << round << ": " << failure.what();
            }
            expected.erase(victim);
        }
        const std::size_t size = std::size_t{1} << random() % 14;
        for (int refused = 0; refused < 3; ++next) {
            try {
                store_.put(numbered("key", next), patterned(size, next));
                expected.emplace(numbered("key", next), patterned(size, next));
            } catch (const error& failure) {
                ASSERT_EQ(failure.reason(), errc::no_space) << failure.what();
                ++refused;
            }
        }
    }
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
    ASSERT_NO_FATAL_FAILURE(erase_all(store_, expected, 3));
}

TEST_F(space_test, erases_in_a_full_store_beside_a_held_snapshot) {
    for (std::uint64_t i = 0; i < 2000; ++i) {
        store_.put(numbered("key", i), "before");
    }
    const full_disk full;
    const snapshot held = store_.snapshot();
    contents expected;
    for (auto&& [key, value] : held.map()) {
        expected.emplace(key, value.text());
    }
    for (std::uint64_t i = 0;; ++i) { // each replaced record and path is held back
        try {
            store_.put(numbered("key", i % 2000), std::to_string(i));
            expected[numbered("key", i % 2000)] = std::to_string(i);
        } catch (const error& failure) {
            ASSERT_EQ(failure.reason(), errc::no_space) << failure.what();
            break;
        }
    }
    for (std::uint64_t i = 0; i < 10; ++i) {
        try {
            ASSERT_TRUE(store_.erase(numbered("key", i * 190)));
        } catch (const error& failure) {
            FAIL() << "erase " << i << ": " << failure.what();
        }
        expected.erase(numbered("key", i * 190));
    }
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
    EXPECT_EQ(held.get("key00000000")->text(), "before");
    EXPECT_EQ(held.map().size(), 2000U);
}

TEST_F(space_test, erases_in_a_full_store_where_much_was_retired_at_once_and_is_held) {
    contents expected;
    const auto put_all = [&](const std::string& text) {
        store_.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 20'000; ++i) {
                transaction.put(numbered("key", i), text);
                expected[numbered("key", i)] = text;
            }
        });
    };
    put_all("before");
    const snapshot held = store_.snapshot();
    put_all("after");
    const full_disk full; // what 20,000 objects take to be parked is more than there is
    for (std::size_t size = 100'000; size != 0; size /= 10) {
        std::uint64_t number = 0;
        expect_failure(errc::no_space, [&] {
            for (;; ++number) {
                const std::string key = numbered("size" + std::to_string(size) + "-", number);
                store_.put(key, patterned(size, number));
                expected[key] = patterned(size, number);
            }
        });
    }
    for (std::uint64_t i = 0; i < 200; ++i) {
        try {
            ASSERT_TRUE(store_.erase(numbered("key", i * 97)));
        } catch (const error& failure) {
            FAIL() << "erase " << i << ": " << failure.what();
        }
        expected.erase(numbered("key", i * 97));
    }
    ASSERT_NO_FATAL_FAILURE(expect_contents(store_, expected));
    EXPECT_EQ(held.map().size(), 20'000U);
    EXPECT_EQ(held.get("key00000097")->text(), "before");
}

TEST_F(space_test, takes_new_values_when_the_snapshot_that_held_all_back_ends) {
    for (std::uint64_t i = 0; i < 2000; ++i) {
        store_.put(numbered("key", i), "before");
    }
    const full_disk full;
    {
        const snapshot held = store_.snapshot();
        expect_failure(errc::no_space, [&] {
            for (std::uint64_t i = 0;; ++i) {
                store_.put(numbered("key", i % 2000), std::to_string(i));
            }
        });
    }
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        store_.put(numbered("key", i % 2000), std::to_string(i));
    }
    EXPECT_EQ(store_.snapshot().map().size(), 2000U);
}

TEST_F(space_test, undoes_a_transaction_that_is_larger_than_the_disk) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        store_.put(numbered("key", i), "before");
    }
    const full_disk full;
    const version_number version = store_.snapshot().version();
    for (const std::size_t size : {1U, 50U, 2000U, 50'000U}) {
        write_transaction transaction = store_.begin_write();
        expect_failure(errc::no_space, [&] {
            for (std::uint64_t i = 0; i < 1'000'000; ++i) {
                transaction.put(numbered("new", i), patterned(size, i));
            }
        });
        expect_failure(errc::transaction_failed, [&] { transaction.put("one", "more"); });
        expect_failure(errc::transaction_failed, [&] { transaction.map().erase_prefix("key"); });
        expect_failure(errc::transaction_failed, [&] { std::move(transaction).commit(); });
        EXPECT_EQ(store_.snapshot().version(), version);
        EXPECT_EQ(store_.snapshot().map().size(), 100U);
        expect_sound(store_);
    }
}

TEST_F(space_test, fails_cleanly_at_each_allocation_of_disk_space) {
    for (int nth = 1; nth <= 12; ++nth) {
        arm_failpoints("segment.allocate=fail@" + std::to_string(nth));
        try {
            store_.update([&](write_transaction& transaction) {
                for (std::uint64_t i = 0; i < 3000; ++i) {
                    transaction.put(numbered("key", i), patterned(1000, i));
                }
            });
        } catch (const error& failure) {
            EXPECT_EQ(failure.reason(), errc::no_space);
            EXPECT_TRUE(store_.snapshot().map().empty());
        }
        arm_failpoints("");
        expect_sound(store_);
        store_.update([](write_transaction& transaction) { transaction.map().clear(); });
    }
}

// --- A steady state ---------------------------------------------------------------------------------------

TEST_F(space_test, does_not_grow_the_file_by_overwriting) {
    std::mt19937_64 random(1);
    const auto overwrite = [&] {
        store_.put(numbered("key", random() % 1000), patterned(50 + random() % 200, random()));
    };
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        overwrite();
    }
    const std::uint64_t steady = store_.stat().file_bytes;
    for (std::uint64_t i = 0; i < amount_of_work(100'000); ++i) {
        overwrite();
    }
    EXPECT_EQ(store_.stat().file_bytes, steady);
    EXPECT_LT(steady - format::heap_offset, 4U << 20);
}

TEST_F(space_test, does_not_grow_the_file_by_overwriting_beside_short_lived_readers) {
    std::mt19937_64 random(1);
    const auto work = [&](std::uint64_t steps) {
        std::vector<snapshot> recent;
        for (std::uint64_t i = 0; i < steps; ++i) {
            store_.put(numbered("key", random() % 1000), patterned(50 + random() % 200, random()));
            if (i % 10 == 0) {
                recent.push_back(store_.snapshot());
            }
            if (recent.size() > 20) {
                recent.erase(recent.begin() + static_cast<std::ptrdiff_t>(random() % 20));
            }
        }
    };
    work(20'000);
    const std::uint64_t steady = store_.stat().file_bytes;
    work(amount_of_work(100'000));
    EXPECT_LE(store_.stat().file_bytes, steady + (256 << 10));
}

TEST_F(space_test, does_not_grow_the_file_by_values_of_other_sizes_or_by_large_ones) {
    std::mt19937_64 random(1);
    const auto work = [&](std::uint64_t steps) {
        for (std::uint64_t i = 0; i < steps; ++i) {
            store_.put(numbered("key", random() % 50), patterned(std::size_t{1} << random() % 18, random()));
        }
    };
    work(2000);
    const std::uint64_t steady = store_.stat().file_bytes;
    work(amount_of_work(5000));
    EXPECT_LE(store_.stat().file_bytes, steady + steady / 4);
}

TEST_F(space_test, reuses_what_a_held_snapshot_kept) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
        store_.put(numbered("key", i), patterned(200, i));
    }
    const auto overwrite = [&](std::uint64_t steps) {
        for (std::uint64_t i = 0; i < steps; ++i) {
            store_.put(numbered("key", i % 1000), patterned(200, i));
        }
    };
    {
        const snapshot held = store_.snapshot();
        overwrite(5000);
        EXPECT_GT(store_.stat().held_back_bytes, 200'000U);
    }
    const std::uint64_t after = store_.stat().file_bytes;
    overwrite(10'000);
    EXPECT_EQ(store_.stat().file_bytes, after);
    EXPECT_LT(store_.stat().held_back_bytes, 2U << 20);
}

// --- A really small disk ----------------------------------------------------------------------------------

TEST_F(space_test, keeps_its_promises_on_a_small_disk) {
    const temporary_store place;
    const mounted_disk disk(disk_kind::tmpfs, place.folder(), 4 << 20);
    if (!disk.mounted()) {
        GTEST_SKIP() << disk.why_not();
    }
    {
        store small = place.open();
        contents expected = fill(small, [](std::uint64_t i) { return i % 2000; });
        EXPECT_GT(expected.size(), 1000U);
        ASSERT_NO_FATAL_FAILURE(expect_contents(small, expected));
        {
            write_transaction transaction = small.begin_write();
            expect_failure(errc::no_space, [&] {
                for (std::uint64_t i = 0;; ++i) {
                    transaction.put(numbered("more", i), patterned(5000, i));
                }
            });
        }
        ASSERT_NO_FATAL_FAILURE(expect_contents(small, expected));
        expect_sound(small);
        ASSERT_NO_FATAL_FAILURE(erase_all(small, expected, 1));
        const contents again = fill(small, [](std::uint64_t i) { return i % 2000; });
        EXPECT_GE(again.size() + again.size() / 8, expected.size());
        ASSERT_NO_FATAL_FAILURE(expect_contents(small, again));
        expect_sound(small);
    }
    store reopened = place.open();
    EXPECT_GT(reopened.snapshot().map().size(), 1000U);
    expect_sound(reopened);
}

TEST_F(space_test, cannot_be_made_on_a_disk_that_is_too_small_and_leaves_nothing_there) {
    const temporary_store place;
    const mounted_disk disk(disk_kind::tmpfs, place.folder(), 256 << 10);
    if (!disk.mounted()) {
        GTEST_SKIP() << disk.why_not();
    }
    expect_failure(errc::no_space, [&] { static_cast<void>(place.open()); });
    EXPECT_TRUE(std::filesystem::is_empty(place.folder()));
}

} // namespace
} // namespace holdfast::test
