// The catalogue: direct roots in the commit slot, what happens when they are used up, and the store's own maps.
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/temporary_store.hpp"
#include "transaction/catalogue.hpp"
#include "transaction/engine.hpp"
#include "transaction/running_transaction.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {
namespace {

constexpr std::size_t direct_max = format::commit_slot::direct_max;

class catalogue_test : public testing::Test {
protected:
    [[nodiscard]] std::shared_ptr<engine> inside() const {
        segment_options options;
        options.mode = segment_mode::write;
        return engine::open(place_.path(), options);
    }
    [[nodiscard]] format::commit_slot newest() const {
        const std::shared_ptr<engine> owner = inside();
        const engine::pin held = owner->pin_newest();
        const format::commit_slot slot = held.state.slot;
        owner->unpin(held);
        return slot;
    }
    /// Commits what `change` makes of the newest commit.
    void forge(const std::function<void(running_transaction&, format::commit_slot&)>& change) const {
        running_transaction running(inside(), std::chrono::seconds(30));
        format::commit_slot next = running.before();
        change(running, next);
        running.commit(next);
    }
    void make_maps(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            store_.update([&](write_transaction& t) { t.map(numbered("map", i)).put("key", "value"); });
        }
    }
    [[nodiscard]] bool check_finds(std::string_view what) const {
        for (const finding& one : store_.check()) {
            if (one.what.find(what) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    temporary_store place_;
    store store_ = place_.open();
};

/// A put into a named map costs what one into the unnamed does: no node of the catalogue is written.
TEST_F(catalogue_test, stays_as_it_is_when_a_direct_map_changes) {
    make_maps(direct_max);
    const format::commit_slot before = newest();
    EXPECT_EQ(before.direct_count, direct_max);
    store_.update([](write_transaction& t) { t.map(numbered("map", 3)).put("key", "other"); });
    const format::commit_slot after = newest();
    EXPECT_EQ(after.catalogue.root, before.catalogue.root);
    EXPECT_EQ(after.catalogue.made, before.catalogue.made);
    EXPECT_NE(after.direct[3].root, before.direct[3].root);
    EXPECT_EQ(store_.snapshot().map(numbered("map", 3)).get<std::string>("key"), "other");
    expect_sound(store_);
}

TEST_F(catalogue_test, holds_the_roots_of_the_maps_for_which_the_slot_has_no_room) {
    make_maps(direct_max + 5);
    const format::commit_slot before = newest();
    EXPECT_EQ(before.direct_count, direct_max);
    const std::string last = numbered("map", direct_max + 4);
    store_.update([&](write_transaction& t) { t.map(last).put("key", "other"); });
    EXPECT_NE(newest().catalogue.root, before.catalogue.root);
    EXPECT_EQ(store_.snapshot().map(last).get<std::string>("key"), "other");
    EXPECT_EQ(store_.snapshot().maps().size(), direct_max + 5);
    expect_sound(store_);
}

TEST_F(catalogue_test, gives_the_direct_root_of_a_dropped_map_to_the_next_one) {
    make_maps(direct_max + 1);
    const format::commit_slot before = newest();
    store_.update([](write_transaction& t) { EXPECT_TRUE(t.drop(numbered("map", 4))); });
    EXPECT_EQ(newest().direct[4].id, 0U);
    expect_sound(store_);
    store_.update([](write_transaction& t) { t.map("another").put("key", "value"); });
    const format::commit_slot after = newest();
    EXPECT_GT(after.direct[4].id, before.direct[direct_max - 1].id);
    EXPECT_EQ(after.direct[4].entries, 1U);
    EXPECT_FALSE(store_.snapshot().has_map(numbered("map", 4)));
    // Dropped and made anew in one transaction it is another map, with other keys.
    store_.update([](write_transaction& t) {
        t.drop("another");
        t.map("another", key_part::int64).put(std::string(8, '\x01'), "value");
    });
    EXPECT_NE(newest().direct[4].id, after.direct[4].id);
    EXPECT_EQ(store_.snapshot().map("another").keys(), key_type(key_part::int64));
    expect_sound(store_);
}

TEST_F(catalogue_test, agrees_with_a_model_of_maps_that_come_and_go) {
    std::map<std::string, std::map<std::string, std::string>> model;
    std::mt19937_64 random(7);
    for (std::uint64_t round = 0; round < amount_of_work(300); ++round) {
        auto after = model;
        write_transaction t = store_.begin_write();
        for (std::uint64_t i = random() % 4 + 1; i != 0; --i) {
            const std::string name = numbered("map", random() % 25);
            if (random() % 4 == 0) {
                EXPECT_EQ(t.drop(name), after.erase(name) != 0);
                continue;
            }
            const std::string key = numbered("key", random() % 5);
            t.map(name).put(key, numbered("value", round));
            after[name][key] = numbered("value", round);
        }
        if (random() % 5 == 0) {
            std::move(t).abort();
        } else {
            std::move(t).commit();
            model = after;
        }
        const snapshot now = store_.snapshot();
        std::map<std::string, std::map<std::string, std::string>> found;
        for (const map_information& map : now.maps()) {
            for (const entry& each : now.map(map.name)) {
                found[map.name].emplace(each.first, each.second.text());
            }
        }
        ASSERT_EQ(found, model) << "round " << round;
    }
    store_ = place_.open();
    EXPECT_EQ(store_.snapshot().maps().size(), model.size());
    expect_sound(store_);
}

TEST_F(catalogue_test, with_a_root_that_is_another_maps_is_damage) {
    make_maps(3);
    forge([](running_transaction&, format::commit_slot& next) { std::swap(next.direct[0], next.direct[1]); });
    expect_failure(errc::corrupt, [&] { (void)store_.snapshot().map(numbered("map", 0)); });
    EXPECT_EQ(store_.snapshot().map(numbered("map", 2)).get<std::string>("key"), "value");
    EXPECT_TRUE(check_finds("another map's root"));
}

TEST_F(catalogue_test, with_a_root_that_belongs_to_no_map_is_damage) {
    make_maps(2);
    forge([](running_transaction&, format::commit_slot& next) {
        next.direct[2].id = 99;
        next.direct_count = 3;
    });
    EXPECT_TRUE(check_finds("does not belong to exactly one map"));
}

/// They are reached from the commit, so their space is accounted for; and no user sees them.
TEST_F(catalogue_test, of_the_store_itself_is_checked_and_invisible) {
    make_maps(2);
    ref planted;
    forge([&](running_transaction& running, format::commit_slot& next) {
        format::map_root map{};
        map.id = 5;
        set_keys(map, key_type());
        tree_writer tree(running, to_tree_root(map));
        for (std::uint64_t i = 0; i < 200; ++i) {
            tree.put(numbered("internal", i), {value_type::string, "value"});
        }
        planted = tree.root().root;
        map = with_tree(map, tree.root(), running.transaction());
        tree_writer names(running, to_tree_root(next.system));
        names.put("unlinked", {value_type::map, {reinterpret_cast<const char*>(&map), sizeof map}});
        next.system = with_tree(next.system, names.root(), running.transaction());
    });
    expect_sound(store_); // would find the nodes leaked, were they not reached
    EXPECT_EQ(store_.snapshot().maps().size(), 2U);
    EXPECT_FALSE(store_.snapshot().has_map("unlinked"));
    const std::shared_ptr<engine> owner = inside();
    const engine::pin held = owner->pin_newest();
    const auto internal = map_catalogue::system(held.state.view, held.state.slot).find("unlinked");
    owner->unpin(held);
    ASSERT_TRUE(internal);
    EXPECT_EQ(internal->entries, 200U);
    store_.update([](write_transaction& t) { t.map("map").put("key", "value"); });
    EXPECT_EQ(newest().system.entries, 1U); // carried on by commits that do not know of it
    owner->file().base()[planted.offset() + sizeof(format::node_header)] ^= std::byte{1};
    bool found = false;
    for (const finding& one : store_.check()) {
        found |= one.map == "(system) unlinked";
    }
    EXPECT_TRUE(found);
    owner->file().base()[planted.offset() + sizeof(format::node_header)] ^= std::byte{1};
}

} // namespace
} // namespace holdfast::test
