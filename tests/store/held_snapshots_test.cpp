// Snapshots held at many versions while the same keys are overwritten thousands of times: each stays as it was, and
// what it held back becomes free once it is released.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t key_count = 200;

class held_snapshots_test : public ::testing::TestWithParam<std::uint64_t> {
protected:
    /// What `overwrite(step)` leaves: the keys that it wrote hold its number, in a value of a changing size.
    [[nodiscard]] static std::string text_at(std::uint64_t step) {
        return std::to_string(step) + std::string(step % 97, '.');
    }
    void overwrite(std::uint64_t step) {
        store_.update([&](write_transaction& transaction) {
            transaction.put(numbered("key", step % key_count), text_at(step));
            transaction.map("other").put(numbered("key", step * 7 % key_count), text_at(step));
        });
    }
    /// Step s is the last that wrote key s % key_count; the state after step `last` follows from it.
    static void expect_state(const snapshot& seen, std::uint64_t last) {
        const map_view map = seen.map();
        ASSERT_EQ(map.size(), std::min(key_count, last + 1));
        for (std::uint64_t key = 0; key < key_count && key <= last; ++key) {
            const std::uint64_t step = last - (last - key) % key_count;
            ASSERT_EQ(map.get(numbered("key", key))->text(), text_at(step)) << "version " << seen.version();
        }
        ASSERT_EQ(seen.map("other").get(numbered("key", last * 7 % key_count))->text(), text_at(last));
    }
    [[nodiscard]] std::uint64_t held_back() const { return store_.stat().held_back_bytes; }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_P(held_snapshots_test, stay_unchanged_and_give_their_space_back) {
    struct held {
        snapshot seen;
        std::uint64_t last;
    };
    const std::uint64_t steps = std::max<std::uint64_t>(amount_of_work(6000), 4 * key_count);
    const std::uint64_t count = std::min(GetParam(), steps / 2);
    const std::uint64_t stride = steps / 2 / count;
    std::vector<held> kept;
    for (std::uint64_t step = 0; step < steps; ++step) {
        overwrite(step);
        if (step % stride == 0 && kept.size() < count) {
            kept.push_back({store_.snapshot(), step});
        }
    }
    ASSERT_EQ(kept.size(), count);
    EXPECT_EQ(store_.stat().snapshots.size(), count);
    for (const held& one : kept) {
        ASSERT_NO_FATAL_FAILURE(expect_state(one.seen, one.last));
    }
    expect_sound(store_);

    const std::uint64_t held_most = held_back();
    std::shuffle(kept.begin(), kept.end(), std::mt19937_64(count));
    while (!kept.empty()) {
        ASSERT_NO_FATAL_FAILURE(expect_state(kept.back().seen, kept.back().last));
        kept.pop_back();
    }
    for (std::uint64_t step = steps; step < 2 * steps; ++step) {
        overwrite(step);
    }
    EXPECT_LT(held_back(), std::max<std::uint64_t>(held_most / 2, 1 << 20));
    ASSERT_NO_FATAL_FAILURE(expect_state(store_.snapshot(), 2 * steps - 1));
    expect_sound(store_);
}

TEST_P(held_snapshots_test, are_released_one_by_one_between_writes) {
    struct held {
        snapshot seen;
        std::uint64_t last;
    };
    const std::uint64_t count = amount_of_work(GetParam());
    std::mt19937_64 random(count);
    std::vector<held> kept;
    const std::uint64_t steps = 3 * count + amount_of_work(3000);
    for (std::uint64_t step = 0; step < steps; ++step) {
        overwrite(step);
        if (kept.size() < count) {
            kept.push_back({store_.snapshot(), step});
        } else {
            held& replaced = kept[random() % kept.size()];
            if (random() % 16 == 0) {
                ASSERT_NO_FATAL_FAILURE(expect_state(replaced.seen, replaced.last));
            }
            replaced = {store_.snapshot(), step};
        }
    }
    for (const held& one : kept) {
        ASSERT_NO_FATAL_FAILURE(expect_state(one.seen, one.last));
    }
    expect_sound(store_);
}

INSTANTIATE_TEST_SUITE_P(of, held_snapshots_test, ::testing::Values(1, 100, 1000),
                         [](const auto& tested) { return std::to_string(tested.param) + "Versions"; });

} // namespace
} // namespace holdfast::test
