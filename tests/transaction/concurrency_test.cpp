// Threads as writers and readers, on one mapping of a file and on two, which are to each other as two processes are.
//
// Money moves between accounts; whoever looks sees one state: the sum never changes, and versions never fall. Under
// ThreadSanitizer one mapping shows races within a process. Two mappings share memory at different addresses, so
// there it sees each side's own state; what crosses is proved by the invariants. Nor does it see the order that the
// writer of another mapping makes: where there are several, no two threads share a mapping.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine_fixture.hpp"
#include "tree/cursor.hpp"
#include "tree/reader.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t account_count = 100;
constexpr std::int64_t initial_balance = 1000;

[[nodiscard]] std::string account(std::uint64_t number) { return numbered("account", number); }

[[nodiscard]] std::int64_t balance_of(const space_view& view, const tree_root& root,
                                      const std::string& name) {
    const auto found = tree_find(view, root, name);
    return found ? std::strtoll(std::string(found->value).c_str(), nullptr, 10) : initial_balance;
}

/// Moves an amount; now and then it changes its mind.
void transfer(const std::shared_ptr<engine>& owner, std::mt19937_64& random) {
    const std::string from = account(random() % account_count);
    const std::string to = account(random() % account_count);
    running_transaction running(owner, patience);
    tree_writer tree(running, to_tree_root(running.before().unnamed));
    const auto add = [&](const std::string& name, std::int64_t amount) {
        const std::string sum = std::to_string(balance_of(running.view(), tree.root(), name) + amount);
        tree.put(name, {format::value_type::string,
                        sum + std::string(static_cast<std::size_t>(random() % 40), ' ')});
    };
    const auto amount = static_cast<std::int64_t>(random() % 100);
    add(from, -amount);
    if (random() % 8 == 0) {
        return;
    }
    add(to, amount);
    format::commit_slot next = running.before();
    next.unnamed = with_tree(next.unnamed, tree.root(), running.transaction());
    running.commit(next);
}

[[nodiscard]] std::int64_t sum_of(const commit_state& state) {
    std::int64_t sum = 0;
    tree_cursor cursor(state.view, state.unnamed());
    for (cursor.seek_first(); cursor.valid(); cursor.next()) {
        sum += std::strtoll(std::string(cursor.record().value).c_str(), nullptr, 10);
    }
    return sum;
}

/// Looks again and again, holding some snapshots for a while, until told to stop.
void watch(const std::shared_ptr<engine>& owner, std::int64_t expected, const std::atomic<bool>& stop,
           std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<engine::pin> held;
    txn_id newest = txn_id::none;
    while (!stop.load(std::memory_order_relaxed)) {
        held.push_back(owner->pin_newest());
        ASSERT_GE(held.back().state.id(), newest);
        newest = held.back().state.id();
        ASSERT_EQ(sum_of(held.back().state), expected);
        const std::string name = account(random() % account_count);
        const txn_id version = owner->read([&](const commit_state& state) {
            const auto found = tree_find(state.view, state.unnamed(), name);
            return found ? found->made : txn_id::none;
        });
        ASSERT_LE(version, owner->visible());
        if (held.size() > random() % 8) {
            const auto victim = held.begin() + static_cast<std::ptrdiff_t>(random() % held.size());
            ASSERT_EQ(sum_of(victim->state), expected) << "a held snapshot changed";
            owner->unpin(*victim);
            held.erase(victim);
        }
    }
    for (const engine::pin& one : held) {
        ASSERT_EQ(sum_of(one.state), expected) << "a held snapshot changed";
        owner->unpin(one);
    }
}

class concurrency_test : public ::testing::Test {
protected:
    void open_accounts(const std::shared_ptr<engine>& owner) {
        running_transaction running(owner, patience);
        tree_writer tree(running, to_tree_root(running.before().unnamed));
        for (std::uint64_t i = 0; i < account_count; ++i) {
            tree.put(account(i), {format::value_type::string, std::to_string(initial_balance)});
        }
        format::commit_slot next = running.before();
        next.unnamed = with_tree(next.unnamed, tree.root(), running.transaction());
        running.commit(next);
    }

    /// Lets a thread write and a thread read on each engine given, as often as it is named.
    void run(const std::vector<std::shared_ptr<engine>>& writers,
             const std::vector<std::shared_ptr<engine>>& readers, std::uint64_t transfers) {
        constexpr std::int64_t sum = account_count * initial_balance;
        std::atomic<bool> stop{false};
        std::vector<std::thread> reading;
        for (std::size_t i = 0; i < readers.size(); ++i) {
            reading.emplace_back([&, i] { watch(readers[i], sum, stop, i); });
        }
        std::vector<std::thread> writing;
        for (std::size_t i = 0; i < writers.size(); ++i) {
            writing.emplace_back([&, i] {
                std::mt19937_64 random(100 + i);
                for (std::uint64_t done = 0; done < transfers / writers.size(); ++done) {
                    transfer(writers[i], random);
                }
            });
        }
        for (std::thread& one : writing) {
            one.join();
        }
        stop = true;
        for (std::thread& one : reading) {
            one.join();
        }
        const engine::pin last = writers.front()->pin_newest();
        EXPECT_EQ(sum_of(last.state), sum);
        writers.front()->unpin(last);
        expect_sound(*writers.front());
    }

    temporary_store place_;
};

constexpr std::uint64_t transfers_usual = 30'000;

TEST_F(concurrency_test, of_one_writer_and_readers_on_one_mapping_shows_one_state_at_a_time) {
    const std::shared_ptr<engine> shared = open_engine(place_);
    open_accounts(shared);
    run({shared}, {shared, shared, shared}, amount_of_work(transfers_usual));
}

TEST_F(concurrency_test, of_several_writers_on_one_mapping_is_one_after_the_other) {
    const std::shared_ptr<engine> shared = open_engine(place_);
    open_accounts(shared);
    run({shared, shared, shared}, {shared, shared}, amount_of_work(transfers_usual));
}

TEST_F(concurrency_test, of_a_writer_and_readers_on_two_mappings_shows_one_state_at_a_time) {
    const std::shared_ptr<engine> one = open_engine(place_, true);
    open_accounts(one);
    const std::shared_ptr<engine> other = open_engine(place_, true);
    ASSERT_NE(one->file().base(), other->file().base());
    run({one}, {other, other, one}, amount_of_work(transfers_usual));
}

TEST_F(concurrency_test, of_writers_and_readers_on_mappings_of_their_own_is_one_after_the_other) {
    const std::shared_ptr<engine> one = open_engine(place_, true);
    open_accounts(one);
    const std::shared_ptr<engine> other = open_engine(place_, true);
    run({one, other}, {open_engine(place_, true), open_engine(place_, true)},
        amount_of_work(transfers_usual));
    expect_sound(*other);
}

TEST_F(concurrency_test, of_a_writer_and_read_only_mappings_shows_one_state_at_a_time) {
    const std::shared_ptr<engine> one = open_engine(place_, true);
    open_accounts(one);
    const std::shared_ptr<engine> other = open_engine(place_, true, segment_mode::read_only);
    run({one}, {other, other}, amount_of_work(transfers_usual / 3));
}

TEST_F(concurrency_test, of_opening_and_closing_with_writing_loses_nothing) {
    const std::shared_ptr<engine> one = open_engine(place_, true);
    open_accounts(one);
    std::atomic<bool> stop{false};
    std::thread visitor([&] {
        std::mt19937_64 random(3);
        while (!stop) {
            const std::shared_ptr<engine> visiting = open_engine(place_, true);
            transfer(visiting, random);
            const engine::pin seen = visiting->pin_newest();
            EXPECT_EQ(sum_of(seen.state), static_cast<std::int64_t>(account_count) * initial_balance);
            visiting->unpin(seen);
        }
    });
    run({one}, {open_engine(place_, true)}, amount_of_work(transfers_usual / 3));
    stop = true;
    visitor.join();
    expect_sound(*one);
}

TEST_F(concurrency_test, of_many_short_threads_leaves_no_reader_slots_behind) {
    const std::shared_ptr<engine> shared = open_engine(place_);
    open_accounts(shared);
    const std::uint64_t used = shared->file().control().lines_used;
    for (std::uint64_t i = 0; i < amount_of_work(3000); ++i) {
        std::thread([&] {
            EXPECT_TRUE(shared->read([&](const commit_state& state) {
                return tree_find(state.view, state.unnamed(), account(i % account_count)).has_value();
            }));
        }).join();
    }
    EXPECT_LE(shared->file().control().lines_used, used + 4);
    EXPECT_TRUE(shared->file().pins().empty());
}

} // namespace
} // namespace holdfast::test
