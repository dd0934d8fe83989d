// What the writer promises beyond agreeing with a model: fill, sharing, and behaviour at the edges.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "support.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

class tree_writing : public testing::Test {
protected:
    void load_decimal(tree_writer& writer, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            writer.put(decimal_key(i), {format::value_type::string, "v", 0});
        }
    }

    /// Commits `count` decimal keys.
    void begin_with(std::uint64_t count) {
        tree_writer writer(memory_, root_);
        load_decimal(writer, count);
        commit(writer);
    }

    void commit(const tree_writer& writer) {
        root_ = writer.root();
        memory_.commit();
        memory_.drop_old_snapshots();
    }

    [[nodiscard]] std::size_t count_objects(std::uint64_t size) const {
        return static_cast<std::size_t>(
            std::count_if(memory_.live().begin(), memory_.live().end(),
                          [&](const auto& live) { return live.second.size == size; }));
    }

    std::vector<std::uint64_t> shuffled(std::uint64_t count) {
        std::vector<std::uint64_t> numbers(count);
        std::iota(numbers.begin(), numbers.end(), std::uint64_t{0});
        std::shuffle(numbers.begin(), numbers.end(), random_);
        return numbers;
    }

    void expect_all_erased(const std::vector<std::uint64_t>& order) {
        begin_with(order.size());
        tree_writer writer(memory_, root_);
        for (std::size_t i = 0; i < order.size(); ++i) {
            ASSERT_TRUE(writer.erase(decimal_key(order[i])));
            if (i % 997 == 0) {
                expect_sound(memory_.view(), writer.root(), memory_.transaction());
            }
        }
        EXPECT_EQ(writer.root(), tree_root{});
        commit(writer);
        EXPECT_TRUE(memory_.live().empty());
    }

    memory_space memory_;
    random_source random_{7};
    tree_root root_;
};

TEST_F(tree_writing, keys_put_in_rising_order_fill_their_leaves) {
    begin_with(100000);
    EXPECT_EQ(count_objects(sizeof(format::leaf_node)), 100000 / format::leaf_node::capacity + 1);
    EXPECT_LE(count_objects(1024), 100000 / format::leaf_node::capacity / 60 + 3);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, keys_put_in_any_order_fill_leaves_by_three_fifths) {
    tree_writer writer(memory_, root_);
    for (const std::uint64_t n : shuffled(100000)) {
        writer.put(decimal_key(n), {});
    }
    commit(writer);
    EXPECT_LE(count_objects(sizeof(format::leaf_node)), 100000 / format::leaf_node::capacity * 5 / 3);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, keys_put_in_falling_order_leave_leaves_half_full_or_more) {
    tree_writer writer(memory_, root_);
    for (std::uint64_t n = 20000; n-- > 0;) {
        writer.put(decimal_key(n), {});
    }
    commit(writer);
    EXPECT_LE(count_objects(sizeof(format::leaf_node)), 20000 / format::leaf_node::capacity * 5 / 2);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, several_rising_runs_at_once_stay_sound) {
    tree_writer writer(memory_, root_);
    for (std::uint64_t i = 0; i < 5000; ++i) {
        for (const char* run : {"a:", "b:", "c:"}) {
            ASSERT_TRUE(writer.put(run + decimal_key(i), {}).inserted);
        }
    }
    commit(writer);
    EXPECT_EQ(root_.entries, 15000U);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, everything_can_be_erased_in_rising_order) {
    std::vector<std::uint64_t> order(20000);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    expect_all_erased(order);
}

TEST_F(tree_writing, everything_can_be_erased_in_falling_order) {
    std::vector<std::uint64_t> order(20000);
    std::iota(order.rbegin(), order.rend(), std::uint64_t{0});
    expect_all_erased(order);
}

TEST_F(tree_writing, everything_can_be_erased_in_any_order) { expect_all_erased(shuffled(20000)); }

TEST_F(tree_writing, a_node_of_this_transaction_is_changed_in_place) {
    begin_with(10000);
    tree_writer writer(memory_, root_);
    writer.put(decimal_key(5000), {});
    const std::uint64_t before = memory_.allocations();
    writer.put(decimal_key(5000), {});
    EXPECT_EQ(memory_.allocations(), before + 1); // the record
    commit(writer);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, an_equal_put_makes_a_new_version) {
    begin_with(100);
    const auto old = tree_find(memory_.view(), root_, decimal_key(50));
    ASSERT_TRUE(old);
    tree_writer writer(memory_, root_);
    EXPECT_FALSE(writer.put(decimal_key(50), {format::value_type::string, "v", 0}).inserted);
    const auto now = tree_find(memory_.view(), writer.root(), decimal_key(50));
    ASSERT_TRUE(now);
    EXPECT_EQ(now->made, memory_.transaction());
    EXPECT_LT(old->made, now->made);
    EXPECT_NE(writer.root().digest, root_.digest);
}

TEST_F(tree_writing, erasing_what_is_not_there_changes_nothing) {
    begin_with(1000);
    const std::uint64_t before = memory_.allocations();
    tree_writer writer(memory_, root_);
    EXPECT_FALSE(writer.erase("absent"));
    EXPECT_FALSE(writer.erase(""));
    EXPECT_FALSE(writer.erase(decimal_key(1000)));
    EXPECT_EQ(writer.erase_prefix("absent"), 0U);
    EXPECT_EQ(writer.erase_prefix(decimal_key(1000)), 0U);
    EXPECT_EQ(memory_.allocations(), before);
    EXPECT_EQ(writer.root(), root_);
}

TEST_F(tree_writing, keys_and_values_may_be_views_of_the_records_they_replace) {
    begin_with(1000);
    tree_writer writer(memory_, root_);
    for (unsigned round = 0; round < 3; ++round) {
        for (std::uint64_t i = 0; i < 1000; i += 7) {
            const auto record = tree_find(memory_.view(), writer.root(), decimal_key(i));
            ASSERT_TRUE(record);
            writer.put(record->key, {format::value_type::string, record->value, 0});
        }
    }
    for (std::uint64_t i = 0; i < 1000; i += 7) {
        const auto record = tree_find(memory_.view(), writer.root(), decimal_key(i));
        ASSERT_TRUE(record);
        EXPECT_EQ(record->value, "v");
        ASSERT_TRUE(writer.erase(record->key));
    }
    tree_cursor cursor(memory_.view(), writer.root());
    cursor.seek_first();
    ASSERT_EQ(writer.erase_prefix(cursor.record().key.substr(0, 15)), 85U);
    commit(writer);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, writers_can_follow_one_another_in_a_transaction) {
    begin_with(3000);
    for (unsigned i = 0; i < 50; ++i) {
        tree_writer first(memory_, root_);
        first.put(decimal_key(random_() % 5000), {});
        tree_writer moved(std::move(first));
        moved.erase(decimal_key(random_() % 5000));
        root_ = moved.root();
    }
    memory_.commit();
    memory_.drop_old_snapshots();
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, erasing_a_prefix_gives_subtrees_back_without_copying_them) {
    tree_writer loader(memory_, root_);
    for (const char* group : {"a/", "b/", "c/"}) {
        for (std::uint64_t i = 0; i < 20000; ++i) {
            loader.put(group + decimal_key(i), {});
        }
    }
    commit(loader);
    const std::uint64_t before = memory_.allocations();
    tree_writer writer(memory_, root_);
    EXPECT_EQ(writer.erase_prefix("b/"), 20000U);
    EXPECT_LE(memory_.allocations() - before, 2U * 4);
    commit(writer);
    EXPECT_EQ(root_.entries, 40000U);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, erasing_the_empty_prefix_or_clearing_leaves_nothing) {
    for (const bool clears : {true, false}) {
        begin_with(20000);
        tree_writer writer(memory_, root_);
        writer.put("one more", {});
        if (clears) {
            writer.clear();
        } else {
            EXPECT_EQ(writer.erase_prefix(""), 20001U);
        }
        EXPECT_EQ(writer.root(), tree_root{});
        writer.put("again", {});
        EXPECT_TRUE(writer.erase("again"));
        commit(writer);
        EXPECT_TRUE(memory_.live().empty());
    }
}

TEST_F(tree_writing, prefixes_of_greatest_bytes_have_no_successor) {
    tree_writer writer(memory_, root_);
    const std::string top(3, '\xFF');
    load_decimal(writer, 500);
    for (std::uint64_t i = 0; i < 500; ++i) {
        writer.put(top + decimal_key(i), {});
        writer.put("\xFE\xFF" + decimal_key(i), {});
    }
    EXPECT_EQ(writer.erase_prefix("\xFE\xFF"), 500U);
    EXPECT_EQ(writer.erase_prefix(top), 500U);
    EXPECT_EQ(writer.root().entries, 500U);
    commit(writer);
    expect_exact(memory_, root_);
}

TEST_F(tree_writing, a_digest_depends_on_every_version_and_not_on_the_shape) {
    begin_with(1000);
    tree_writer writer(memory_, root_);
    writer.put("transient", {});
    EXPECT_NE(writer.root().digest, root_.digest);
    ASSERT_TRUE(writer.erase("transient"));
    commit(writer);
    expect_exact(memory_, root_);
}

// --- Allocations that fail --------------------------------------------------------------------------------

class tree_without_space : public tree_writing {
protected:
    /// Runs `change` with the 1st, 2nd … allocation failing until it succeeds; each failure must leave the
    /// committed tree alone.
    template <class Change>
    void expect_clean_failures(Change change) {
        std::uint64_t failures = 0;
        for (bool done = false; !done; ++failures) {
            ASSERT_LT(failures, 200U);
            tree_writer writer(memory_, root_);
            memory_.fail_from(failures + 1);
            try {
                change(writer);
                done = true;
            } catch (const error& full) {
                ASSERT_EQ(full.reason(), errc::no_space);
                memory_.abort();
                expect_exact(memory_, root_);
            }
            memory_.fail_from(0);
            if (done) {
                commit(writer);
                expect_exact(memory_, root_);
            }
        }
        EXPECT_GT(failures, 1U);
    }
};

TEST_F(tree_without_space, puts_and_splits_fail_without_harm) {
    begin_with(format::leaf_node::capacity * 60); // full to the root: the next put splits everything
    expect_clean_failures([](tree_writer& writer) { writer.put(decimal_key(1000) + "x", {}); });
    expect_clean_failures([](tree_writer& writer) { writer.put(decimal_key(1000), {}); });
    expect_clean_failures([](tree_writer& writer) { writer.put("zzz", {}); });
}

TEST_F(tree_without_space, appends_and_first_puts_fail_without_harm) {
    expect_clean_failures([](tree_writer& writer) { writer.put("first", {}); });
    begin_with(format::leaf_node::capacity * 60);
    expect_clean_failures(
        [](tree_writer& writer) { writer.put(decimal_key(format::leaf_node::capacity * 60), {}); });
}

TEST_F(tree_without_space, erasing_fails_without_harm) {
    begin_with(format::leaf_node::capacity * 61);
    expect_clean_failures([](tree_writer& writer) { writer.erase(decimal_key(100)); });
    expect_clean_failures([](tree_writer& writer) { writer.erase_prefix(decimal_key(1234).substr(0, 15)); });
    expect_clean_failures([](tree_writer& writer) {
        for (std::uint64_t i = 2000; i < 2100; ++i) {
            writer.erase(decimal_key(i));
        }
    });
}

TEST_F(tree_without_space, long_random_transactions_fail_without_harm) {
    begin_with(500);
    for (unsigned round = 0; round < 60; ++round) {
        tree_writer writer(memory_, root_);
        memory_.fail_from(random_() % 400 + 1);
        EXPECT_THROW(
            for (;;) {
                writer.put(make_key(key_shape::mixed, random_), {});
                if (random_() % 4 == 0) {
                    writer.erase(decimal_key(random_() % 500));
                }
            },
            error);
        memory_.fail_from(0);
        memory_.abort();
        expect_exact(memory_, root_);
    }
}

} // namespace
} // namespace holdfast::test
