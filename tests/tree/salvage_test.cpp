// What can be read of a damaged tree is read, in both directions, and what can't is told between its neighbours.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support.hpp"
#include "tree/node_search.hpp"
#include "tree/salvage.hpp"

namespace holdfast::test {
namespace {

struct found_gap {
    std::string after;
    std::string before;
    std::string what;
};

struct collected {
    std::vector<std::string> keys;
    std::vector<found_gap> gaps;
};

class collector final : public salvage_visitor {
public:
    explicit collector(std::size_t limit) : limit_(limit) {}
    bool entry(const record_view& record) override {
        found.keys.emplace_back(record.key);
        return found.keys.size() != limit_;
    }
    void gap(const tree_gap& gap) override {
        found.gaps.push_back({std::string(gap.after.value_or("(begin)")),
                              std::string(gap.before.value_or("(end)")), gap.what});
    }
    collected found;

private:
    std::size_t limit_;
};

class tree_salvaging : public testing::Test {
protected:
    tree_salvaging() {
        tree_writer writer(memory_, {});
        for (std::uint64_t i = 0; i < entries; ++i) {
            writer.put(decimal_key(i * 7919 % entries), {format::value_type::string, "value", 0});
            all_.push_back(decimal_key(i));
        }
        root_ = writer.root();
    }

    [[nodiscard]] collected salvage(const salvage_range& range = {}, std::size_t limit = 0) const {
        collector visitor(limit);
        tree_salvage(memory_.view(), root_, range, visitor);
        return visitor.found;
    }
    /// Forwards and backwards everything is there but the keys [begin, end), and one gap says so.
    void expect_lost(std::uint64_t begin, std::uint64_t end) const {
        std::vector<std::string> expected = all_;
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(begin),
                       expected.begin() + static_cast<std::ptrdiff_t>(end));
        for (const bool backwards : {false, true}) {
            collected found = salvage({.backwards = backwards});
            if (backwards) {
                std::reverse(found.keys.begin(), found.keys.end());
            }
            EXPECT_EQ(found.keys, expected);
            ASSERT_EQ(found.gaps.size(), 1U);
            EXPECT_EQ(found.gaps[0].after, begin == 0 ? "(begin)" : decimal_key(begin - 1));
            EXPECT_EQ(found.gaps[0].before, end == entries ? "(end)" : decimal_key(end));
            EXPECT_FALSE(found.gaps[0].what.empty());
        }
    }
    [[nodiscard]] static std::uint64_t number_of(std::string_view key) {
        return std::stoull(std::string(key.substr(4)));
    }

    /// Some node of that level, and the numbers of its first key and of the one behind its last.
    struct place_in_tree {
        ref place;
        std::uint64_t begin;
        std::uint64_t end;
    };
    [[nodiscard]] std::string_view edge_key(ref place, std::uint32_t level, bool last) const {
        for (; level != 0; --level) {
            const format::inner_node& node = inner_at(memory_.view(), place, level, map_id::none);
            place = get_ref(node.children, last ? node.header.count - 1U : 0);
        }
        const format::leaf_node& leaf = leaf_at(memory_.view(), place, map_id::none);
        return record_key(memory_.view(), get_ref(leaf.records, last ? leaf.header.count - 1U : 0));
    }
    [[nodiscard]] place_in_tree some_node(std::uint32_t level, std::size_t child = 1) const {
        ref place = root_.root;
        for (std::uint32_t at = root_.level; at > level; --at) {
            place = get_ref(inner_at(memory_.view(), place, at, map_id::none).children, child);
        }
        return {place, number_of(edge_key(place, level, false)), number_of(edge_key(place, level, true)) + 1};
    }
    [[nodiscard]] format::leaf_node& leaf(ref place) { return memory_.writable<format::leaf_node>(place); }

    static constexpr std::uint64_t entries = 20'000;
    memory_space memory_;
    tree_root root_;
    std::vector<std::string> all_;
};

TEST_F(tree_salvaging, gives_all_of_a_sound_tree_and_of_any_part_of_it) {
    EXPECT_GT(root_.level, 1U);
    EXPECT_EQ(salvage().keys, all_);
    EXPECT_TRUE(salvage().gaps.empty());
    const std::string first = decimal_key(1234);
    const std::string last = decimal_key(15'432);
    collected part = salvage({first, last});
    EXPECT_EQ(part.keys, std::vector(all_.begin() + 1234, all_.begin() + 15'432));
    part = salvage({first, last, true});
    EXPECT_EQ(part.keys, std::vector(all_.rend() - 15'432, all_.rend() - 1234));
    EXPECT_TRUE(salvage({last, first}).keys.empty());
    root_ = {};
    EXPECT_TRUE(salvage().keys.empty());
}

TEST_F(tree_salvaging, goes_on_behind_a_damaged_leaf) {
    const place_in_tree hurt = some_node(0);
    leaf(hurt.place).header.count = 0;
    expect_lost(hurt.begin, hurt.end);
}

TEST_F(tree_salvaging, goes_on_behind_the_first_and_the_last_leaf) {
    place_in_tree hurt = some_node(0, 0);
    ASSERT_EQ(hurt.begin, 0U);
    const std::uint16_t count = leaf(hurt.place).header.count;
    leaf(hurt.place).header.level = 3;
    expect_lost(0, hurt.end);
    leaf(hurt.place).header.level = 0;
    leaf(hurt.place).header.count = count;
    ref place = root_.root;
    for (std::uint32_t at = root_.level; at > 0; --at) {
        const format::inner_node& node = inner_at(memory_.view(), place, at, map_id::none);
        place = get_ref(node.children, node.header.count - 1U);
    }
    const std::uint64_t begin = number_of(edge_key(place, 0, false));
    leaf(place).header.map = 77;
    expect_lost(begin, entries);
}

TEST_F(tree_salvaging, goes_on_behind_a_damaged_inner_node) {
    const place_in_tree hurt = some_node(1);
    memory_.writable<format::inner_node>(hurt.place).header.level = 5;
    expect_lost(hurt.begin, hurt.end);
}

TEST_F(tree_salvaging, tells_neighbouring_damage_as_one_gap) {
    const place_in_tree parent = some_node(1);
    const format::inner_node& node = inner_at(memory_.view(), parent.place, 1, map_id::none);
    const std::uint64_t begin = number_of(edge_key(get_ref(node.children, 4), 0, false));
    const std::uint64_t end = number_of(edge_key(get_ref(node.children, 6), 0, true)) + 1;
    for (std::size_t child = 4; child <= 6; ++child) {
        leaf(get_ref(node.children, child)).header.count = 0;
    }
    expect_lost(begin, end);
}

TEST_F(tree_salvaging, leaves_out_the_one_record_that_is_damaged) {
    const place_in_tree hurt = some_node(0);
    auto& header = memory_.writable<format::record_header>(get_ref(leaf(hurt.place).records, 3));
    header.type = 0;
    header.flags = 0xFF;
    expect_lost(hurt.begin + 3, hurt.begin + 4);
}

TEST_F(tree_salvaging, does_not_take_a_key_for_another) {
    const place_in_tree hurt = some_node(0);
    const record_view record = read_record(memory_.view(), get_ref(leaf(hurt.place).records, 3));
    const_cast<char&>(record.key.back()) ^= 8;
    expect_lost(hurt.begin + 3, hurt.begin + 4);
}

// A count that is too low is a leaf like any other: only the digest tells.
TEST_F(tree_salvaging, notices_that_a_node_has_lost_entries) {
    const place_in_tree hurt = some_node(0);
    leaf(hurt.place).header.count = 5;
    collected found = salvage();
    EXPECT_EQ(found.keys.size(), entries - (hurt.end - hurt.begin) + 5);
    ASSERT_EQ(found.gaps.size(), 1U);
    EXPECT_EQ(found.gaps[0].after, decimal_key(hurt.begin - 1));
    EXPECT_EQ(found.gaps[0].before, decimal_key(hurt.end));
    const place_in_tree above = some_node(1, 2);
    auto& inner = memory_.writable<format::inner_node>(above.place);
    inner.header.count = 2;
    found = salvage();
    ASSERT_EQ(found.gaps.size(), 2U);
    EXPECT_EQ(found.gaps[1].after, decimal_key(above.begin - 1));
    EXPECT_EQ(found.gaps[1].before, decimal_key(above.end));
}

TEST_F(tree_salvaging, tells_of_damage_only_where_it_was_asked_for) {
    const place_in_tree hurt = some_node(0);
    leaf(hurt.place).header.count = 0;
    const std::string begin = decimal_key(hurt.begin - 1); // what follows it might have been in that leaf
    const std::string end = decimal_key(hurt.end);
    const std::string inside = decimal_key(hurt.begin + 2);
    for (const bool backwards : {false, true}) {
        EXPECT_TRUE(salvage({"", begin, backwards}).gaps.empty());
        EXPECT_TRUE(salvage({end, std::nullopt, backwards}).gaps.empty());
        EXPECT_EQ(salvage({"", inside, backwards}).gaps.size(), 1U);
        EXPECT_EQ(salvage({inside, std::nullopt, backwards}).gaps.size(), 1U);
    }
}

TEST_F(tree_salvaging, ends_when_it_is_told_to) { EXPECT_EQ(salvage({}, 10).keys.size(), 10U); }

// Each inner node leads to one child only, again and again.
TEST_F(tree_salvaging, of_a_forged_graph_ends_in_time) {
    for (std::uint32_t level = 1; level <= root_.level; ++level) {
        auto& node = memory_.writable<format::inner_node>(some_node(level, 0).place);
        for (std::size_t i = 1; i < node.header.count; ++i) {
            node.children.low[i] = node.children.low[0];
            node.children.high[i] = node.children.high[0];
        }
    }
    try {
        const collected found = salvage();
        EXPECT_LT(found.keys.size(), entries);
        EXPECT_FALSE(found.gaps.empty());
    } catch (const error& damage) {
        EXPECT_EQ(damage.reason(), errc::corrupt);
    }
}

} // namespace
} // namespace holdfast::test
