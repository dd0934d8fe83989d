// What the tests of the tree share: keys of several shapes, a model, and the comparison of a tree with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "memory_space.hpp"
#include "tree/check.hpp"
#include "tree/cursor.hpp"
#include "tree/reader.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {

using random_source = std::mt19937_64;

struct model_value {
    std::string bytes;
    format::value_type type;
    std::uint64_t expiry_ns;
    txn_id made;
};
using model = std::map<std::string, model_value, std::less<>>;

/// A state of a tree and what it ought to hold.
struct snapshot {
    tree_root root;
    model expected;
};

// --- Keys -------------------------------------------------------------------------------------------------

enum class key_shape { decimal, binary, long_prefix, path, huge, zeros, mixed };

inline std::string decimal_key(std::uint64_t n) {
    char text[32];
    std::snprintf(text, sizeof text, "key:%013llu", static_cast<unsigned long long>(n));
    return text;
}

inline std::string binary_key(random_source& random, std::size_t size_max) {
    std::string key(random() % (size_max + 1), '\0');
    static constexpr char few[] = {'\0', 'a', '\xFF'}; // make many equal slices and prefixes
    const bool from_few = random() % 2 == 0;
    for (char& letter : key) {
        letter = from_few ? few[random() % std::size(few)] : static_cast<char>(random());
    }
    return key;
}

inline std::string path_key(random_source& random) {
    static constexpr const char* names[] = {"usr", "var", "home", "lib", "lib64", "share", "a", "", "log"};
    std::string key;
    for (std::uint64_t depth = random() % 6 + 1; depth != 0; --depth) {
        key += '/';
        key += names[random() % std::size(names)];
    }
    return key + std::to_string(random() % 500);
}

inline std::string make_key(key_shape shape, random_source& random) {
    switch (shape) {
    case key_shape::decimal:
        return decimal_key(random() % 20000);
    case key_shape::binary:
        return binary_key(random, random() % 4 == 0 ? 40 : 8);
    case key_shape::long_prefix:
        return std::string(100 + random() % 3 * 40, 'p') + binary_key(random, 4) +
               decimal_key(random() % 3000);
    case key_shape::path:
        return path_key(random);
    case key_shape::huge:
        return std::string(random() % 3 * 32000, 'h') + binary_key(random, 1535);
    case key_shape::zeros: // differ in little but their lengths, as slices are padded with zeros
        return binary_key(random, 2) + std::string(random() % 200, '\0') + binary_key(random, 2);
    case key_shape::mixed:
        break;
    }
    return make_key(static_cast<key_shape>(random() % 4), random);
}

inline std::string shape_name(const testing::TestParamInfo<key_shape>& shape) {
    static constexpr const char* names[] = {"decimal", "binary", "long_prefix", "path",
                                            "huge",    "zeros",  "mixed"};
    return names[static_cast<std::size_t>(shape.param)];
}

// --- Values -----------------------------------------------------------------------------------------------

inline model_value make_value(random_source& random, txn_id made, std::size_t size_max = 60) {
    model_value value;
    value.bytes.resize(random() % (size_max + 1));
    for (char& letter : value.bytes) {
        letter = static_cast<char>(random());
    }
    value.type =
        static_cast<format::value_type>(random() % 8 == 0 ? 127 : random() % 10 + 1); // 127: of the future
    value.expiry_ns = random() % 3 == 0 ? random() : 0;
    value.made = made;
    return value;
}

inline new_value as_new(const model_value& value) { return {value.type, value.bytes, value.expiry_ns}; }

// --- Comparison -------------------------------------------------------------------------------------------

inline void expect_record(const record_view& record, std::string_view key, const model_value& value) {
    ASSERT_EQ(record.key, key);
    ASSERT_EQ(record.value, value.bytes);
    ASSERT_EQ(record.type, value.type);
    ASSERT_EQ(record.expiry_ns, value.expiry_ns);
    ASSERT_EQ(raw(record.made), raw(value.made));
    const std::uint64_t alignment = value.bytes.size() >= 1024              ? 64
                                    : value.type == format::value_type::raw ? 16
                                                                            : 1;
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(record.value.data()) % alignment, 0U);
}

/// Walks the whole tree and compares it with the model.
inline void expect_contents(const space_view& view, const tree_root& root, const model& expected) {
    tree_cursor cursor(view, root);
    cursor.seek_first();
    for (const auto& [key, value] : expected) {
        ASSERT_TRUE(cursor.valid());
        ASSERT_NO_FATAL_FAILURE(expect_record(cursor.record(), key, value));
        cursor.next();
    }
    ASSERT_FALSE(cursor.valid());
    ASSERT_EQ(root.entries, expected.size());
}

using object_map = std::unordered_map<std::uint64_t, std::uint64_t>;

/// Runs the check, which must find nothing, and returns all reachable objects with their sizes.
inline object_map expect_sound(const space_view& view, const tree_root& root, txn_id newest) {
    object_map reached;
    const auto findings = tree_check(view, root, newest, [&](ref place, std::uint64_t bytes) {
        return reached.emplace(place.offset(), bytes).second;
    });
    for (const tree_finding& damage : findings) {
        ADD_FAILURE() << damage.what << " at " << damage.where.offset() << ", key "
                      << damage.key.substr(0, 100);
    }
    return reached;
}

/// The tree is sound, and exactly what it reaches is allocated.
inline void expect_exact(const memory_space& memory, const tree_root& root) {
    const object_map reached = expect_sound(memory.view(), root, memory.transaction());
    ASSERT_EQ(reached.size(), memory.live().size());
    for (const auto& [offset, live] : memory.live()) {
        const auto found = reached.find(offset);
        ASSERT_TRUE(found != reached.end()) << "leaked: " << live.size << " bytes at " << offset;
        ASSERT_EQ(found->second, live.size);
    }
}

/// Puts a value into a tree and into the model.
inline void put_both(tree_writer& writer, model& expected, const std::string& key, const model_value& value) {
    const bool inserted = writer.put(key, as_new(value)).inserted;
    ASSERT_EQ(inserted, !expected.contains(key));
    expected.insert_or_assign(key, value);
}

inline void erase_both(tree_writer& writer, model& expected, const std::string& key) {
    ASSERT_EQ(writer.erase(key), expected.erase(key) != 0);
}

inline void erase_prefix_both(tree_writer& writer, model& expected, const std::string& prefix) {
    const auto count =
        std::erase_if(expected, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    ASSERT_EQ(writer.erase_prefix(prefix), count);
}

} // namespace holdfast::test
