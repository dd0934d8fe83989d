// Many snapshots of one process: those of one commit share a place in the store's table, those of many commits have one
// each; they may be ended anywhere, and beside forks and kills.
//
// Each snapshot had a place of its own, a quarter of a million at most in a store, and two threads that took snapshots
// were no faster than one: they wrote the same words.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

class many_snapshots_test : public ::testing::Test {
protected:
    void put(std::uint64_t number) { store_.put("number", std::to_string(number)); }
    [[nodiscard]] static std::uint64_t number_in(const snapshot& seen) {
        return std::stoull(std::string(seen.get("number")->text()));
    }
    [[nodiscard]] std::size_t held() const { return store_.stat().snapshots.size(); }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_F(many_snapshots_test, of_one_commit_share_a_place) {
    put(1);
    const std::uint64_t disk_bytes = store_.stat().allocated_bytes;
    std::vector<snapshot> kept;
    for (std::uint64_t i = 0; i < amount_of_work(300'000); ++i) {
        kept.push_back(store_.snapshot());
    }
    EXPECT_EQ(held(), 1U);
    EXPECT_EQ(store_.stat().allocated_bytes, disk_bytes);
    put(2);
    kept.push_back(store_.snapshot());
    EXPECT_EQ(held(), 2U);
    EXPECT_EQ(number_in(kept.back()), 2U);
    kept.pop_back();
    EXPECT_EQ(held(), 1U);
    std::shuffle(kept.begin(), kept.end(), std::mt19937_64(7));
    while (kept.size() > 1) {
        kept.pop_back();
    }
    EXPECT_EQ(number_in(kept.back()), 1U);
    EXPECT_EQ(held(), 1U) << "the last one holds it still";
    kept.clear();
    EXPECT_EQ(held(), 0U);
    expect_sound(store_);
}

TEST_F(many_snapshots_test, of_one_commit_share_a_lock_where_the_process_may_only_read) {
    put(1);
    const holdfast::store reader = place_.open(open_mode::read_only);
    std::vector<snapshot> kept;
    for (int i = 0; i < 1000; ++i) {
        kept.push_back(reader.snapshot());
    }
    put(2);
    kept.push_back(reader.snapshot());
    EXPECT_EQ(held(), 2U);
    EXPECT_EQ(number_in(kept.front()), 1U);
    EXPECT_EQ(number_in(kept.back()), 2U);
    kept.erase(kept.begin(), kept.begin() + 999);
    EXPECT_EQ(held(), 2U);
    kept.erase(kept.begin());
    EXPECT_EQ(held(), 1U);
}

TEST_F(many_snapshots_test, of_thousands_of_commits_have_a_place_each) {
    const std::uint64_t count = std::max<std::uint64_t>(amount_of_work(5'000), 100);
    std::vector<snapshot> kept;
    for (std::uint64_t i = 0; i < count; ++i) {
        put(i);
        kept.push_back(store_.snapshot());
    }
    EXPECT_EQ(held(), count);
    for (std::uint64_t i = 0; i < count; ++i) {
        ASSERT_EQ(number_in(kept[i]), i);
    }
    std::thread([&] {
        kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(count / 2), kept.end());
    }).join();
    EXPECT_EQ(held(), count / 2);
    put(count);
    for (std::uint64_t i = 0; i < count / 2; ++i) {
        ASSERT_EQ(number_in(kept[i]), i);
    }
    kept.clear();
    EXPECT_EQ(held(), 0U);
    expect_sound(store_);
}

TEST_F(many_snapshots_test, outlive_the_threads_that_took_them) {
    std::vector<std::pair<std::uint64_t, snapshot>> kept;
    for (std::uint64_t round = 0; round < amount_of_work(200); ++round) {
        std::thread([&] {
            put(round);
            for (int i = 0; i < 3; ++i) {
                kept.emplace_back(round, store_.snapshot());
            }
        }).join();
    }
    EXPECT_EQ(held(), kept.size() / 3);
    for (const auto& [number, seen] : kept) {
        ASSERT_EQ(number_in(seen), number);
    }
    kept.pop_back();
    EXPECT_EQ(held(), kept.size() / 3 + 1) << "two of the three hold it still";
    std::thread([&] { kept.clear(); }).join();
    EXPECT_EQ(held(), 0U);
    expect_sound(store_);
}

TEST_F(many_snapshots_test, are_handed_from_thread_to_thread_beside_a_writer) {
    put(0);
    std::atomic<bool> stop{false};
    std::mutex guard;
    std::vector<std::pair<std::uint64_t, snapshot>> common;
    const auto exchange = [&](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        while (!stop.load()) {
            snapshot seen = store_.snapshot();
            const std::uint64_t number = number_in(seen);
            std::optional<std::pair<std::uint64_t, snapshot>> other;
            {
                const std::lock_guard lock(guard);
                if (common.size() > 20) {
                    const std::size_t victim = random() % common.size();
                    other.emplace(std::exchange(common[victim], {number, std::move(seen)}));
                } else {
                    common.emplace_back(number, std::move(seen));
                }
            }
            if (other && number_in(other->second) != other->first) {
                ADD_FAILURE() << "a held snapshot changed";
                return;
            }
        }
    };
    {
        std::vector<std::thread> threads;
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            threads.emplace_back(exchange, seed);
        }
        for (std::uint64_t i = 1; i < amount_of_work(20'000); ++i) {
            put(i);
        }
        stop.store(true);
        for (std::thread& one : threads) {
            one.join();
        }
    }
    for (const auto& [number, seen] : common) {
        EXPECT_EQ(number_in(seen), number);
    }
    EXPECT_LE(held(), common.size());
    common.clear();
    EXPECT_EQ(held(), 0U);
    expect_sound(store_);
}

TEST_F(many_snapshots_test, are_not_a_childs_which_takes_its_own) {
    std::vector<snapshot> kept;
    for (std::uint64_t i = 0; i < 100; ++i) {
        put(i);
        kept.push_back(store_.snapshot());
        kept.push_back(store_.snapshot());
    }
    const child_end ended = run_child([&] {
        expect_failure(errc::forked, [&] { static_cast<void>(store_.snapshot()); });
        kept.clear();
        const holdfast::store mine = place_.open(open_mode::write);
        const snapshot first = mine.snapshot();
        const snapshot second = mine.snapshot();
        if (::testing::Test::HasFailure() || number_in(first) != 99 || mine.stat().snapshots.size() != 101) {
            throw std::runtime_error("the child sees other snapshots");
        }
    });
    EXPECT_EQ(ended, child_end::finished);
    EXPECT_EQ(held(), 100U);
    put(100);
    for (std::uint64_t i = 0; i < 100; ++i) {
        ASSERT_EQ(number_in(kept[2 * i]), i);
    }
}

TEST_F(many_snapshots_test, of_a_killed_process_are_released) {
    put(0);
    const std::uint64_t count = amount_of_work(3'000);
    const child_end ended = run_child([&] {
        holdfast::store mine = place_.open(open_mode::write);
        std::vector<snapshot> kept;
        for (std::uint64_t i = 0; i < count; ++i) {
            mine.put("number", std::to_string(i));
            kept.push_back(mine.snapshot());
            kept.push_back(mine.snapshot());
        }
        if (mine.stat().snapshots.size() != count) {
            throw std::runtime_error("not all are held");
        }
        static_cast<void>(::kill(::getpid(), SIGKILL));
    });
    ASSERT_EQ(ended, child_end::killed);
    EXPECT_EQ(held(), count);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (held() != 0 && std::chrono::steady_clock::now() < until) {
        put(count);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_EQ(held(), 0U);
    expect_sound(store_);
}

/// The main thread's own objects end before static ones do.
TEST_F(many_snapshots_test, may_end_with_the_process_after_its_threads_objects) {
    put(1);
    EXPECT_EQ(run_child([&] {
                  static const holdfast::store mine = place_.open(open_mode::write);
                  static const snapshot kept = mine.snapshot();
                  struct last_reader {
                      ~last_reader() {
                          if (number_in(kept) != 1 || number_in(mine.snapshot()) != 1 ||
                              !mine.get("number")) {
                              ::_exit(4);
                          }
                      }
                  };
                  static const last_reader at_end;
                  std::exit(0); // NOLINT(concurrency-mt-unsafe)
              }),
              child_end::finished);
    EXPECT_EQ(held(), 0U);
}

} // namespace
} // namespace holdfast::test
