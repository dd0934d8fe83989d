// The store as its headers document it: opening, single operations, transactions, versions.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

class store_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    void reopen() {
        { const holdfast::store closed = std::move(store_); }
        store_ = place_.open();
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

// --- Opening ----------------------------------------------------------------------------------------------

TEST_F(store_test, is_empty_when_created) {
    EXPECT_EQ(store_.get("anything"), std::nullopt);
    EXPECT_TRUE(store_.snapshot().map().empty());
    EXPECT_TRUE(store_.snapshot().maps().empty());
    EXPECT_EQ(store_.path(), place_.path());
    EXPECT_EQ(store_.mode(), open_mode::create);
}

TEST_F(store_test, keeps_its_contents_when_closed_and_opened_again) {
    store_.put("greeting", "hello");
    const version_number version = store_.snapshot().version();
    reopen();
    EXPECT_EQ(store_.get("greeting")->text(), "hello");
    EXPECT_EQ(store_.snapshot().version(), version);
}

TEST_F(store_test, shares_one_mapping_between_handles_of_a_process) {
    holdfast::store second = place_.open();
    second.put("a", "1");
    EXPECT_EQ(store_.get("a")->text(), "1");
    EXPECT_EQ(store_.stat().processes.size(), 1U);
    { const holdfast::store closed = std::move(second); }
    store_.put("b", "2");
    EXPECT_EQ(store_.get("b")->text(), "2");
}

TEST_F(store_test, is_not_found_where_there_is_none_and_none_is_to_be_made) {
    const auto elsewhere = place_.folder() / "other.hold";
    for (const open_mode mode : {open_mode::write, open_mode::read_only}) {
        expect_failure(errc::not_found, [&] {
            open_options options;
            options.mode = mode;
            static_cast<void>(store::open(elsewhere, options));
        });
    }
    EXPECT_FALSE(std::filesystem::exists(elsewhere));
}

TEST_F(store_test, does_not_take_another_file_for_a_store) {
    const auto elsewhere = place_.folder() / "notes.txt";
    std::ofstream(elsewhere) << "just some text, and not a short one: " << std::string(20'000, 'x');
    expect_failure(errc::not_a_store, [&] { static_cast<void>(store::open(elsewhere)); });
    EXPECT_EQ(std::filesystem::file_size(elsewhere), 20'037U);
}

TEST_F(store_test, opens_in_a_folder_that_is_missing_with_an_error) {
    expect_failure(errc::not_found,
                   [&] { static_cast<void>(store::open(place_.folder() / "no" / "where.hold")); });
}

// --- Single operations ------------------------------------------------------------------------------------

TEST_F(store_test, keeps_the_types_of_values) {
    constexpr std::array<std::byte, 3> bytes = {std::byte{0}, std::byte{255}, std::byte{7}};
    store_.put("text", "words");
    store_.put("view", "words"sv);
    store_.put("bytes", bytes);
    store_.put("number", value_view(value_type::int64, "12345678"));
    const std::string raw = encode_raw({"an object", "its type", 1, 8});
    store_.put("raw", value_view(value_type::raw, raw));
    reopen();
    EXPECT_EQ(store_.get("text")->type(), value_type::string);
    EXPECT_EQ(store_.get("view")->type(), value_type::string);
    const std::optional<value> stored = store_.get("bytes");
    EXPECT_EQ(stored->type(), value_type::bytes);
    ASSERT_EQ(stored->size(), bytes.size());
    EXPECT_EQ(std::memcmp(stored->bytes().data(), bytes.data(), bytes.size()), 0);
    EXPECT_EQ(store_.get("number")->type(), value_type::int64);
    EXPECT_EQ(store_.get("raw")->text(), raw);
    const snapshot now = store_.snapshot();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(now.get("raw")->bytes().data()) % 16, 0U);
}

TEST_F(store_test, replaces_a_value_and_its_type) {
    store_.put("key", "first");
    store_.put("key", value_view(value_type::bytes, "second"));
    EXPECT_EQ(store_.get("key")->text(), "second");
    EXPECT_EQ(store_.get("key")->type(), value_type::bytes);
    EXPECT_EQ(store_.snapshot().map().size(), 1U);
}

TEST_F(store_test, takes_empty_keys_empty_values_and_nul_bytes) {
    store_.put("", "the empty key");
    store_.put("empty value", "");
    store_.put("a\0b"s, "with\0nul"s);
    store_.put("a"s, "without");
    store_.put("a\0"s, "shorter");
    reopen();
    EXPECT_EQ(store_.get("")->text(), "the empty key");
    EXPECT_EQ(store_.get("empty value")->text(), "");
    EXPECT_EQ(store_.get("a\0b"s)->text(), "with\0nul"s);
    EXPECT_EQ(store_.get("a")->text(), "without");
    EXPECT_EQ(store_.get("a\0"s)->text(), "shorter");
    std::vector<std::string> keys;
    const snapshot now = store_.snapshot();
    for (auto&& [key, value] : now.map()) {
        keys.emplace_back(key);
    }
    EXPECT_EQ(keys, (std::vector<std::string>{"", "a", "a\0"s, "a\0b"s, "empty value"}));
    EXPECT_TRUE(store_.erase(""));
    EXPECT_FALSE(store_.contains(""));
}

TEST_F(store_test, erases_what_is_there_and_says_so) {
    store_.put("key", "value");
    EXPECT_TRUE(store_.contains("key"));
    EXPECT_TRUE(store_.erase("key"));
    EXPECT_FALSE(store_.erase("key"));
    EXPECT_FALSE(store_.contains("key"));
    EXPECT_EQ(store_.get("key"), std::nullopt);
}

TEST_F(store_test, takes_keys_up_to_the_limit_and_refuses_longer_ones) {
    const std::string longest(key_size_max, 'k');
    const std::string too_long(key_size_max + 1, 'k');
    store_.put(longest, "value");
    EXPECT_EQ(store_.get(longest)->text(), "value");
    expect_failure(errc::invalid_argument, [&] { store_.put(too_long, "value"); });
    EXPECT_EQ(store_.get(too_long), std::nullopt);
    EXPECT_FALSE(store_.erase(too_long));
    store_.update([&](write_transaction& transaction) {
        transaction.put("before", "1");
        expect_failure(errc::invalid_argument, [&] { transaction.put(too_long, "value"); });
        expect_failure(errc::invalid_argument, [&] { transaction.map(too_long).put("key", "value"); });
        transaction.put("after", "2");
        transaction.map(longest).put(longest, "in a map of a long name");
    });
    EXPECT_EQ(store_.get("before")->text(), "1");
    EXPECT_EQ(store_.get("after")->text(), "2");
    EXPECT_EQ(store_.snapshot().map(longest).get<std::string>(longest), "in a map of a long name");
}

TEST_F(store_test, refuses_types_that_no_value_has) {
    const auto put = [&](int type) { store_.put("key", value_view(static_cast<value_type>(type), "value")); };
    for (const int type : {0, 10}) {
        expect_failure(errc::invalid_argument, [&] { put(type); });
    }
    for (const int type : {11, 128, 255}) { // these own something that nobody here could make
        expect_failure(errc::unsupported, [&] { put(type); });
    }
    EXPECT_FALSE(store_.contains("key"));
}

TEST_F(store_test, gives_long_values_in_place_at_multiples_of64) {
    store_.update([&](write_transaction& transaction) {
        for (std::size_t i = 0; i < 200; ++i) {
            transaction.put(std::string(i, 'k'), patterned(1024 + i * 97 % 20'000, i));
        }
    });
    const snapshot now = store_.snapshot();
    for (std::size_t i = 0; i < 200; ++i) {
        const std::optional<value_view> found = now.get(std::string(i, 'k'));
        ASSERT_TRUE(found);
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(found->text().data()) % 64, 0U) << found->size();
        ASSERT_EQ(found->text(), patterned(1024 + i * 97 % 20'000, i));
    }
}

TEST_F(store_test, takes_large_values) {
    for (const std::size_t size : {4096U, 8192U, 8193U, 16'384U, 65'536U, 1U << 20}) {
        const std::string data = patterned(size, size);
        store_.put(numbered("size", size), data);
        EXPECT_EQ(store_.get(numbered("size", size))->text(), data);
    }
    reopen();
    EXPECT_EQ(store_.get(numbered("size", 1U << 20))->text(), patterned(1U << 20, 1U << 20));
}

TEST_F(store_test, takes_a_value_of100_mi_b) {
    const std::size_t size = std::size_t{100} << 20;
    const std::string data = patterned(4096, 1);
    std::string large;
    while (large.size() < size) {
        large += data;
    }
    store_.put("large", value_view(value_type::bytes, large));
    EXPECT_TRUE(store_.snapshot().get<std::vector<std::byte>>("large")->size() == size);
    EXPECT_TRUE(*store_.get("large") == std::string_view(large));
    store_.put("large", "small");
    EXPECT_EQ(store_.get("large")->text(), "small");
}

// --- Transactions -----------------------------------------------------------------------------------------

TEST_F(store_test, commits_all_of_an_update_and_returns_what_it_returns) {
    const std::string returned = store_.update([](write_transaction& transaction) {
        transaction.put("a", "1");
        transaction.map("users").put("ada", "36");
        return std::string("done");
    });
    EXPECT_EQ(returned, "done");
    EXPECT_EQ(store_.get("a")->text(), "1");
    EXPECT_EQ(store_.snapshot().map("users").get<std::string>("ada"), "36");
    static_assert(std::is_void_v<decltype(store_.update([](write_transaction&) {}))>);
}

TEST_F(store_test, undoes_an_update_that_throws) {
    store_.put("kept", "before");
    const version_number version = store_.snapshot().version();
    EXPECT_THROW(store_.update([](write_transaction& transaction) {
        transaction.put("kept", "after");
        transaction.put("new", "value");
        transaction.map("users").put("ada", "36");
        throw std::runtime_error("no");
    }),
                 std::runtime_error);
    EXPECT_EQ(store_.get("kept")->text(), "before");
    EXPECT_FALSE(store_.contains("new"));
    EXPECT_FALSE(store_.snapshot().has_map("users"));
    EXPECT_EQ(store_.snapshot().version(), version);
}

TEST_F(store_test, shows_a_transaction_its_own_changes_and_nobody_else) {
    store_.put("old", "1");
    write_transaction transaction = store_.begin_write();
    transaction.put("new", "2");
    EXPECT_TRUE(transaction.erase("old"));
    EXPECT_EQ(transaction.get("new")->text(), "2");
    EXPECT_EQ(transaction.get("old"), std::nullopt);
    EXPECT_EQ(transaction.map().size(), 1U);
    EXPECT_TRUE(store_.contains("old"));
    EXPECT_FALSE(store_.contains("new"));
    std::move(transaction).commit();
    EXPECT_FALSE(store_.contains("old"));
    EXPECT_TRUE(store_.contains("new"));
}

TEST_F(store_test, undoes_a_transaction_that_is_aborted_or_dropped) {
    write_transaction aborted = store_.begin_write();
    aborted.put("key", "1");
    std::move(aborted).abort();
    {
        write_transaction dropped = store_.begin_write();
        dropped.put("key", "2");
    }
    EXPECT_FALSE(store_.contains("key"));
    store_.put("key", "3");
    EXPECT_EQ(store_.get("key")->text(), "3");
}

TEST_F(store_test, refuses_to_nest_transactions_in_one_thread) {
    store_.update([&](write_transaction& transaction) {
        transaction.put("outer", "1");
        expect_failure(errc::nested_write, [&] { store_.put("inner", "2"); });
        expect_failure(errc::nested_write, [&] { static_cast<void>(store_.begin_write()); });
        expect_failure(errc::nested_write, [&] { static_cast<void>(store_.check()); });
        EXPECT_EQ(store_.get("outer"), std::nullopt); // reading is no writing
    });
    EXPECT_EQ(store_.get("outer")->text(), "1");
    EXPECT_FALSE(store_.contains("inner"));
}

TEST_F(store_test, waits_for_another_writer_until_its_time_is_up) {
    const write_transaction held = store_.begin_write();
    std::thread([&] {
        open_options options;
        options.timeout = std::chrono::milliseconds(20);
        holdfast::store impatient = store::open(place_.path(), options);
        expect_failure(errc::timed_out, [&] { impatient.put("key", "value"); });
        EXPECT_EQ(impatient.get("key"), std::nullopt);
    }).join();
}

TEST_F(store_test, moves_transactions_and_ends_the_one_that_is_overwritten) {
    write_transaction first = store_.begin_write();
    first.put("key", "first");
    write_transaction second = std::move(first);
    second.put("also", "first");
    std::move(second).commit();
    write_transaction third = store_.begin_write();
    third.put("key", "third");
    third = [&] { // NOLINT: the assignment undoes what it overwrites
        std::move(third).abort();
        return store_.begin_write();
    }();
    third.put("key", "fourth");
    std::move(third).commit();
    EXPECT_EQ(store_.get("key")->text(), "fourth");
    EXPECT_EQ(store_.get("also")->text(), "first");
}

TEST_F(store_test, copies_keys_and_values_that_come_from_itself) {
    store_.put("a", patterned(3000, 1));
    store_.update([&](write_transaction& transaction) {
        const snapshot before = store_.snapshot();
        for (int i = 0; i < 200; ++i) {
            transaction.put(numbered("copy", static_cast<std::uint64_t>(i)), before.get("a")->text());
        }
        transaction.erase("a");
    });
    EXPECT_EQ(store_.get("copy00000199")->text(), patterned(3000, 1));
}

// --- Versions ---------------------------------------------------------------------------------------------

TEST_F(store_test, gives_each_commit_a_new_version_and_its_values_the_same) {
    version_number last = store_.snapshot().version();
    for (int i = 0; i < 10; ++i) {
        write_transaction transaction = store_.begin_write();
        const version_number promised = transaction.version();
        transaction.put("key", "value");
        EXPECT_EQ(transaction.get("key")->version(), promised);
        EXPECT_EQ(std::move(transaction).commit(), promised);
        EXPECT_GT(promised, last);
        last = promised;
        EXPECT_EQ(store_.snapshot().version(), last);
        EXPECT_EQ(store_.get("key")->version(), last);
    }
    store_.put("other", "value");
    EXPECT_EQ(store_.get("key")->version(), last);
}

TEST_F(store_test, never_gives_a_version_twice_also_after_an_abort) {
    version_number aborted = 0;
    {
        write_transaction transaction = store_.begin_write();
        aborted = transaction.version();
        transaction.put("key", "never");
    }
    write_transaction transaction = store_.begin_write();
    EXPECT_GT(transaction.version(), aborted);
    std::move(transaction).abort();
    reopen();
    store_.put("key", "value");
    EXPECT_GT(store_.get("key")->version(), aborted + 1);
}

TEST_F(store_test, keeps_its_version_when_a_transaction_changes_nothing) {
    store_.put("key", "value");
    const version_number before = store_.snapshot().version();
    const auto commit_after = [&](auto&& nothing) {
        write_transaction transaction = store_.begin_write();
        nothing(transaction);
        EXPECT_EQ(std::move(transaction).commit(), before);
        EXPECT_EQ(store_.snapshot().version(), before);
    };
    commit_after([](write_transaction&) {});
    commit_after([](write_transaction& tx) { EXPECT_FALSE(tx.erase("absent")); });
    commit_after([](write_transaction& tx) { EXPECT_EQ(tx.map().erase_prefix("absent"), 0U); });
    commit_after([](write_transaction& tx) { EXPECT_FALSE(tx.drop("absent")); });
    commit_after([](write_transaction& tx) { tx.map("absent").clear(); });
    commit_after([](write_transaction& tx) {
        tx.map("dropped").put("key", "value");
        EXPECT_TRUE(tx.drop("dropped"));
    });
    commit_after([](write_transaction& tx) { EXPECT_EQ(tx.map("absent").get("key"), std::nullopt); });
}

// --- Handles, statistics ----------------------------------------------------------------------------------

TEST_F(store_test, is_left_usable_by_its_moves) {
    holdfast::store moved = std::move(store_);
    moved.put("key", "value");
    store_ = std::move(moved);
    EXPECT_EQ(store_.get("key")->text(), "value");
}

TEST_F(store_test, tells_its_figures_at_a_glance) {
    store_.put("four", "12345");
    store_.update([](write_transaction& transaction) {
        transaction.map("users").put("ada", "36");
        transaction.map("users").put("bob", "7");
    });
    const snapshot held = store_.snapshot();
    const statistics now = store_.stat();
    EXPECT_EQ(now.maps, 2U);
    EXPECT_EQ(now.entries, 3U);
    EXPECT_EQ(now.live_bytes, 9U + 5U + 4U);
    EXPECT_EQ(now.file_bytes, std::filesystem::file_size(place_.path()));
    EXPECT_GT(now.allocated_bytes, 0U);
    EXPECT_LT(now.allocated_bytes, 4U << 20);
    EXPECT_GT(now.free_bytes, 0U);
    EXPECT_EQ(now.version, held.version());
    EXPECT_EQ(now.recoveries, 0U);
    EXPECT_EQ(now.processes.size(), 1U);
    ASSERT_EQ(now.snapshots.size(), 1U);
    EXPECT_EQ(now.snapshots[0].version, held.version());
    EXPECT_EQ(now.snapshots[0].pid, now.processes[0]);
    EXPECT_LT(now.snapshots[0].age, std::chrono::minutes(1));
}

TEST_F(store_test, reports_the_progress_of_a_check) {
    store_.update([](write_transaction& transaction) {
        for (std::uint64_t i = 0; i < 20'000; ++i) {
            transaction.put(numbered("key", i), "value");
        }
    });
    std::uint64_t calls = 0;
    std::uint64_t last = 0;
    EXPECT_TRUE(store_
                    .check([&](std::uint64_t done, std::uint64_t total) {
                        EXPECT_GT(done, last);
                        EXPECT_GT(total, 0U);
                        last = done;
                        ++calls;
                    })
                    .empty());
    EXPECT_GT(calls, 2U);
    EXPECT_THROW(static_cast<void>(
                     store_.check([](std::uint64_t, std::uint64_t) { throw std::runtime_error("stop"); })),
                 std::runtime_error);
    store_.put("the writer lock", "is free");
}

// --- Read-only --------------------------------------------------------------------------------------------

TEST_F(store_test, reads_through_a_read_only_handle_and_refuses_to_write) {
    store_.put("key", "value");
    holdfast::store reader = place_.open(open_mode::read_only);
    EXPECT_EQ(reader.mode(), open_mode::read_only);
    EXPECT_EQ(reader.get("key")->text(), "value");
    expect_failure(errc::read_only, [&] { reader.put("key", "other"); });
    expect_failure(errc::read_only, [&] { static_cast<void>(reader.begin_write()); });
    const snapshot before = reader.snapshot();
    for (std::uint64_t i = 0; i < 3000; ++i) {
        store_.put("key", std::to_string(i));
    }
    EXPECT_EQ(before.get("key")->text(), "value");
    EXPECT_EQ(reader.get("key")->text(), "2999");
    EXPECT_TRUE(reader.check().empty());
    EXPECT_EQ(reader.stat().entries, 1U);
    const std::vector<held_snapshot> held = store_.stat().snapshots;
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held[0].version, before.version());
}

TEST_F(store_test, does_not_change_a_file_that_it_opens_read_only) {
    store_.put("key", "value");
    { const holdfast::store closed = std::move(store_); }
    const auto contents = [&] {
        std::ifstream file(place_.path(), std::ios::binary);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string before = contents();
    {
        const holdfast::store reader = place_.open(open_mode::read_only);
        EXPECT_EQ(reader.get("key")->text(), "value");
        EXPECT_EQ(reader.snapshot().map().size(), 1U);
        EXPECT_TRUE(reader.check().empty());
    }
    EXPECT_TRUE(before == contents());
    store_ = place_.open();
}

} // namespace
} // namespace holdfast::test
