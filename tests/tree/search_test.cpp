// Slices, prefixes, and the searches in single nodes, against plain definitions of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "support.hpp"
#include "tree/node_edit.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

std::uint32_t plain_slice(std::string_view key, std::size_t prefix_size) {
    std::uint32_t slice = 0;
    for (std::size_t i = prefix_size; i < prefix_size + 4; ++i) {
        slice = slice * 256 + (i < key.size() ? static_cast<unsigned char>(key[i]) : 0U);
    }
    return slice;
}

TEST(key_slices, are_the_four_bytes_behind_the_prefix_padded_with_zeros) {
    random_source random(1);
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string key = binary_key(random, 12);
        for (std::size_t prefix = 0; prefix < 16; ++prefix) {
            ASSERT_EQ(slice_of(key, prefix), plain_slice(key, prefix));
        }
    }
}

TEST(key_slices, can_be_moved_to_a_shorter_prefix_without_the_key) {
    random_source random(2);
    for (unsigned i = 0; i < 2000; ++i) {
        const std::string prefix = binary_key(random, 12);
        const std::string key = prefix + binary_key(random, 6);
        for (std::size_t size = 0; size <= prefix.size(); ++size) {
            ASSERT_EQ(rebased_slice(slice_of(key, prefix.size()), prefix, prefix.size(), size),
                      slice_of(key, size));
        }
    }
}

TEST(key_bytes, compare_and_share_prefixes_as_strings_do) {
    random_source random(3);
    for (unsigned i = 0; i < 5000; ++i) {
        const std::string a = binary_key(random, 20);
        const std::string b = random() % 2 == 0 ? binary_key(random, 20) : a.substr(0, random() % 20) + "x";
        const auto mismatch =
            std::mismatch(a.begin(), a.begin() + static_cast<int>(std::min(a.size(), b.size())), b.begin());
        ASSERT_EQ(common_prefix(a, b), static_cast<std::size_t>(mismatch.first - a.begin()));
        ASSERT_EQ(equal_keys(a, b), a == b);
        ASSERT_TRUE(equal_keys(a, std::string(a)));
        if (a < b) {
            const std::string_view separator = shortest_separator(a, b);
            ASSERT_LT(a, separator);
            ASSERT_LE(separator, b);
            ASSERT_GE(a, separator.substr(0, separator.size() - 1));
        }
    }
}

TEST(key_bytes, of_a_prefix_are_ordered_as_all_keys_that_begin_with_it) {
    EXPECT_EQ(compare_prefix("abc", "abc"), prefix_order::shares);
    EXPECT_EQ(compare_prefix("abcd", "abc"), prefix_order::shares);
    EXPECT_EQ(compare_prefix("ab", "abc"), prefix_order::before);
    EXPECT_EQ(compare_prefix("abb", "abc"), prefix_order::before);
    EXPECT_EQ(compare_prefix("abd", "abc"), prefix_order::after);
    EXPECT_EQ(compare_prefix("\xFF", "abc"), prefix_order::after);
    EXPECT_EQ(compare_prefix("", "abc"), prefix_order::before);
    EXPECT_EQ(compare_prefix("", ""), prefix_order::shares);
}

TEST(slice_search, finds_the_run_of_equal_slices_whatever_the_slices_are) {
    random_source random(4);
    std::array<std::uint32_t, 60> slices;
    for (unsigned i = 0; i < 20000; ++i) {
        const std::size_t count = random() % 61;
        const std::uint32_t range = random() % 2 == 0 ? 10 : 0xFFFFFFFF;
        for (std::uint32_t& slice : slices) {
            slice = static_cast<std::uint32_t>(random()) % range * (random() % 2 == 0 ? 1 : 0x10000001U);
        }
        std::sort(slices.begin(), slices.begin() + static_cast<int>(count));
        std::fill(slices.begin() + static_cast<int>(count), slices.end(), slice_unused);
        const std::uint32_t sought = random() % 3 == 0 ? slice_unused : slices[random() % 60];
        const auto [first, last] =
            std::equal_range(slices.begin(), slices.begin() + static_cast<int>(count), sought);
        const slice_run run = find_slices(slices, count, sought);
        ASSERT_EQ(run.begin, static_cast<std::size_t>(first - slices.begin()));
        ASSERT_EQ(run.end, static_cast<std::size_t>(last - slices.begin()));
    }
}

/// Up to `count` keys of one shape, sorted.
std::vector<std::string> some_keys(key_shape shape, random_source& random, std::size_t count) {
    std::set<std::string> keys;
    while (keys.size() < count) {
        keys.insert(make_key(shape, random));
    }
    return {keys.begin(), keys.end()};
}

class node_search : public testing::TestWithParam<key_shape> {
protected:
    memory_space memory_;
    random_source random_{5};
};

TEST_P(node_search, lower_bounds_in_a_leaf_are_those_of_the_keys) {
    for (unsigned round = 0; round < 50; ++round) {
        const auto keys = some_keys(GetParam(), random_, random_() % format::leaf_node::capacity + 1);
        std::vector<ref> records;
        for (const std::string& key : keys) {
            records.push_back(write_record(memory_, key, {}));
        }
        format::leaf_node leaf;
        build_leaf(memory_.view(), leaf, node_origin{txn_id{1}, map_id::none}, records);
        for (unsigned i = 0; i < 200; ++i) {
            const std::string key = i < keys.size() ? keys[i] : make_key(GetParam(), random_);
            const auto at = std::lower_bound(keys.begin(), keys.end(), key);
            ASSERT_EQ(leaf_lower_bound(memory_.view(), leaf, key),
                      static_cast<std::size_t>(at - keys.begin()));
        }
    }
}

TEST_P(node_search, exact_searches_in_a_leaf_find_what_is_there_and_nothing_else) {
    for (unsigned round = 0; round < 50; ++round) {
        const auto keys = some_keys(GetParam(), random_, random_() % format::leaf_node::capacity + 1);
        std::vector<ref> records;
        for (const std::string& key : keys) {
            records.push_back(write_record(memory_, key, {}));
        }
        format::leaf_node leaf;
        build_leaf(memory_.view(), leaf, node_origin{txn_id{1}, map_id::none}, records);
        for (unsigned i = 0; i < 200; ++i) {
            const std::string key = i < keys.size() ? keys[i] : make_key(GetParam(), random_);
            const auto at = std::lower_bound(keys.begin(), keys.end(), key);
            const bool present = at != keys.end() && *at == key;
            const slice_run run =
                find_slices(leaf.slices, leaf.header.count, slice_of(key, leaf.header.prefix_size));
            const std::size_t found = find_in_run(memory_.view(), leaf, run, key);
            ASSERT_EQ(found, present ? static_cast<std::size_t>(at - keys.begin()) : run.end);
            if (present) {
                const std::size_t candidate = next_candidate(leaf, run, key);
                ASSERT_TRUE(candidate >= run.begin && candidate <= found);
            }
        }
    }
}

TEST_P(node_search, routes_in_an_inner_node_are_those_of_the_separators_while_it_grows_and_shrinks) {
    format::inner_node node;
    const std::array<ref, 2> one{ref::from_units(1), ref::from_units(1)};
    build_inner(memory_.view(), node, node_origin{txn_id{1}, map_id::none}, 1, std::span(one).first(1),
                std::span(one).first(1));
    std::vector<std::string> present;
    for (unsigned round = 0; round < 2000; ++round) {
        const std::string key = make_key(GetParam(), random_);
        const auto at = std::lower_bound(present.begin(), present.end(), key);
        const auto position = static_cast<std::size_t>(at - present.begin());
        if (present.size() < node.capacity - 1 && random_() % 100 < 60 &&
            (at == present.end() || *at != key)) {
            const ref separator = write_separator(memory_, key);
            inner_insert(memory_.view(), node, position + 1, separator, ref::from_units(1));
            present.insert(at, key);
        } else if (position < present.size()) {
            ASSERT_TRUE(inner_remove(node, position + 1));
            present.erase(at);
        }
        for (unsigned i = 0; i < 20; ++i) {
            const bool present_one = !present.empty() && i % 2 == 0;
            const std::string sought =
                present_one ? present[random_() % present.size()] : make_key(GetParam(), random_);
            const auto upper = std::upper_bound(present.begin(), present.end(), sought) - present.begin();
            const auto lower = std::lower_bound(present.begin(), present.end(), sought) - present.begin();
            ASSERT_EQ(count_separators<true>(memory_.view(), node, sought), static_cast<std::size_t>(upper));
            ASSERT_EQ(count_separators<false>(memory_.view(), node, sought), static_cast<std::size_t>(lower));
        }
    }
}

TEST(node_editing, refuses_counts_and_positions_that_lead_out_of_the_node) {
    memory_space memory;
    const ref record = write_record(memory, "key", {});
    const ref separator = write_separator(memory, "key");
    const space_view view = memory.view();
    format::leaf_node leaf;
    format::inner_node inner;
    for (const auto count : std::to_array<std::uint16_t>({60, 61, 72, 73, 65535})) {
        build_leaf(view, leaf, node_origin{txn_id{1}, map_id::none}, {&record, 1});
        build_inner(view, inner, node_origin{txn_id{1}, map_id::none}, 1, {&separator, 1}, {&record, 1});
        leaf.header.count = count;
        inner.header.count = count;
        if (count >= leaf.capacity) {
            EXPECT_THROW(leaf_insert(view, leaf, 0, "key", record, 0), error);
        }
        EXPECT_THROW(inner_insert(view, inner, 1, separator, record), error);
        EXPECT_THROW(leaf_remove(leaf, count), error);
        EXPECT_THROW(static_cast<void>(inner_remove(inner, count)), error);
    }
    build_leaf(view, leaf, node_origin{txn_id{1}, map_id::none}, {&record, 1});
    EXPECT_THROW(leaf_insert(view, leaf, 2, "key", record, 0), error);
    EXPECT_THROW(leaf_insert(view, leaf, 0, "key", record, 4), error);
    const std::vector<ref> many(73, record);
    EXPECT_THROW(build_leaf(view, leaf, node_origin{txn_id{1}, map_id::none}, many), error);
    EXPECT_THROW(build_leaf(view, leaf, node_origin{txn_id{1}, map_id::none}, {}), error);
    EXPECT_THROW(build_inner(view, inner, node_origin{txn_id{1}, map_id::none}, 1, many, many), error);
}

INSTANTIATE_TEST_SUITE_P(shapes, node_search,
                         testing::Values(key_shape::decimal, key_shape::binary, key_shape::long_prefix,
                                         key_shape::path, key_shape::zeros, key_shape::mixed),
                         shape_name);

} // namespace
} // namespace holdfast::test
