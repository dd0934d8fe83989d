// The check finds each kind of damage, says where, and goes on.
#include <gtest/gtest.h>

#include <algorithm>

#include "support.hpp"
#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

class tree_checking : public testing::Test {
protected:
    explicit tree_checking(std::uint64_t entries = 10'000) {
        tree_writer writer(memory_, {});
        for (std::uint64_t i = 0; i < entries; ++i) {
            writer.put(decimal_key(i * 7919 % entries), {format::value_type::string, "value", 0});
        }
        root_ = writer.root();
    }

    std::vector<tree_finding> check(txn_id newest) {
        object_map reached;
        return tree_check(memory_.view(), root_, newest, [&](ref place, std::uint64_t bytes) {
            return reached.emplace(place.offset(), bytes).second;
        });
    }
    std::vector<tree_finding> check() { return check(memory_.transaction()); }

    /// Some leaf in the middle, and the inner node above it.
    format::inner_node& some_inner() {
        ref place = root_.root;
        for (std::uint32_t level = root_.level; level > 1; --level) {
            place = get_ref(inner_at(memory_.view(), place, level, map_id::none).children, 1);
        }
        return memory_.writable<format::inner_node>(place);
    }
    format::leaf_node& some_leaf() {
        return memory_.writable<format::leaf_node>(get_ref(some_inner().children, 3));
    }
    ref some_record() { return get_ref(some_leaf().records, 5); }

    void expect_found(const std::string& what) {
        const auto findings = check();
        const bool found = std::any_of(findings.begin(), findings.end(), [&](const tree_finding& each) {
            return each.what.find(what) != std::string::npos;
        });
        EXPECT_TRUE(found) << "not found: " << what << (findings.empty() ? "" : "; but: " + findings[0].what);
    }

    memory_space memory_;
    tree_root root_;
};

TEST_F(tree_checking, finds_nothing_in_a_sound_tree) {
    EXPECT_TRUE(check().empty());
    root_ = {};
    EXPECT_TRUE(check().empty());
}

TEST_F(tree_checking, finds_wrong_totals) {
    ++root_.entries;
    expect_found("number of entries");
    --root_.entries;
    ++root_.bytes;
    expect_found("number of bytes");
    --root_.bytes;
    ++root_.digest;
    expect_found("root node's digest");
    root_ = {};
    root_.entries = 1;
    expect_found("empty tree claims contents");
}

TEST_F(tree_checking, finds_wrong_levels_and_goes_on_with_the_siblings) {
    some_leaf().header.level = 1;
    const auto findings = check();
    ASSERT_FALSE(findings.empty());
    EXPECT_LT(findings.size(), 5U); // that leaf and the totals
    EXPECT_FALSE(findings[0].key.empty());
    ++root_.level;
    expect_found("header is impossible");
    root_.level = 200;
    expect_found("higher than any");
}

TEST_F(tree_checking, finds_damaged_records) {
    memory_.bytes(some_record())[30] ^= std::byte{1};
    expect_found("checksum is wrong");
    memory_.bytes(some_record())[6] = std::byte{0};
    expect_found("header is impossible");
}

TEST_F(tree_checking, finds_a_record_that_took_the_place_of_another) {
    const ref other = write_record(memory_, read_record(memory_.view(), some_record()).key,
                                   {format::value_type::string, "other", 0});
    set_ref(some_leaf().records, 5, other);
    expect_found("digest does not fit");
}

TEST_F(tree_checking, finds_wrong_order_slices_and_prefixes) {
    format::leaf_node& leaf = some_leaf();
    std::swap(leaf.slices[3], leaf.slices[4]);
    expect_found("slice does not fit");
    std::swap(leaf.slices[3], leaf.slices[4]);
    const format::leaf_node whole = leaf;
    set_ref(leaf.records, 3, get_ref(whole.records, 4));
    set_ref(leaf.records, 4, get_ref(whole.records, 3));
    expect_found("does not rise");
    leaf = whole;
    EXPECT_TRUE(check().empty());
    leaf.records.tags[3] ^= 1;
    expect_found("tag does not fit");
    leaf.records.tags[3] ^= 1;
    leaf.header.prefix_size += 1;
    expect_found("prefix");
}

TEST_F(tree_checking, finds_wrong_separators_and_inner_prefixes) {
    format::inner_node& node = some_inner();
    const ref separator = get_ref(node.separators, 2);
    memory_.bytes(separator)[12 + 8] ^= std::byte{1};
    expect_found("separator");
    memory_.bytes(separator)[12 + 8] ^= std::byte{1};
    node.prefix[1] ^= 1;
    expect_found("prefix does not fit");
    node.prefix[1] ^= 1;
    set_ref(node.separators, 2, get_ref(node.separators, 1));
    expect_found("separator does not rise");
    expect_found("reached twice");
}

TEST_F(tree_checking, finds_keys_beyond_their_separators) {
    format::inner_node& node = some_inner();
    const ref left = get_ref(node.children, 1);
    set_ref(node.children, 1, get_ref(node.children, 2));
    set_ref(node.children, 2, left);
    expect_found("outside of what the separators");
}

TEST_F(tree_checking, finds_objects_newer_than_their_parents) {
    EXPECT_FALSE(check(txn_id::none).empty());
    const std::uint64_t later = raw(memory_.transaction()) + 1;
    some_leaf().header.made = later;
    expect_found("newer than its parent");
    some_leaf().header.made = 0;
    expect_found("made by no transaction");
    format::set_made(memory_.writable<format::separator_header>(get_ref(some_inner().separators, 1)), later);
    expect_found("separator is newer");
}

TEST_F(tree_checking, finds_dirt_where_nothing_ought_to_be) {
    format::leaf_node& leaf = some_leaf();
    ASSERT_LT(leaf.header.count, leaf.capacity);
    leaf.slices[leaf.capacity - 1] = 0;
    expect_found("unused slice");
    leaf.slices[leaf.capacity - 1] = slice_unused;
    leaf.records.low[leaf.capacity - 1] = 1;
    expect_found("unused reference");
    leaf.records.low[leaf.capacity - 1] = 0;
    leaf.header.reserved = 1;
    expect_found("reserved bytes");
    leaf.header.reserved = 0;
    leaf.reserved[15] = 1;
    expect_found("reserved bytes of a leaf");
    leaf.reserved[15] = 0;
    leaf.records.tags[leaf.capacity - 1] = 1;
    expect_found("unused tag");
    leaf.records.tags[leaf.capacity - 1] = 0;
    some_inner().slices[0] = 1;
    expect_found("before the first child");
}

TEST_F(tree_checking, ends_on_cycles_and_shared_subtrees) {
    format::inner_node& node = memory_.writable<format::inner_node>(root_.root);
    for (std::size_t i = 0; i < node.header.count; ++i) {
        set_ref(node.children, i, root_.root);
    }
    expect_found("header is impossible");
    for (std::size_t i = 0; i < node.header.count; ++i) {
        set_ref(node.children, i, get_ref(some_inner().children, 0));
    }
    EXPECT_FALSE(check().empty());
}

TEST_F(tree_checking, finds_a_separator_that_was_replaced) {
    format::inner_node& node = some_inner();
    const ref old = get_ref(node.separators, 2);
    const std::string bytes(read_separator(memory_.view(), old));
    // As sound in itself, and in the same place among its neighbours.
    const ref other = write_separator(memory_, bytes + "\x01");
    set_ref(node.separators, 2, other);
    expect_found("digest does not fit");
    set_ref(node.separators, 2, old);
    EXPECT_TRUE(check().empty());
}

class small_tree_checking : public tree_checking {
protected:
    small_tree_checking() : tree_checking(3500) {}
};

/// Each bit of a leaf, of an inner node and of the root. What may not be found is a prefix that is shorter than it
/// could be, with all slices as that wants them: such a node says the same.
TEST_F(small_tree_checking, finds_each_flipped_bit_of_a_node) {
    memory_.expect_forgery(); // a flipped reference leads anywhere
    ASSERT_EQ(root_.level, 2U);
    const ref leaf = get_ref(some_inner().children, 3);
    const ref inner = [&] {
        ref place = root_.root;
        for (std::uint32_t level = root_.level; level > 1; --level) {
            place = get_ref(inner_at(memory_.view(), place, level, map_id::none).children, 1);
        }
        return place;
    }();
    for (const auto& [place, size] :
         {std::pair{leaf, sizeof(format::leaf_node)}, std::pair{inner, sizeof(format::inner_node)},
          std::pair{root_.root, sizeof(format::inner_node)}}) {
        for (std::size_t bit = 0; bit < size * 8; ++bit) {
            memory_.bytes(place)[bit / 8] ^= std::byte{1} << bit % 8;
            EXPECT_FALSE(check().empty()) << "bit " << bit << " of the node at " << place.offset();
            memory_.bytes(place)[bit / 8] ^= std::byte{1} << bit % 8;
        }
    }
    EXPECT_TRUE(check().empty());
}

TEST_F(tree_checking, keeps_no_more_findings_than_asked) {
    root_.entries = 0;
    memory_.writable<format::inner_node>(root_.root).header.digest += 1;
    const auto all = [](ref, std::uint64_t) { return false; };
    EXPECT_EQ(tree_check(memory_.view(), root_, memory_.transaction(), all, 1).size(), 1U);
}

} // namespace
} // namespace holdfast::test
