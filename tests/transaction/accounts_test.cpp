// The check of the heap's accounts finds planted leaks, objects used twice, and counts that do not fit.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine_fixture.hpp"
#include "support/heap_checker.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {
namespace {

class accounts_test : public ::testing::Test {
protected:
    accounts_test() {
        running_transaction running(engine_, patience);
        tree_writer tree(running, to_tree_root(running.before().unnamed));
        for (std::uint64_t i = 0; i < 500; ++i) {
            tree.put(numbered("key", i), {format::value_type::string, "value"});
        }
        tree.put("large", {format::value_type::bytes, std::string(50'000, 'x')});
        format::commit_slot next = running.before();
        next.unnamed = with_tree(next.unnamed, tree.root(), running.transaction());
        running.commit(next);
        expect_sound(*engine_);
    }

    /// Changes the accounts in a transaction that is committed: a bug that every process would believe.
    void plant(const std::function<void(running_transaction&, heap&)>& bug) {
        running_transaction running(engine_, patience);
        bug(running, engine_->heap());
        commit(running);
    }
    [[nodiscard]] std::string findings() {
        std::string all;
        engine_->file().lock_writer(patience);
        for (const check_finding& one : check_everything(engine_->file(), {})) {
            all += one.what + "\n";
        }
        engine_->file().unlock_writer();
        return all;
    }
    void expect_finding(const std::string& what) {
        EXPECT_NE(findings().find(what), std::string::npos) << "found only: " << findings();
    }
    void seal() { seal_accounts(engine_->file().base(), engine_->heap().end_bytes()); }
    [[nodiscard]] ref root() {
        format::commit_slot newest{};
        EXPECT_TRUE(engine_->file().commits().copy_newest(newest));
        return ref::from_units(newest.unnamed.root);
    }

    temporary_store place_;
    std::shared_ptr<engine> engine_ = open_engine(place_);
};

TEST_F(accounts_test, attribute_every_byte_to_somebody) {
    plant([&](running_transaction& running, heap& memory) {
        running.release(running.allocate(object_bytes), object_bytes, txn_id{1});
        static_cast<void>(memory.allocate(100'000, {format::block_owner::arena, 7'000'000}));
        static_cast<void>(memory.allocate(64, format::block_owner::arena));
    });
    space_usage usage;
    engine_->file().lock_writer(patience);
    EXPECT_TRUE(check_everything(engine_->file(), {.usage = &usage}).empty());
    engine_->file().unlock_writer();
    EXPECT_EQ(usage.total(), engine_->heap().end_bytes());
    EXPECT_EQ(usage.front, format::heap_offset);
    EXPECT_EQ(usage.tables, 5 * format::block_bytes);
    EXPECT_GT(usage.trees, 500 * 48U + 50'000);
    EXPECT_GE(usage.waiting, object_bytes);
    EXPECT_GE(usage.lists, sizeof(format::list_chunk));
    EXPECT_EQ(usage.reserve, 8 * format::block_bytes);
    EXPECT_EQ(usage.logs, 0U);
    EXPECT_EQ(usage.arenas, (std::map<std::uint32_t, std::uint64_t>{{0, 64}, {7'000'000, 7 * 16'384}}));
    EXPECT_EQ(usage.leaked, 0U);
}

TEST_F(accounts_test, find_a_block_of_no_known_owner) {
    plant([&](running_transaction&, heap& memory) {
        const ref run = memory.allocate(20'000, format::block_owner::arena);
        const auto number = static_cast<std::uint32_t>(run.offset() / format::block_bytes);
        format::block_descriptor block = memory.blocks().descriptor(number);
        block.owner = 4;
        memory.blocks().write(number, block);
    });
    EXPECT_NE(findings(), "");
}

TEST_F(accounts_test, find_a_run_of_the_undo_log_that_was_forgotten) {
    plant([&](running_transaction&, heap& memory) {
        static_cast<void>(memory.allocate(20'000, format::block_owner::log));
    });
    expect_finding("leaked");
}

TEST_F(accounts_test, find_a_table_that_the_directory_does_not_name) {
    plant([&](running_transaction&, heap& memory) {
        const ref run = memory.allocate(9'000);
        const auto number = static_cast<std::uint32_t>(run.offset() / format::block_bytes);
        format::block_descriptor block{};
        block.state = static_cast<std::uint8_t>(format::block_state::table);
        memory.blocks().write(number, block);
    });
    expect_finding("directory");
}

TEST_F(accounts_test, find_a_leaked_object_of_each_kind) {
    for (const std::uint64_t bytes : {48U, 512U, 8192U, 20'000U}) {
        ref leaked;
        plant([&](running_transaction& running, heap&) { leaked = running.allocate(bytes); });
        expect_finding("leaked");
        plant([&](running_transaction&, heap& memory) { memory.free(leaked); });
        EXPECT_EQ(findings(), "");
    }
}

TEST_F(accounts_test, find_an_object_in_use_that_is_marked_free) {
    plant([&](running_transaction&, heap& memory) { memory.free(root()); });
    expect_finding("in use is marked free");
}

TEST_F(accounts_test, find_an_object_that_is_in_use_and_retired) {
    plant([&](running_transaction& running, heap&) { running.release(root(), 1024, txn_id{1}); });
    expect_finding("a retired object is used twice");
}

TEST_F(accounts_test, find_an_object_that_is_retired_twice) {
    ref object;
    plant([&](running_transaction& running, heap&) { object = running.allocate(object_bytes); });
    plant([&](running_transaction& running, heap&) {
        running.release(object, object_bytes, txn_id{1});
        running.release(object, object_bytes, txn_id{1});
    });
    expect_finding("a retired object is used twice");
}

TEST_F(accounts_test, find_a_retired_object_that_is_free) {
    plant([&](running_transaction& running, heap& memory) {
        const ref object = running.allocate(object_bytes);
        memory.free(object);
        running.release(object, object_bytes, txn_id{1});
    });
    EXPECT_NE(findings(), "");
}

TEST_F(accounts_test, find_counts_that_do_not_fit) {
    format::heap_header& header = engine_->heap().header();
    const auto change = [&](auto& number, const char* what) {
        const auto right = number;
        number = right + 1;
        EXPECT_NE(findings(), "") << what;
        seal(); // not by the checks alone
        EXPECT_NE(findings(), "") << what << ", with the right checks";
        number = right;
        seal();
        EXPECT_EQ(findings(), "") << what;
    };
    ref object;
    plant([&](running_transaction& running, heap&) { object = running.allocate(object_bytes); });
    plant([&](running_transaction& running, heap&) { running.release(object, object_bytes, txn_id{1}); });
    change(header.free_blocks, "free blocks");
    change(header.held_back_bytes, "bytes held back");
    change(header.retired.entries, "retired entries");
    change(header.retired.back_index, "end of the retired list");
    change(header.reserve_block, "reserve");
    for (std::size_t i = 0; i < header.bins.size(); ++i) {
        if (header.bins[i] != 0) {
            change(header.bins[i], "a bin");
        }
    }
    for (std::size_t i = 0; i < header.partial.size(); ++i) {
        if (header.partial[i] != 0) {
            change(header.partial[i], "a list of slabs");
        }
    }
    auto& slab = const_cast<format::block_descriptor&>(engine_->heap().blocks().descriptor(
        static_cast<std::uint32_t>(root().offset() / format::block_bytes)));
    change(slab.free, "free objects of a slab");
    change(slab.used[0], "bitmap of a slab");
    change(slab.size_class, "class of a slab");
    change(slab.owner, "owner of a slab");
}

TEST_F(accounts_test, find_ends_that_disagree) {
    // The file is longer than the heap, so that a heap which claims more is within it.
    format::heap_header& header = engine_->heap().header();
    engine_->file().lock_writer(patience);
    engine_->file().ensure_allocated((header.end_blocks + 4) * format::block_bytes);
    engine_->file().unlock_writer();
    ASSERT_GT(engine_->file().file_bytes(), header.end_blocks * format::block_bytes);
    header.end_blocks += 1;
    EXPECT_NE(findings(), "");
    header.end_blocks -= 2;
    EXPECT_NE(findings(), "");
    header.end_blocks += 1;
    EXPECT_EQ(findings(), "");
}

TEST_F(accounts_test, end_in_time_whatever_the_lists_say) {
    ref object;
    plant([&](running_transaction& running, heap&) { object = running.allocate(object_bytes); });
    plant([&](running_transaction& running, heap&) { running.release(object, object_bytes, txn_id{1}); });
    format::entry_list& list = engine_->heap().header().retired;
    auto& chunk = engine_->heap().object<format::list_chunk>(ref::from_units(list.front));
    const format::entry_list right = list;
    chunk.next = list.front;
    chunk.check = chunk_sum(chunk, ref::from_units(list.front).offset());
    for (const std::uint64_t entries : {std::uint64_t{1000}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        list.entries = entries;
        list.back = entries == 1000 ? list.front + 64 : 1;
        const std::string found = findings();
        EXPECT_NE(found, "");
        EXPECT_LT(found.size(), 1U << 20);
        list = right;
    }
    EXPECT_EQ(findings(), "");
}

TEST_F(accounts_test, are_not_drowned_in_findings) {
    plant([&](running_transaction& running, heap&) {
        for (int i = 0; i < 20'000; ++i) {
            static_cast<void>(running.allocate(48));
        }
    });
    engine_->file().lock_writer(patience);
    EXPECT_LE(check_everything(engine_->file(), {}).size(), 1100U);
    engine_->file().unlock_writer();
}

} // namespace
} // namespace holdfast::test
