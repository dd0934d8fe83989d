// A program's mistake is an error that says so, and never damage: handles that were kept for too long, moved from,
// inherited through fork(), or are of another store.
#include <chrono>
#include <functional>
#include <iterator>
#include <optional>
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

class misuse_test : public ::testing::Test {
protected:
    void SetUp() override {
        store_.update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 500; ++i) {
                transaction.map("users").put(numbered("key", i), "value");
            }
            transaction.put("key", "value");
        });
    }
    void TearDown() override { expect_sound(store_); }

    using calls = std::vector<std::function<void()>>;
    static void expect_all(errc reason, const calls& operations) {
        for (std::size_t i = 0; i < operations.size(); ++i) {
            SCOPED_TRACE("call " + std::to_string(i));
            expect_failure(reason, operations[i]);
        }
    }
    template <class T>
    static void use(T&&) {}

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

// --- Ended ------------------------------------------------------------------------------------------------

/// Every call of a map within a transaction.
template <class Call>
void for_each_call(map_writer& map, Call&& call) {
    call([&] { map.put("key", "value"); });
    call([&] { map.put("key", 42); });
    call([&] { static_cast<void>(map.get("key")); });
    call([&] { static_cast<void>(map.get<int>("key")); });
    call([&] { static_cast<void>(map.contains("key")); });
    call([&] { static_cast<void>(map.version("key")); });
    call([&] { static_cast<void>(map.size()); });
    call([&] { static_cast<void>(map.erase("key")); });
    call([&] { static_cast<void>(map.erase_prefix("key")); });
    call([&] { map.clear(); });
}

template <class Call>
void for_each_call(write_transaction& transaction, Call&& call) {
    call([&] { transaction.put("key", "value"); });
    call([&] { static_cast<void>(transaction.get("key")); });
    call([&] { static_cast<void>(transaction.erase("key")); });
    call([&] { static_cast<void>(transaction.map("users")); });
    call([&] { static_cast<void>(transaction.map("users", key_type())); });
    call([&] { static_cast<void>(transaction.drop("users")); });
    call([&] { static_cast<void>(transaction.version()); });
    call([&] { std::move(transaction).commit(); });
}

// It wrote into the tree of the next transaction, through freed memory.
TEST_F(misuse_test, of_a_map_kept_beyond_its_commit_is_an_error_also_beside_another_transaction) {
    for (const bool commits : {true, false}) {
        write_transaction transaction = store_.begin_write();
        map_writer kept = transaction.map("users");
        kept.put("before", "1");
        if (commits) {
            std::move(transaction).commit();
        } else {
            std::move(transaction).abort();
        }
        for_each_call(kept, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
        write_transaction next = store_.begin_write();
        next.map("users").put("next", "2");
        for_each_call(kept, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
        std::move(next).commit();
    }
    EXPECT_EQ(store_.snapshot().map("users").size(), 502U);
}

TEST_F(misuse_test, of_a_map_kept_beyond_an_update_is_an_error) {
    std::optional<map_writer> kept;
    store_.update([&](write_transaction& transaction) { kept = transaction.map("users"); });
    for_each_call(*kept, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
    EXPECT_THROW(store_.update([&](write_transaction& transaction) {
        kept = transaction.map("users");
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    for_each_call(*kept, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
}

TEST_F(misuse_test, of_a_map_whose_transaction_was_overwritten_is_an_error) {
    const temporary_store elsewhere;
    holdfast::store other = elsewhere.open();
    write_transaction transaction = store_.begin_write();
    map_writer kept = transaction.map("users");
    transaction = other.begin_write();
    for_each_call(kept, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
    store_.put("the writer lock", "is free");
}

TEST_F(misuse_test, of_an_ended_transaction_is_an_error) {
    for (const bool commits : {true, false}) {
        write_transaction transaction = store_.begin_write();
        if (commits) {
            std::move(transaction).commit();
        } else {
            std::move(transaction).abort();
        }
        for_each_call(transaction, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
        std::move(transaction).abort(); // nothing
    }
    store_.put("the writer lock", "is free");
}

TEST_F(misuse_test, keeps_nothing_open_through_an_ended_transaction) {
    std::optional<map_writer> kept;
    store_.update([&](write_transaction& transaction) { kept = transaction.map("users"); });
    { const holdfast::store closed = std::move(store_); }
    holdfast::store second = place_.open();
    EXPECT_EQ(second.stat().processes.size(), 1U);
    expect_failure(errc::transaction_ended, [&] { kept->put("key", "value"); });
    store_ = std::move(second);
}

// A commit in it committed, and then `update` threw.
TEST_F(misuse_test, of_commit_within_update_commits_nothing) {
    expect_failure(errc::invalid_argument, [&] {
        store_.update([](write_transaction& transaction) {
            transaction.put("new", "value");
            std::move(transaction).commit();
        });
    });
    EXPECT_FALSE(store_.contains("new"));
    store_.update([](write_transaction& transaction) {
        transaction.put("new", "value");
        expect_failure(errc::invalid_argument, [&] { std::move(transaction).commit(); });
        transaction.put("newer", "value"); // it goes on
    });
    EXPECT_TRUE(store_.contains("new"));
    EXPECT_TRUE(store_.contains("newer"));
}

TEST_F(misuse_test, of_abort_within_update_undoes_everything_and_says_so) {
    expect_failure(errc::transaction_ended, [&] {
        store_.update([](write_transaction& transaction) {
            transaction.put("new", "value");
            std::move(transaction).abort();
        });
    });
    EXPECT_FALSE(store_.contains("new"));
}

TEST_F(misuse_test, of_a_transaction_moved_out_of_update_undoes_it) {
    std::optional<write_transaction> taken;
    expect_failure(errc::moved_from, [&] {
        store_.update([&](write_transaction& transaction) {
            transaction.put("new", "value");
            taken.emplace(std::move(transaction));
        });
    });
    for_each_call(*taken, [](auto&& call) { expect_failure(errc::transaction_ended, call); });
    EXPECT_FALSE(store_.contains("new"));
    store_.put("the writer lock", "is free");
}

// --- Moved from -------------------------------------------------------------------------------------------

TEST_F(misuse_test, of_a_moved_from_store_is_an_error) {
    holdfast::store moved = std::move(store_);
    const holdfast::store& gone = store_;
    expect_all(errc::moved_from, {
                                     [&] { store_.put("key", "value"); },
                                     [&] { store_.put("key", 1); },
                                     [&] { use(gone.get("key")); },
                                     [&] { use(gone.get<int>("key")); },
                                     [&] { use(gone.contains("key")); },
                                     [&] { store_.erase("key"); },
                                     [&] { use(store_.map<std::string, int>("ages")); },
                                     [&] { use(store_.begin_write()); },
                                     [&] { store_.update([](write_transaction&) {}); },
                                     [&] { use(gone.snapshot()); },
                                     [&] { use(gone.stat()); },
                                     [&] { use(gone.check()); },
                                     [&] { use(gone.path()); },
                                     [&] { use(gone.mode()); },
                                 });
    store_ = std::move(moved);
    EXPECT_TRUE(store_.contains("key"));
}

TEST_F(misuse_test, of_a_moved_from_snapshot_is_an_error) {
    const auto ages = store_.map<std::string, std::string>("users");
    snapshot now = store_.snapshot();
    const snapshot moved = std::move(now);
    expect_all(errc::moved_from, {
                                     [&] { use(now.get("key")); },
                                     [&] { use(now.get<std::string>("key")); },
                                     [&] { use(now.contains("key")); },
                                     [&] { use(now.map("users")); },
                                     [&] { use(now.map("users", key_type())); },
                                     [&] { use(now.in(ages)); },
                                     [&] { use(now.has_map("")); },
                                     [&] { use(now.maps()); },
                                     [&] { use(now.version()); },
                                     [&] { use(now.changes_since(moved)); },
                                     [&] { use(moved.changes_since(now)); },
                                 });
}

TEST_F(misuse_test, of_a_moved_from_view_range_or_iterator_is_an_error) {
    const snapshot now = store_.snapshot();
    map_view view = now.map("users");
    const map_view moved = std::move(view);
    expect_all(errc::moved_from, {
                                     [&] { use(view.get("key")); },
                                     [&] { use(view.at<std::string>("key")); },
                                     [&] { use(view.get_many({})); },
                                     [&] { use(view.contains("key")); },
                                     [&] { use(view.size()); },
                                     [&] { use(view.bytes()); },
                                     [&] { use(view.begin()); },
                                     [&] { use(view.end()); },
                                     [&] { use(view.find("key")); },
                                     [&] { use(view.lower_bound("key")); },
                                     [&] { use(view.upper_bound("key")); },
                                     [&] { use(view.prefix("key")); },
                                     [&] { use(view.range("a", "b")); },
                                 });
    map_range range = moved.prefix("key");
    const map_range all = std::move(range);
    EXPECT_TRUE(range.empty());
    EXPECT_EQ(std::distance(all.begin(), all.end()), 500);
    map_iterator at = all.begin();
    const map_iterator taken = std::move(at);
    expect_failure(errc::invalid_argument, [&] { use(*at); });
    EXPECT_EQ(taken->first, "key00000000");
    expect_failure(errc::invalid_argument, [&] { use(*all.end()); });
    expect_failure(errc::invalid_argument, [] { use(*map_iterator()); });
}

TEST_F(misuse_test, of_a_moved_from_transaction_is_an_error) {
    write_transaction transaction = store_.begin_write();
    map_writer map = transaction.map("users");
    write_transaction moved = std::move(transaction);
    for_each_call(transaction, [](auto&& call) { expect_failure(errc::moved_from, call); });
    map.put("still", "good");
    const map_writer other = std::move(map);
    for_each_call(map, [](auto&& call) { expect_failure(errc::moved_from, call); });
    std::move(moved).commit();
    EXPECT_TRUE(store_.snapshot().map("users").contains("still"));
}

// --- Of another store -------------------------------------------------------------------------------------

// It compared the roots of one file in the other.
TEST_F(misuse_test, of_another_stores_snapshot_is_an_error) {
    const temporary_store elsewhere;
    holdfast::store other = elsewhere.open();
    other.put("key", "value");
    const snapshot here = store_.snapshot();
    const snapshot there = other.snapshot();
    expect_failure(errc::invalid_argument, [&] { use(here.changes_since(there)); });
    expect_failure(errc::invalid_argument, [&] { use(there.changes_since(here, "users")); });
    try {
        use(here.changes_since(there));
    } catch (const error& failure) {
        EXPECT_NE(std::string_view(failure.what()).find(elsewhere.path().string()), std::string_view::npos)
            << failure.what();
    }
    const holdfast::store again = place_.open();
    const snapshot same = again.snapshot();
    EXPECT_TRUE(here.changes_since(same).empty());
}

// --- Threads ----------------------------------------------------------------------------------------------

TEST_F(misuse_test, of_a_thread_is_none_where_a_transaction_moves_between_threads) {
    std::optional<write_transaction> transaction;
    std::thread([&] { transaction.emplace(store_.begin_write()); }).join();
    transaction->put("here", "1");
    std::thread([&] { transaction->map("users").put("there", "2"); }).join();
    std::thread([&] { std::move(*transaction).commit(); }).join();
    EXPECT_TRUE(store_.contains("here"));
    EXPECT_TRUE(store_.snapshot().map("users").contains("there"));
    store_.put("the writer lock", "is free");
}

TEST_F(misuse_test, of_a_second_transaction_is_nested_on_the_thread_that_used_the_first_one_last) {
    open_options options;
    options.timeout = std::chrono::milliseconds(20);
    holdfast::store impatient = store::open(place_.path(), options);
    std::optional<write_transaction> transaction;
    std::thread([&] { transaction.emplace(store_.begin_write()); }).join();
    expect_failure(errc::timed_out, [&] { impatient.put("key", "value"); });
    static_cast<void>(transaction->map("users").size());
    expect_failure(errc::nested_write, [&] { impatient.put("key", "value"); });
    std::thread([&] {
        expect_failure(errc::timed_out, [&] { impatient.put("key", "value"); });
        transaction->put("key", "other");
        expect_failure(errc::nested_write, [&] { impatient.put("key", "value"); });
    }).join();
    expect_failure(errc::timed_out, [&] { impatient.put("key", "value"); });
}

// --- Forked -----------------------------------------------------------------------------------------------

/// Throws where `operation` does not fail so: for children, which have no test framework.
template <class Operation>
void must_fail(errc reason, Operation&& operation) {
    try {
        operation();
    } catch (const error& failure) {
        if (failure.reason() == reason) {
            return;
        }
        throw;
    }
    throw std::runtime_error("an inherited handle was used");
}

// The child's put and commit were accepted, and both processes published; a snapshot read on without its pin.
TEST_F(misuse_test, of_what_a_child_inherited_is_forked_and_harms_nobody) {
    auto users = store_.map<std::string, std::string>("users");
    std::optional<snapshot> now(store_.snapshot());
    std::optional<map_view> view(now->map("users"));
    std::optional<map_range> range(view->prefix("key"));
    std::optional<map_iterator> at(view->begin());
    std::optional<write_transaction> transaction(store_.begin_write());
    std::optional<map_writer> map(transaction->map("users"));
    map->put("new", "value");
    const child_end ended = run_child([&] {
        const auto forked = [](auto&& call) { must_fail(errc::forked, call); };
        for_each_call(*map, forked);
        for_each_call(*transaction, forked);
        forked([&] { use(now->get("key")); });
        forked([&] { use(now->map("users")); });
        forked([&] { use(now->in(users)); });
        forked([&] { use(now->maps()); });
        forked([&] { use(now->version()); });
        forked([&] { use(view->get("key")); });
        forked([&] { use(view->size()); });
        forked([&] { use(view->begin()); });
        forked([&] { use(view->prefix("key")); });
        forked([&] { use(**at); });
        forked([&] { ++*at; });
        forked([&] { --*at; });
        forked([&] { use(*range->begin()); });
        forked([&] {
            for (auto&& [key, value] : *range) {
                use(value);
            }
        });
        forked([&] { store_.put("key", "value"); });
        forked([&] { use(store_.get("key")); });
        forked([&] { use(store_.snapshot()); });
        forked([&] { use(store_.begin_write()); });
        forked([&] { use(store_.stat()); });
        forked([&] { use(store_.check()); });
        forked([&] { users.put("key", "value"); });
        forked([&] { use(users.get("key")); });
        forked([&] { use(users.size()); });
        map.reset();
        transaction.reset();
        at.reset();
        range.reset();
        view.reset();
        now.reset();
        { const holdfast::store ended_here = std::move(store_); }
        const holdfast::store mine = place_.open(open_mode::write);
        if (mine.get("key")->text() != "value" || mine.snapshot().map("users").contains("new")) {
            throw std::runtime_error("the child reads something else");
        }
    });
    EXPECT_EQ(ended, child_end::finished);
    EXPECT_EQ(view->get("key00000042")->text(), "value");
    EXPECT_EQ(store_.stat().snapshots.size(), 1U) << "the child released its parent's snapshot";
    map->put("newer", "value");
    std::move(*transaction).commit();
    EXPECT_EQ(store_.snapshot().map("users").size(), 502U);
}

TEST_F(misuse_test, of_an_ended_transaction_in_a_child_is_still_an_error) {
    write_transaction transaction = store_.begin_write();
    map_writer map = transaction.map("users");
    std::move(transaction).commit();
    EXPECT_EQ(run_child([&] { for_each_call(map, [](auto&& call) { must_fail(errc::forked, call); }); }),
              child_end::finished);
}

TEST_F(misuse_test, of_a_fork_is_none_for_a_child_that_opens_the_store_itself) {
    write_transaction transaction = store_.begin_write();
    transaction.put("parent", "1");
    const pid_t child = start_child([&] {
        holdfast::store mine = place_.open(open_mode::write);
        mine.put("child", "2"); // after the parent
        if (!mine.contains("parent")) {
            throw std::runtime_error("the child did not wait for its parent");
        }
    });
    std::move(transaction).commit();
    EXPECT_EQ(wait_for_child(child), child_end::finished);
    EXPECT_TRUE(store_.contains("child"));
}

} // namespace
} // namespace holdfast::test
