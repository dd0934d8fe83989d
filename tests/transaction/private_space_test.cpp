// Trees of a store that may only be read are changed in private memory, and no byte of the file is.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "engine_fixture.hpp"
#include "support/child.hpp"
#include "transaction/catalogue.hpp"
#include "transaction/private_space.hpp"
#include "tree/check.hpp"
#include "tree/cursor.hpp"
#include "tree/reader.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {
namespace {

using contents = std::map<std::string, std::string>;

constexpr std::uint64_t plenty = std::uint64_t{1} << 30;

class private_space_test : public ::testing::Test {
protected:
    void SetUp() override {
        {
            store filled = place_.open();
            filled.update([&](write_transaction& transaction) {
                for (std::uint64_t i = 0; i < 4000; ++i) {
                    transaction.put(numbered("key", i), patterned(i % 60, i));
                    expected_.emplace(numbered("key", i), patterned(i % 60, i));
                }
                transaction.map("users").put("ada", "36");
            });
        }
        bytes_ = bytes();
        reader_ = open_engine(place_, false, segment_mode::read_only);
        held_ = reader_->pin_newest();
    }
    void TearDown() override {
        reader_->unpin(*held_);
        reader_.reset();
    }

    [[nodiscard]] std::string bytes() const {
        std::ifstream file(place_.path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] private_space make_space(std::uint64_t size = plenty) const {
        return {reader_->file(), held_->state.slot.end_bytes, size};
    }
    [[nodiscard]] txn_id running(std::uint64_t number) const {
        return txn_id{held_->state.slot.txn + number};
    }
    static void expect_contents(const space_view& view, const tree_root& root, txn_id newest,
                                const contents& expected) {
        contents found;
        tree_cursor cursor(view, root);
        for (cursor.seek_first(); cursor.valid(); cursor.next()) {
            EXPECT_TRUE(record_is_sound(view, cursor.place()));
            found.emplace(cursor.record().key, cursor.record().value);
        }
        EXPECT_EQ(found, expected);
        std::unordered_set<std::uint64_t> reached;
        const auto findings = tree_check(view, root, newest, [&](ref place, std::uint64_t) {
            return reached.insert(place.offset()).second;
        });
        for (const tree_finding& finding : findings) {
            ADD_FAILURE() << finding.what << ", key " << finding.key;
        }
    }

    temporary_store place_{folder_in_memory()};
    contents expected_;
    std::string bytes_;
    std::shared_ptr<engine> reader_;
    std::optional<engine::pin> held_;
};

TEST_F(private_space_test, lets_trees_of_a_read_only_mapping_be_changed_and_leaves_the_file_alone) {
    private_space space = make_space();
    tree_root root = held_->state.unnamed();
    std::mt19937_64 random(1);
    contents changed = expected_;
    std::uint64_t number = 0;
    for (; number < 200; ++number) {
        space.begin(running(number + 1));
        tree_writer writer(space, root);
        for (int i = 0; i < 20; ++i) {
            const std::string key = numbered(random() % 4 == 0 ? "new" : "key", random() % 4500);
            if (random() % 3 == 0) {
                EXPECT_EQ(writer.erase(key), changed.erase(key) != 0);
            } else {
                const std::string value = patterned(random() % 16 == 0 ? 5000 : random() % 100, random());
                writer.put(key, {format::value_type::string, value});
                changed.insert_or_assign(key, value);
            }
        }
        if (number % 50 == 20) {
            const std::string prefix = numbered("key", number * 10).substr(0, 10);
            const auto erased =
                std::erase_if(changed, [&](const auto& one) { return one.first.starts_with(prefix); });
            EXPECT_EQ(writer.erase_prefix(prefix), erased);
        }
        root = writer.root();
    }
    expect_contents(space.view(), root, running(number), changed);
    expect_contents(held_->state.view, held_->state.unnamed(), held_->state.id(), expected_);
    EXPECT_TRUE(bytes() == bytes_);
    EXPECT_TRUE(check_everything(reader_->file(), {.accounts = false, .commit = &held_->state.slot}).empty());
}

TEST_F(private_space_test, carries_the_catalogue_and_new_maps) {
    private_space space = make_space();
    space.begin(running(1));
    format::commit_slot next = held_->state.slot;
    catalogue_writer maps(space, next);
    for (std::uint64_t i = 0; i < 40; ++i) { // more than have their roots in the slot
        format::map_root map = maps.new_map();
        tree_root empty = empty_tree(map_id{map.id});
        tree_writer writer(space, empty);
        writer.put("key", {format::value_type::string, std::to_string(i)});
        maps.put(numbered("map", i), with_tree(map, writer.root(), running(1)));
    }
    EXPECT_TRUE(maps.erase("users"));
    maps.store(next);
    next.txn = raw(running(1));
    const map_catalogue seen(space.view(), next);
    EXPECT_FALSE(seen.find("users"));
    for (std::uint64_t i = 0; i < 40; ++i) {
        const auto found = seen.find(numbered("map", i));
        ASSERT_TRUE(found);
        EXPECT_EQ(tree_find(space.view(), to_tree_root(*found), "key")->value, std::to_string(i));
    }
    EXPECT_TRUE(held_->state.find("users"));
    EXPECT_TRUE(bytes() == bytes_);
}

TEST_F(private_space_test, stays_as_it_is_while_another_process_makes_the_file_grow) {
    private_space space = make_space();
    space.begin(running(1));
    tree_writer writer(space, held_->state.unnamed());
    writer.put("mine", {format::value_type::string, "alone"});
    const std::uint64_t before = reader_->file().file_bytes();
    EXPECT_EQ(run_child([&] {
                  store other = place_.open(open_mode::write);
                  for (std::uint64_t round = 0; round < 5; ++round) {
                      other.update([&](write_transaction& transaction) {
                          transaction.map().clear();
                          for (std::uint64_t i = 0; i < 4000; ++i) {
                              transaction.put(numbered("key", i), patterned(i % 900, round));
                          }
                      });
                      other.sync();
                  }
              }),
              child_end::finished);
    EXPECT_GT(reader_->file().file_bytes(), before);
    contents mine = expected_;
    mine.emplace("mine", "alone");
    expect_contents(space.view(), writer.root(), running(1), mine);
    EXPECT_GT(reader_->visible(), running(1)); // what others read goes on
}

TEST_F(private_space_test, uses_again_what_its_own_transactions_replaced) {
    private_space space = make_space(std::uint64_t{1} << 20);
    tree_root root = held_->state.unnamed();
    for (std::uint64_t number = 1; number < 3000; ++number) {
        space.begin(running(number));
        tree_writer writer(space, root);
        writer.put("counter", {format::value_type::string, std::to_string(number)});
        root = writer.root();
    }
    EXPECT_EQ(tree_find(space.view(), root, "counter")->value, "2999");
    expected_.emplace("counter", "2999");
    expect_contents(space.view(), root, running(2999), expected_);
}

TEST_F(private_space_test, ends_where_its_addresses_do) {
    private_space space = make_space(64 * 1024);
    space.begin(running(1));
    tree_writer writer(space, held_->state.unnamed());
    expect_failure(errc::no_space, [&] {
        for (std::uint64_t i = 0; i < 1000; ++i) {
            writer.put(numbered("new", i), {format::value_type::string, patterned(1000, i)});
        }
    });
    expect_failure(errc::corrupt,
                   [&] { private_space(reader_->file(), reader_->file().file_bytes() + 1, plenty); });
    expect_failure(errc::address_space,
                   [&] { private_space(reader_->file(), held_->state.slot.end_bytes, ~std::uint64_t{0}); });
    expect_contents(held_->state.view, held_->state.unnamed(), held_->state.id(), expected_);
}

TEST_F(private_space_test, is_bounded_for_references_that_lead_nowhere) {
    private_space space = make_space();
    space.begin(running(1));
    const ref last = space.allocate(64);
    static_cast<void>(space.view().bytes(last, 64));
    expect_failure(errc::corrupt, [&] { static_cast<void>(space.view().bytes(last, 65)); });
    expect_failure(errc::corrupt,
                   [&] { static_cast<void>(space.view().bytes(ref::from_offset(last.offset() + 4096), 1)); });
}

} // namespace
} // namespace holdfast::test
