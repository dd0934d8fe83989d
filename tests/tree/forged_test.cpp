// Forged bytes: whatever a file holds, the tree answers or throws errc::corrupt; it neither crashes nor hangs.
// Meant to be run under AddressSanitizer and UndefinedBehaviorSanitizer, too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "support.hpp"
#include "tree/difference.hpp"
#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

/// Runs `use`, which may only end normally or with errc::corrupt (or no_space, of absurd sizes).
template <class Use>
void expect_answer_or_corrupt(Use use) {
    try {
        use();
    } catch (const error& damage) {
        if (damage.reason() != errc::no_space) {
            ASSERT_EQ(damage.reason(), errc::corrupt) << damage.what();
        }
    }
}

class forged_tree {
public:
    explicit forged_tree(std::uint64_t seed) : random_(seed) {
        memory_.expect_forgery();
        shape_ = static_cast<key_shape>(seed % 4);
        tree_writer writer(memory_, {});
        const std::uint64_t entries = 1 + random_() % 4000;
        for (std::uint64_t i = 0; i < entries; ++i) {
            writer.put(make_key(shape_, random_), {format::value_type::string, "value", random_() % 2});
        }
        older_ = writer.root();
        memory_.commit();
        tree_writer second(memory_, older_);
        for (unsigned i = 0; i < 20; ++i) {
            second.put(make_key(shape_, random_), {});
        }
        root_ = second.root();
        memory_.commit();
        for (const auto& [offset, live] : memory_.live()) {
            objects_.push_back({ref::from_offset(offset), live.size});
        }
        std::sort(objects_.begin(), objects_.end());
    }

    /// Overwrites a few bytes, mostly of nodes, by noise or by something plausible.
    void damage() {
        for (std::uint64_t i = random_() % 12 + 1; i != 0; --i) {
            const auto& [place, size] = pick_object();
            const std::uint64_t at =
                random_() % 3 == 0 ? random_() % std::min<std::uint64_t>(32, size) : random_() % size;
            std::byte* const target = memory_.bytes(place) + at;
            const std::uint64_t room = size - at;
            switch (random_() % 4) {
            case 0:
                *target ^= std::byte{1} << random_() % 8;
                break;
            case 1:
                *target = static_cast<std::byte>(random_() % 3 == 0 ? 0xFF : random_());
                break;
            case 2:
                forge_reference(memory_.bytes(place), size);
                break;
            default: {
                const std::uint64_t noise = random_();
                std::memcpy(target, &noise, std::min<std::uint64_t>(sizeof noise, room));
            }
            }
        }
        if (random_() % 8 == 0) {
            root_.level = static_cast<std::uint8_t>(random_() % 20);
        }
        if (random_() % 8 == 0) {
            root_.entries = random_() % 3 == 0 ? random_() : random_() % 100;
        }
    }

    void use() {
        const auto corruptible = [&](auto call) { expect_answer_or_corrupt(call); };
        for (unsigned i = 0; i < 30; ++i) {
            const std::string key = make_key(shape_, random_);
            corruptible([&] { static_cast<void>(tree_find(memory_.view(), root_, key)); });
            corruptible([&] { walk(key); });
        }
        corruptible([&] { find_many(); });
        object_map reached;
        static_cast<void>(
            tree_check(memory_.view(), root_, memory_.transaction(), [&](ref place, std::uint64_t bytes) {
                return reached.emplace(place.offset(), bytes).second;
            }));
        corruptible([&] { difference(); });
        for (unsigned i = 0; i < 6; ++i) {
            corruptible([&] { write(); });
        }
    }

    void mislead() { memory_.mislead(&random_); }

private:
    std::pair<ref, std::uint64_t>& pick_object() {
        for (unsigned tries = 0; tries < 60; ++tries) {
            auto& object = objects_[random_() % objects_.size()];
            if (object.second == sizeof(format::leaf_node) || object.second == sizeof(format::inner_node)) {
                return object;
            }
        }
        return objects_[random_() % objects_.size()];
    }

    /// Makes a reference of a node lead to any other object: cycles, shared subtrees, wrong kinds.
    void forge_reference(std::byte* node, std::uint64_t size) {
        const ref target = objects_[random_() % objects_.size()].first;
        if (size == sizeof(format::leaf_node)) {
            set_ref(reinterpret_cast<format::leaf_node*>(node)->records,
                    random_() % format::leaf_node::capacity, target);
        } else if (size == sizeof(format::inner_node)) {
            auto* inner = reinterpret_cast<format::inner_node*>(node);
            set_ref(random_() % 2 == 0 ? inner->children : inner->separators, random_() % 60,
                    random_() % 2 == 0 ? target : pick_object().first);
        }
    }

    void walk(std::string_view key) {
        tree_cursor cursor(memory_.view(), root_);
        cursor.seek(key);
        for (unsigned i = 0; i < 200 && cursor.valid(); ++i) {
            static_cast<void>(cursor.record());
            cursor.next();
        }
        cursor.seek_last();
        while (cursor.valid()) {
            cursor.previous();
        }
        cursor.seek_first();
        while (cursor.valid()) {
            static_cast<void>(cursor.record());
            cursor.next();
        }
    }

    void find_many() {
        std::vector<std::string> keys;
        for (unsigned i = 0; i < 20; ++i) {
            keys.push_back(make_key(shape_, random_));
        }
        const std::vector<std::string_view> views(keys.begin(), keys.end());
        std::vector<std::optional<record_view>> out(keys.size());
        tree_find_many(memory_.view(), root_, views, out);
    }

    void difference() {
        std::uint64_t bytes = 0;
        tree_difference(memory_.view(), older_, memory_.view(), root_,
                        [&](const record_view* old, const record_view* now) {
                            bytes += (old != nullptr ? old->key.size() : 0) +
                                     (now != nullptr ? now->value.size() : 0);
                        });
    }

    void write() {
        tree_writer writer(memory_, root_);
        for (unsigned i = 0; i < 150; ++i) {
            const std::string key = make_key(shape_, random_);
            switch (random_() % 40) {
            case 0:
                writer.erase_prefix(key.substr(0, key.size() / 2 + 2));
                break;
            case 1:
                if (random_() % 20 == 0) {
                    writer.clear();
                }
                break;
            default:
                random_() % 3 == 0 ? static_cast<void>(writer.erase(key))
                                   : static_cast<void>(writer.put(key, {}));
            }
        }
        root_ = writer.root();
    }

    memory_space memory_{std::uint64_t{256} << 20};
    random_source random_;
    key_shape shape_;
    tree_root older_;
    tree_root root_;
    std::vector<std::pair<ref, std::uint64_t>> objects_;
};

TEST(forged_trees, are_answered_or_refused) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE(seed);
        forged_tree tree(seed);
        for (unsigned round = 0; round < 3; ++round) {
            tree.damage();
            ASSERT_NO_FATAL_FAILURE(tree.use());
        }
    }
}

TEST(forged_trees, with_a_heap_that_hands_out_memory_in_use_are_answered_or_refused) {
    for (std::uint64_t seed = 1000; seed < 1300; ++seed) {
        SCOPED_TRACE(seed);
        forged_tree tree(seed);
        tree.mislead();
        ASSERT_NO_FATAL_FAILURE(tree.use());
    }
}

TEST(forged_nodes, that_claim_to_be_of_the_running_transaction_are_not_changed_in_place) {
    memory_space memory;
    tree_writer loader(memory, {});
    for (std::uint64_t i = 0; i < 1000; ++i) {
        loader.put(decimal_key(i), {});
    }
    memory.commit();
    const tree_root root = loader.root();
    const ref leaf = get_ref(inner_at(memory.view(), root.root, 1, map_id::none).children, 0);
    memory.writable<format::leaf_node>(leaf).header.made = raw(memory.transaction());
    const format::leaf_node before = leaf_at(memory.view(), leaf, map_id::none);
    EXPECT_THROW(tree_writer(memory, root).put(decimal_key(3), {}), error);
    EXPECT_THROW(tree_writer(memory, root).erase(decimal_key(3)), error);
    EXPECT_THROW(tree_writer(memory, root).erase_prefix(decimal_key(3)), error);
    EXPECT_EQ(std::memcmp(&before, &leaf_at(memory.view(), leaf, map_id::none), sizeof before), 0);
}

/// With the guard in the descent taken out, the node was changed in place, for all snapshots that share it.
TEST(forged_nodes, above_the_leaves_that_claim_to_be_of_the_running_transaction_are_not_changed_in_place) {
    memory_space memory;
    tree_writer loader(memory, {});
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        loader.put(decimal_key(i), {});
    }
    memory.commit();
    const tree_root root = loader.root();
    ASSERT_EQ(root.level, 2U);
    const ref inner = get_ref(inner_at(memory.view(), root.root, 2, map_id::none).children, 0);
    const ref leaf = get_ref(inner_at(memory.view(), inner, 1, map_id::none).children, 0);
    memory.writable<format::inner_node>(inner).header.made = raw(memory.transaction());
    const format::inner_node before = inner_at(memory.view(), inner, 1, map_id::none);
    const auto expect_refused = [&](auto change) {
        tree_writer writer(memory, root);
        try {
            change(writer);
            ADD_FAILURE() << "the node was believed";
        } catch (const error& damage) {
            EXPECT_EQ(damage.reason(), errc::corrupt);
        }
        EXPECT_EQ(std::memcmp(&before, &inner_at(memory.view(), inner, 1, map_id::none), sizeof before), 0);
    };
    expect_refused([](tree_writer& writer) { writer.put(decimal_key(3), {}); });
    expect_refused([](tree_writer& writer) { writer.erase(decimal_key(3)); });
    expect_refused([](tree_writer& writer) { writer.erase_prefix(decimal_key(3)); });
    // Also where the leaf below agrees with its parent.
    memory.writable<format::leaf_node>(leaf).header.made = raw(memory.transaction());
    expect_refused([](tree_writer& writer) { writer.put(decimal_key(3), {}); });
}

TEST(forged_nodes, of_another_map_are_refused) {
    memory_space memory;
    const tree_root mine = [&] {
        tree_writer loader(memory, empty_tree(map_id{7}));
        for (std::uint64_t i = 0; i < 1000; ++i) {
            loader.put(decimal_key(i), {format::value_type::string, "mine", 0});
        }
        return loader.root();
    }();
    EXPECT_EQ(mine.map, map_id{7});
    ASSERT_NO_FATAL_FAILURE(expect_exact(memory, mine));
    tree_root other = mine;
    other.map = map_id{8};
    const auto expect_corrupt = [](auto use) {
        try {
            use();
            ADD_FAILURE() << "another map's node was read";
        } catch (const error& damage) {
            EXPECT_EQ(damage.reason(), errc::corrupt);
            EXPECT_NE(std::string(damage.what()).find("another map"), std::string::npos) << damage.what();
        }
    };
    expect_corrupt([&] { static_cast<void>(tree_find(memory.view(), other, decimal_key(3))); });
    expect_corrupt([&] { tree_cursor(memory.view(), other).seek_first(); });
    expect_corrupt([&] { tree_writer(memory, other).put(decimal_key(3), {}); });
    expect_corrupt([&] { tree_writer(memory, other).clear(); });
    EXPECT_FALSE(tree_check(memory.view(), other, memory.transaction(), [](ref, std::uint64_t) {
                     return true;
                 }).empty());
    // Only a leaf: as where a page of another map was written to its place.
    const ref leaf = get_ref(inner_at(memory.view(), mine.root, 1, map_id{7}).children, 1);
    memory.writable<format::leaf_node>(leaf).header.map = 8;
    const std::string key(
        record_key(memory.view(), get_ref(memory.writable<format::leaf_node>(leaf).records, 0)));
    expect_corrupt([&] { static_cast<void>(tree_find(memory.view(), mine, key)); });
}

/// A tree of 16 levels in which every child of a node is the same node: 60^15 leaves to whoever believes it.
class forged_graph : public testing::Test {
protected:
    forged_graph() {
        memory_.expect_forgery();
        root_ = forge(record("key"));
        memory_.commit();
    }

    ref first_leaf() {
        ref place = root_.root;
        for (std::uint32_t level = root_.level; level != 0; --level) {
            place = get_ref(inner_at(memory_.view(), place, level, map_id::none).children, 0);
        }
        return place;
    }

    ref record(std::string_view key) { return write_record(memory_, key, {}); }

    tree_root forge(ref entry) {
        ref place = memory_.allocate(sizeof(format::leaf_node));
        build_leaf(memory_.view(), memory_.writable<format::leaf_node>(place),
                   {memory_.transaction(), map_id::none}, {&entry, 1});
        for (std::uint32_t level = 1; level <= format::level_max; ++level) {
            const ref above = memory_.allocate(sizeof(format::inner_node));
            std::array<ref, 60> separators;
            std::array<ref, 60> children;
            for (std::size_t i = 0; i < 60; ++i) {
                separators[i] = write_separator(memory_, decimal_key(i));
            }
            children.fill(place);
            build_inner(memory_.view(), memory_.writable<format::inner_node>(above),
                        {memory_.transaction(), map_id::none}, level, separators, children);
            place = above;
        }
        tree_root root;
        root.root = place;
        root.level = format::level_max;
        root.entries = 1000;
        return root;
    }

    memory_space memory_{std::uint64_t{64} << 20};
    tree_root root_;
};

TEST_F(forged_graph, ends_a_walk) {
    tree_cursor cursor(memory_.view(), root_);
    cursor.seek_first();
    EXPECT_THROW(cursor.next(), error);
    EXPECT_FALSE(cursor.valid());
    cursor.seek_last();
    EXPECT_THROW(cursor.previous(), error);
    EXPECT_FALSE(cursor.valid());
}

TEST_F(forged_graph, ends_a_check_with_findings) {
    object_map reached;
    EXPECT_FALSE(
        tree_check(memory_.view(), root_, memory_.transaction(), [&](ref place, std::uint64_t bytes) {
            return reached.emplace(place.offset(), bytes).second;
        }).empty());
}

TEST_F(forged_graph, ends_a_difference) {
    const auto ignore = [](const record_view*, const record_view*) {};
    const tree_root other = forge(get_ref(leaf_at(memory_.view(), first_leaf(), map_id::none).records, 0));
    EXPECT_THROW(tree_difference(memory_.view(), {}, memory_.view(), root_, ignore), error);
    EXPECT_THROW(tree_difference(memory_.view(), other, memory_.view(), root_, ignore), error);
    tree_difference(memory_.view(), root_, memory_.view(), root_, ignore);
}

TEST_F(forged_graph, ends_erasing) {
    EXPECT_THROW(tree_writer(memory_, root_).clear(), error);
    EXPECT_THROW(tree_writer(memory_, root_).erase_prefix("k"), error);
    memory_.ignore_misuse();
    EXPECT_THROW(tree_writer(memory_, root_).clear(), error);
    EXPECT_THROW(tree_writer(memory_, root_).erase_prefix("k"), error);
    root_.entries = ~std::uint64_t{0};
    EXPECT_THROW(tree_writer(memory_, root_), error);
}

} // namespace
} // namespace holdfast::test
