// The check finds damage anywhere in live data: each flipped bit in a record, node or separator that a map reaches.
//
// HOLDFAST_DETECTION_FLIPS sets how many bits of each kind of object are flipped; 0 means each one.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"
#include "transaction/engine.hpp"
#include "tree/cursor.hpp"
#include "tree/node_search.hpp"

namespace holdfast::test {
namespace {

struct object {
    std::uint64_t offset;
    std::uint64_t bytes;
    const char* kind;
};

/// All that a tree reaches.
void collect(const space_view& view, ref place, std::uint32_t level, map_id map,
             std::vector<object>& objects) {
    objects.push_back({place.offset(), node_bytes(level), level == 0 ? "leaf" : "inner node"});
    if (level == 0) {
        const format::leaf_node& leaf = leaf_at(view, place, map);
        for (std::size_t i = 0; i < leaf.header.count; ++i) {
            const record_view record = read_record(view, get_ref(leaf.records, i));
            objects.push_back({record.place.offset(), record.bytes, "record"});
        }
        return;
    }
    const format::inner_node& node = inner_at(view, place, level, map);
    for (std::size_t i = 0; i < node.header.count; ++i) {
        if (i != 0) {
            const ref separator = get_ref(node.separators, i);
            objects.push_back({separator.offset(),
                               sizeof(format::separator_header) + read_separator(view, separator).size(),
                               "separator"});
        }
        collect(view, get_ref(node.children, i), level - 1, map, objects);
    }
}

[[nodiscard]] std::vector<object> live_objects(const std::filesystem::path& path) {
    std::vector<object> objects;
    segment_options options;
    options.mode = segment_mode::read_only;
    const std::shared_ptr<engine> reader = engine::open(path, options);
    const engine::pin held = reader->pin_newest();
    const space_view& view = held.state.view;
    const auto collect_map = [&](const format::map_root& map) {
        const tree_root root = to_tree_root(map);
        if (root.root) {
            collect(view, root.root, root.level, root.map, objects);
        }
    };
    collect_map(held.state.slot.unnamed);
    collect_map(held.state.slot.catalogue);
    held.state.named().for_each([&](std::string_view, const format::map_root& map) { collect_map(map); });
    reader->unpin(held);
    return objects;
}

class flipper {
public:
    explicit flipper(const std::filesystem::path& path) : file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {}
    ~flipper() { ::close(file_); }
    flipper(const flipper&) = delete;
    flipper& operator=(const flipper&) = delete;

    void flip(std::uint64_t offset, unsigned bit) const {
        std::uint8_t byte = 0;
        ASSERT_EQ(::pread(file_, &byte, 1, static_cast<off_t>(offset)), 1);
        byte = static_cast<std::uint8_t>(byte ^ 1U << bit);
        ASSERT_EQ(::pwrite(file_, &byte, 1, static_cast<off_t>(offset)), 1);
    }

private:
    int file_;
};

class detection_test : public ::testing::Test {
protected:
    /// Flips bits of live objects, one at a time, and counts for each kind those that the check does not find.
    void expect_all_found(std::uint64_t flips) {
        const std::vector<object> objects = live_objects(place_.path());
        const flipper damage(place_.path());
        const store reader = place_.open(open_mode::read_only);
        std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> found;
        const auto try_bit = [&](const object& damaged, std::uint64_t bit) {
            damage.flip(damaged.offset + bit / 8, bit % 8);
            auto& [tried, missed] = found[damaged.kind];
            ++tried;
            if (reader.check().empty()) {
                ++missed;
                if (missed <= 3) {
                    ADD_FAILURE() << "not found: bit " << bit % 8 << " of byte " << bit / 8 << " of a "
                                  << damaged.kind << " of " << damaged.bytes << " bytes";
                }
            }
            damage.flip(damaged.offset + bit / 8, bit % 8);
        };
        if (flips == 0) {
            for (const object& one : objects) {
                for (std::uint64_t bit = 0; bit < one.bytes * 8; ++bit) {
                    try_bit(one, bit);
                }
            }
        } else {
            std::map<std::string, std::vector<object>> by_kind;
            for (const object& one : objects) {
                by_kind[one.kind].push_back(one);
            }
            std::mt19937_64 random(1);
            for (std::uint64_t i = 0; i < flips; ++i) {
                for (const auto& [kind, some] : by_kind) {
                    const object& one = some[random() % some.size()];
                    try_bit(one, random() % (one.bytes * 8));
                }
            }
        }
        for (const auto& [kind, counts] : found) {
            EXPECT_EQ(counts.second, 0U)
                << "of " << counts.first << " flipped bits in a " << kind << " not found";
        }
        EXPECT_EQ(found.size(), 4U);
        EXPECT_TRUE(reader.check().empty());
    }

    temporary_store place_;
};

TEST_F(detection_test, finds_each_flipped_bit_of_many_small_maps) {
    {
        store filled = place_.open();
        filled.update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 200; ++i) {
                transaction.put(numbered("key", i * i), patterned(i % 60, i));
            }
            for (std::uint64_t i = 0; i < 8; ++i) {
                transaction.map(numbered("map", i)).put("key", patterned(i, i));
            }
        });
        for (std::uint64_t i = 0; i < 40; ++i) {
            filled.put(numbered("key", i * i), "changed"); // nodes of several ages
        }
        for (std::uint64_t i = 0; i < 20; ++i) {
            filled.erase(numbered("key", i * i * 9));
        }
    }
    expect_all_found(amount_of_work(3000, "HOLDFAST_DETECTION_FLIPS"));
}

TEST_F(detection_test, finds_each_flipped_bit_of_separators_of_sparse_keys) {
    {
        store filled = place_.open();
        std::mt19937_64 random(1);
        filled.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 600; ++i) {
                transaction.put("a/shared/beginning/" + std::to_string(random()), "value");
            }
        });
    }
    expect_all_found(amount_of_work(3000, "HOLDFAST_DETECTION_FLIPS"));
}

} // namespace
} // namespace holdfast::test
