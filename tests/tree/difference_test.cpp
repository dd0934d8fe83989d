// Differences between two states of a tree, against the difference of their models.
#include <gtest/gtest.h>

#include "support.hpp"
#include "tree/difference.hpp"

namespace holdfast::test {
namespace {

struct change {
    std::string key;
    std::uint64_t old_made; ///< 0: the key was not there
    std::uint64_t made;     ///< 0: it is no more
    friend bool operator==(const change&, const change&) = default;
};

std::vector<change> expected_changes(const model& older, const model& newer) {
    std::map<std::string, change> changes;
    for (const auto& [key, value] : older) {
        changes[key] = {key, raw(value.made), 0};
    }
    for (const auto& [key, value] : newer) {
        change& each = changes.try_emplace(key, change{key, 0, 0}).first->second;
        each.made = raw(value.made);
    }
    std::vector<change> list;
    for (const auto& [key, each] : changes) {
        if (each.old_made != each.made) {
            list.push_back(each);
        }
    }
    return list;
}

class tree_differences : public testing::TestWithParam<key_shape> {
protected:
    std::vector<change> found_changes(const tree_root& older, const tree_root& newer) {
        std::vector<change> list;
        const auto report = [&](const record_view* old, const record_view* now) {
            ASSERT_TRUE(old != nullptr || now != nullptr);
            if (old != nullptr && now != nullptr) {
                ASSERT_EQ(old->key, now->key);
            }
            list.push_back({std::string(old != nullptr ? old->key : now->key),
                            old != nullptr ? raw(old->made) : 0, now != nullptr ? raw(now->made) : 0});
        };
        tree_difference(memory_.view(), older, memory_.view(), newer, report);
        return list;
    }

    snapshot change_some(const snapshot& from, unsigned operations) {
        snapshot now = from;
        tree_writer writer(memory_, from.root);
        for (unsigned i = 0; i < operations; ++i) {
            const std::string key = make_key(GetParam(), random_);
            if (random_() % 3 == 0) {
                erase_both(writer, now.expected, key);
            } else {
                put_both(writer, now.expected, key, make_value(random_, memory_.transaction()));
            }
        }
        now.root = writer.root();
        memory_.commit();
        return now;
    }

    memory_space memory_;
    random_source random_{11};
};

TEST_P(tree_differences, are_those_of_the_models_in_both_directions) {
    std::vector<snapshot> history{{}};
    for (const unsigned operations : {3000U, 1U, 5U, 100U, 0U, 3000U, 2U}) {
        history.push_back(change_some(history.back(), operations));
    }
    history.push_back({});
    for (const snapshot& older : history) {
        for (const snapshot& newer : history) {
            ASSERT_EQ(found_changes(older.root, newer.root),
                      expected_changes(older.expected, newer.expected));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(shapes, tree_differences,
                         testing::Values(key_shape::decimal, key_shape::binary, key_shape::long_prefix,
                                         key_shape::path, key_shape::zeros, key_shape::mixed),
                         shape_name);

TEST(tree_difference_cost, follows_the_changes_and_not_the_size) {
    memory_space memory;
    tree_writer loader(memory, {});
    for (std::uint64_t i = 0; i < 200000; ++i) {
        loader.put(decimal_key(i), {});
    }
    const tree_root older = loader.root();
    memory.commit();
    tree_writer writer(memory, older);
    writer.put(decimal_key(77777), {});
    // Overwriting all that the two states share shows that it is not read.
    tree_cursor cursor(memory.view(), older);
    std::vector<ref> shared;
    for (cursor.seek_first(); cursor.valid(); cursor.next()) {
        const std::string_view key = cursor.record().key;
        if (key < decimal_key(70000) || key > decimal_key(80000)) {
            shared.push_back(cursor.place());
        }
    }
    for (const ref place : shared) {
        memory.writable<format::record_header>(place).type = 0;
    }
    unsigned changes = 0;
    tree_difference(memory.view(), older, memory.view(), writer.root(),
                    [&](const record_view*, const record_view*) { ++changes; });
    EXPECT_EQ(changes, 1U);
}

} // namespace
} // namespace holdfast::test
