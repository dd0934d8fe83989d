// What a commit replaced is used again by the next transactions, by bytes and not by the number of entries.
//
// Space was reclaimed once 1,024 objects waited, whatever their size: a value of a megabyte that was put a hundred
// times left a file of 122 MB, one of 200 MB that was put nine times 1.8 GB, and a bulk load that was repeated twelve
// times, each a transaction of its own, thirty times what was in it.
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

class reuse_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    [[nodiscard]] std::uint64_t disk_bytes() const {
        struct ::stat info {};
        EXPECT_EQ(::stat(place_.path().c_str(), &info), 0);
        return static_cast<std::uint64_t>(info.st_blocks) * 512;
    }

    temporary_store place_;
    store store_ = place_.open();
};

TEST_F(reuse_test, keeps_a_file_small_in_which_a_large_value_is_put_again_and_again) {
    for (int i = 0; i < 100; ++i) {
        store_.put("large", std::string(1'000'000, static_cast<char>('a' + i % 26)));
    }
    EXPECT_LT(disk_bytes(), 8'000'000U);
}

TEST_F(reuse_test, keeps_a_file_small_in_which_a_very_large_value_is_put_again_and_again) {
    const std::uint64_t bytes = amount_of_work(64) * 1'000'000;
    for (int i = 0; i < 9; ++i) {
        store_.put("large", std::string(bytes, static_cast<char>('a' + i)));
    }
    EXPECT_LT(disk_bytes(), 4 * bytes + mib);
}

TEST_F(reuse_test, keeps_a_file_small_in_which_values_of_changing_sizes_replace_each_other) {
    std::uint64_t live_bytes_max = 0;
    for (std::uint64_t i = 0; i < 300; ++i) {
        std::uint64_t live_bytes = 0;
        for (std::uint64_t key = 0; key < 4; ++key) {
            const std::uint64_t bytes = (i + key) * 7919 % 400'000;
            live_bytes += bytes;
            if (key == i % 4) {
                store_.put(numbered("key", key), std::string(bytes, 'x'));
            }
        }
        live_bytes_max = std::max(live_bytes_max, live_bytes);
    }
    EXPECT_LT(disk_bytes(), 4 * live_bytes_max + 2 * mib);
}

TEST_F(reuse_test, keeps_a_file_small_that_is_loaded_again_and_again_in_one_transaction_each) {
    const std::uint64_t lines = amount_of_work(100'000);
    const auto load = [&](std::uint64_t round) {
        store_.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < lines; ++i) {
                transaction.put(numbered("line", i), "value " + std::to_string(i * round));
            }
        });
    };
    load(1);
    const std::uint64_t fresh_bytes = disk_bytes();
    for (std::uint64_t round = 2; round <= 12; ++round) {
        load(round);
    }
    EXPECT_LT(disk_bytes(), 3 * fresh_bytes);
}

TEST_F(reuse_test, takes_what_a_load_left_in_the_transactions_after_it) {
    const std::uint64_t lines = amount_of_work(20'000);
    for (int round = 0; round < 2; ++round) {
        store_.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < lines; ++i) {
                transaction.put(numbered("line", i),
                                std::to_string(i * 7 + static_cast<std::uint64_t>(round)));
            }
        });
    }
    for (std::uint64_t i = 0; i < lines / 4; ++i) {
        store_.put(numbered("line", i), "again");
    }
    EXPECT_LT(store_.stat().held_back_bytes, mib) << "small transactions must keep up with a backlog";
}

TEST_F(reuse_test, is_that_of_all_processes_together) {
    store other = place_.open();
    for (int i = 0; i < 100; ++i) {
        store_.put("large", std::string(1'000'000, 'a'));
        std::thread([&] { other.put("large", std::string(1'000'000, 'b')); }).join();
    }
    EXPECT_LT(disk_bytes(), 8'000'000U);
}

TEST_F(reuse_test, costs_writers_nothing_for_a_snapshot_that_is_held) {
    for (std::uint64_t i = 0; i < 100; ++i) {
        store_.put(numbered("key", i), std::string(10'000, 'x'));
    }
    const snapshot held = store_.snapshot();
    for (int i = 0; i < 3'000; ++i) {
        store_.put(numbered("key", static_cast<std::uint64_t>(i % 100)), std::string(10'000, 'y'));
    }
    EXPECT_LT(disk_bytes(), 3 * 100 * 16'384U + 2 * mib)
        << "what was made after the snapshot is not held by it";
    EXPECT_EQ(held.get("key00000000")->text(), std::string(10'000, 'x'));
}

} // namespace
} // namespace holdfast::test
