// Through the public interface: what is left of a damaged map, where iterators end at the damage.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"
#include "transaction/engine.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

constexpr std::uint64_t entries = 1000;

class salvage_test : public ::testing::Test {
protected:
    void SetUp() override {
        {
            store filled = place_.open();
            filled.update([](write_transaction& transaction) {
                for (std::uint64_t i = 0; i < entries; ++i) {
                    transaction.map("users").put(numbered("user", i), patterned(20, i));
                    transaction.map("other").put(numbered("key", i), patterned(20, i));
                }
            });
        }
        hurt("users", 3);
    }

    /// Damages one leaf of a map.
    void hurt(const std::string& map, std::size_t child) {
        ref leaf;
        {
            segment_options options;
            options.mode = segment_mode::read_only;
            const std::shared_ptr<engine> reader = engine::open(place_.path(), options);
            const engine::pin held = reader->pin_newest();
            const tree_root root = to_tree_root(*held.state.find(map));
            ASSERT_EQ(root.level, 1U);
            leaf = get_ref(inner_at(held.state.view, root.root, 1, root.map).children, child);
            reader->unpin(held);
        }
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(leaf.offset() + offsetof(format::node_header, count)));
        file.write("\0\0", 2);
    }

    temporary_store place_{folder_in_memory()};
};

TEST_F(salvage_test, goes_on_where_iterators_end) {
    const store opened = place_.open(open_mode::read_only);
    const snapshot now = opened.snapshot();
    const map_view users = now.map("users");
    std::vector<std::string> iterated;
    expect_failure(errc::corrupt, [&] {
        for (auto&& [key, value] : users) {
            iterated.emplace_back(key);
        }
    });
    std::vector<std::string> salvaged;
    std::vector<std::pair<std::string, std::string>> lost;
    users.salvage(
        [&](const entry& one) {
            EXPECT_EQ(one.second.text(), patterned(20, std::stoull(std::string(one.first.substr(4)))));
            salvaged.emplace_back(one.first);
            return true;
        },
        [&](const damaged_stretch& stretch) {
            EXPECT_FALSE(stretch.what.empty());
            lost.emplace_back(stretch.after.value(), stretch.before.value());
        });
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].first, iterated.back());
    ASSERT_GT(salvaged.size(), iterated.size());
    EXPECT_EQ(lost[0].second, salvaged[iterated.size()]);
    EXPECT_EQ(salvaged.back(), numbered("user", entries - 1));
    EXPECT_EQ(entries - salvaged.size(),
              std::stoull(lost[0].second.substr(4)) - std::stoull(lost[0].first.substr(4)) - 1);
    EXPECT_EQ(users.get(numbered("user", 0))->text(), patterned(20, 0));
}

TEST_F(salvage_test, lets_through_what_its_caller_throws_and_stops_when_told) {
    const store opened = place_.open(open_mode::read_only);
    const snapshot now = opened.snapshot();
    const auto nothing = [](const damaged_stretch&) {};
    EXPECT_THROW(
        now.map("users").salvage([](const entry&) -> bool { throw error(errc::corrupt, "mine"); }, nothing),
        error);
    EXPECT_THROW(now.map("users").salvage([](const entry&) { return true; },
                                          [](const damaged_stretch&) { throw std::runtime_error("mine"); }),
                 std::runtime_error);
    int used = 0;
    now.map("users").salvage([&](const entry&) { return ++used < 5; }, nothing);
    EXPECT_EQ(used, 5);
    now.map("nowhere").salvage([&](const entry&) { return ++used < 5; }, nothing);
    EXPECT_EQ(used, 5);
}

TEST_F(salvage_test, of_the_names_of_maps_tells_those_that_are_left) {
    const store opened = place_.open(open_mode::read_only);
    const auto none = [](const damaged_stretch& stretch) { ADD_FAILURE() << stretch.what; };
    const auto found = opened.snapshot().maps(none);
    const auto expected = opened.snapshot().maps();
    ASSERT_EQ(found.size(), 2U);
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].name, expected[i].name);
        EXPECT_EQ(found[i].entries, expected[i].entries);
    }
}

} // namespace
} // namespace holdfast::test
