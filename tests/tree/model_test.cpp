// Random operations on keys of every shape, over several transactions, against std::map.
#include <gtest/gtest.h>

#include <iterator>

#include "support.hpp"

namespace holdfast::test {
namespace {

class tree_model : public testing::TestWithParam<key_shape> {
protected:
    /// An existing key, mostly, or any other of the shape.
    std::string some_key() {
        if (!expected_.empty() && random_() % 2 == 0) {
            const auto at = expected_.lower_bound(make_key(GetParam(), random_));
            return at != expected_.end() ? at->first : expected_.begin()->first;
        }
        return make_key(GetParam(), random_);
    }

    void change(tree_writer& writer, unsigned erase_percent) {
        const std::string key = some_key();
        if (random_() % 100 >= erase_percent) {
            put_both(writer, expected_, key, make_value(random_, memory_.transaction()));
        } else if (random_() % 50 == 0) {
            const std::size_t cut = random_() % 40 == 0 ? random_() % 8 : random_() % 3;
            const std::size_t least = random_() % 40 == 0 ? 0 : 5;
            const std::size_t size = std::max(least, key.size() - std::min(cut, key.size()));
            erase_prefix_both(writer, expected_, key.substr(0, size));
        } else {
            erase_both(writer, expected_, key);
        }
    }

    void run_transaction(unsigned operations, unsigned erase_percent) {
        tree_writer writer(memory_, root_);
        for (unsigned i = 0; i < operations; ++i) {
            ASSERT_NO_FATAL_FAILURE(change(writer, erase_percent));
            if (random_() % 16 == 0) {
                ASSERT_NO_FATAL_FAILURE(expect_lookup(writer.root(), some_key()));
            }
        }
        root_ = writer.root();
    }

    void expect_lookup(const tree_root& root, const std::string& key) {
        const auto record = tree_find(memory_.view(), root, key);
        const auto found = expected_.find(key);
        ASSERT_EQ(record.has_value(), found != expected_.end());
        if (record) {
            ASSERT_NO_FATAL_FAILURE(expect_record(*record, key, found->second));
        }
    }

    void expect_totals() {
        std::uint64_t bytes = 0;
        for (const auto& [key, value] : expected_) {
            bytes += key.size() + value.bytes.size();
        }
        ASSERT_EQ(root_.bytes, bytes);
        ASSERT_EQ(root_.entries, expected_.size());
    }

    memory_space memory_;
    random_source random_{20240 + static_cast<unsigned>(GetParam())};
    tree_root root_;
    model expected_;
};

TEST_P(tree_model, random_operations_agree_with_the_model_and_leave_old_snapshots_unchanged) {
    const unsigned operations = GetParam() == key_shape::huge ? 60 : 4000;
    std::vector<snapshot> old;
    for (unsigned round = 0; round < 24; ++round) {
        const unsigned erase_percent = round % 8 < 4 ? 10 : round % 8 < 6 ? 50 : 90;
        ASSERT_NO_FATAL_FAILURE(run_transaction(round % 3 == 0 ? 10 : operations, erase_percent));
        ASSERT_NO_FATAL_FAILURE(expect_totals());
        expect_sound(memory_.view(), root_, memory_.transaction());
        ASSERT_NO_FATAL_FAILURE(expect_contents(memory_.view(), root_, expected_));
        for (const snapshot& each : old) {
            ASSERT_NO_FATAL_FAILURE(expect_contents(memory_.view(), each.root, each.expected));
        }
        old.push_back({root_, expected_});
        memory_.commit();
        if (round % 6 == 5) {
            old.clear();
            memory_.drop_old_snapshots();
            ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, root_));
        }
    }
}

TEST_P(tree_model, each_change_alone_in_a_transaction_leaves_nothing_unaccounted) {
    const unsigned operations = GetParam() == key_shape::huge ? 40 : 400;
    for (unsigned i = 0; i < operations; ++i) {
        ASSERT_NO_FATAL_FAILURE(run_transaction(1, i < operations / 2 ? 20 : 80));
        memory_.commit();
        memory_.drop_old_snapshots();
        ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, root_));
    }
    ASSERT_NO_FATAL_FAILURE(expect_contents(memory_.view(), root_, expected_));
}

TEST_P(tree_model, aborted_transactions_leave_the_tree_as_it_was) {
    for (unsigned round = 0; round < 10; ++round) {
        ASSERT_NO_FATAL_FAILURE(run_transaction(100, 30));
        memory_.commit();
        const snapshot before{root_, expected_};
        ASSERT_NO_FATAL_FAILURE(run_transaction(100, 60));
        memory_.abort();
        root_ = before.root;
        expected_ = before.expected;
        memory_.drop_old_snapshots();
        ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, root_));
        ASSERT_NO_FATAL_FAILURE(expect_contents(memory_.view(), root_, expected_));
    }
}

TEST_P(tree_model, look_ups_in_lock_step_agree_with_single_ones) {
    ASSERT_NO_FATAL_FAILURE(run_transaction(GetParam() == key_shape::huge ? 60 : 2000, 10));
    for (std::size_t size = 0; size < 40; ++size) {
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < size; ++i) {
            keys.push_back(some_key());
        }
        const std::vector<std::string_view> views(keys.begin(), keys.end());
        std::vector<std::optional<record_view>> out(size + 1, record_view{});
        tree_find_many(memory_.view(), root_, views, out);
        for (std::size_t i = 0; i < size; ++i) {
            const auto single = tree_find(memory_.view(), root_, keys[i]);
            ASSERT_EQ(out[i].has_value(), single.has_value());
            ASSERT_EQ(single ? single->place : ref{}, out[i] ? out[i]->place : ref{});
        }
        ASSERT_TRUE(out[size].has_value()); // what is beyond the keys is not touched
    }
}

TEST_P(tree_model, cursors_seek_and_move_as_the_model_does) {
    ASSERT_NO_FATAL_FAILURE(run_transaction(GetParam() == key_shape::huge ? 60 : 2000, 20));
    tree_cursor cursor(memory_.view(), root_);
    for (unsigned i = 0; i < 1000; ++i) {
        const std::string key = some_key();
        auto at = expected_.lower_bound(key);
        cursor.seek(key);
        for (std::uint64_t moves = random_() % 100; at != expected_.end(); --moves) {
            ASSERT_TRUE(cursor.valid());
            ASSERT_EQ(cursor.record().key, at->first);
            if (moves == 0) {
                break;
            }
            if (moves % 4 != 0) {
                ++at;
                cursor.next();
            } else if (at != expected_.begin()) {
                --at;
                cursor.previous();
            }
        }
        ASSERT_EQ(cursor.valid(), at != expected_.end());
    }
}

TEST_P(tree_model, cursors_walk_backward) {
    ASSERT_NO_FATAL_FAILURE(run_transaction(GetParam() == key_shape::huge ? 60 : 2000, 20));
    tree_cursor cursor(memory_.view(), root_);
    cursor.seek_last();
    for (auto at = expected_.rbegin(); at != expected_.rend(); ++at) {
        ASSERT_TRUE(cursor.valid());
        ASSERT_EQ(cursor.record().key, at->first);
        cursor.previous();
    }
    ASSERT_FALSE(cursor.valid());
}

/// Runs of changes near one another, which the writer serves without descending each time.
TEST(tree_model_of_neighbours, agrees_while_leaves_grow_split_shrink_and_merge_under_the_finger) {
    memory_space memory;
    random_source random(31);
    tree_root root;
    model expected;
    for (unsigned round = 0; round < 40; ++round) {
        tree_writer writer(memory, root);
        for (unsigned run = 0; run < 60; ++run) {
            const std::uint64_t base = random() % 3000;
            const std::uint64_t width = 1 + random() % 150;
            const unsigned erase_percent = (round + run) % 3 * 45 + 5;
            for (unsigned i = 0; i < 120; ++i) {
                const std::string key = decimal_key(base + random() % width);
                if (random() % 100 < erase_percent) {
                    ASSERT_NO_FATAL_FAILURE(erase_both(writer, expected, key));
                } else {
                    ASSERT_NO_FATAL_FAILURE(
                        put_both(writer, expected, key, make_value(random, memory.transaction(), 4)));
                }
            }
            expect_sound(memory.view(), writer.root(), memory.transaction());
        }
        root = writer.root();
        memory.commit();
        memory.drop_old_snapshots();
        ASSERT_NO_FATAL_FAILURE(expect_exact(memory, root));
        ASSERT_NO_FATAL_FAILURE(expect_contents(memory.view(), root, expected));
    }
}

INSTANTIATE_TEST_SUITE_P(shapes, tree_model,
                         testing::Values(key_shape::decimal, key_shape::binary, key_shape::long_prefix,
                                         key_shape::path, key_shape::huge, key_shape::zeros,
                                         key_shape::mixed),
                         shape_name);

} // namespace
} // namespace holdfast::test
