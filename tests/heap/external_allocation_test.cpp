// What is allocated beside the maps, in and out of write transactions; undone, kept, killed, and when space runs out.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "boost_fixture.hpp"
#include "support/child.hpp"
#include "transaction/writer.hpp"

namespace holdfast::test {
namespace {

using std::chrono::seconds;

class external_allocation_test : public testing::Test {
protected:
    ~external_allocation_test() override { arm_failpoints(""); }

    [[nodiscard]] bool is_allocated(const void* object) { return store_.algorithm().size(object) != 0; }
    [[nodiscard]] writer begin() { return {store_.shared(), seconds(10)}; }
    static void commit(writer& transaction) { transaction.commit(transaction.before()); }

    void TearDown() override {
        arm_failpoints("");
        EXPECT_TRUE(store_.algorithm().check_sanity());
        expect_sound(folder_.open());
    }

    temporary_store folder_;
    boost_store store_{folder_.path()};
};

TEST_F(external_allocation_test, an_aborted_transaction_takes_its_allocations_back) {
    {
        writer transaction = begin();
        void* const object = store_.manager()->allocate(100);
        EXPECT_TRUE(is_allocated(object));
        transaction.abort();
    }
    EXPECT_TRUE(store_.algorithm().all_memory_deallocated());
}

TEST_F(external_allocation_test, a_committed_transaction_keeps_its_allocations) {
    writer transaction = begin();
    void* const object = store_.manager()->allocate(100);
    commit(transaction);
    EXPECT_TRUE(is_allocated(object));
    store_.manager()->deallocate(object);
    EXPECT_FALSE(is_allocated(object));
}

TEST_F(external_allocation_test, an_object_freed_in_an_aborted_transaction_is_back_as_it_was) {
    auto* const object = static_cast<char*>(store_.manager()->allocate(1000));
    std::memset(object, 'x', 1000);
    {
        writer transaction = begin();
        store_.manager()->deallocate(object);
        std::vector<void*> others;
        for (int i = 0; i < 100; ++i) {
            others.push_back(store_.manager()->allocate(1000));
            ASSERT_NE(others.back(), object) << "it was given to somebody else";
            std::memset(others.back(), 'y', 1000);
        }
        transaction.abort();
    }
    EXPECT_TRUE(is_allocated(object));
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(object[i], 'x');
    {
        writer transaction = begin();
        store_.manager()->deallocate(object);
        commit(transaction);
    }
    EXPECT_FALSE(is_allocated(object));
    EXPECT_TRUE(store_.algorithm().all_memory_deallocated());
}

/// The public transaction ended as one that had changed nothing, and undid what Boost had been given.
TEST_F(external_allocation_test, a_transaction_that_only_allocates_is_committed) {
    holdfast::store handle = folder_.open();
    void* object = nullptr;
    handle.update([&](write_transaction&) { object = store_.manager()->allocate(100); });
    EXPECT_TRUE(is_allocated(object));
    handle.update([&](write_transaction&) { store_.manager()->deallocate(object); });
    EXPECT_FALSE(is_allocated(object));
}

TEST_F(external_allocation_test, an_allocation_outside_of_transactions_publishes_nothing) {
    const txn_id before = store_.engine().visible();
    std::vector<void*> objects;
    for (int i = 0; i < 3000; ++i)
        objects.push_back(store_.manager()->allocate(500)); // grows the heap, too
    EXPECT_EQ(store_.engine().visible(), before);
    for (void* const object : objects)
        store_.manager()->deallocate(object);
    EXPECT_EQ(store_.engine().visible(), before);
}

TEST_F(external_allocation_test, what_is_not_an_object_is_not_freed) {
    holdfast::store handle = folder_.open();
    handle.put("key", value_type::string, std::string(3000, 'v'));
    auto* const object = static_cast<char*>(store_.manager()->allocate(100));
    store_.manager()->deallocate(object + 16);
    store_.manager()->deallocate(object + 1);
    std::byte* const base = store_.engine().file().base();
    for (std::uint64_t offset = format::heap_offset; offset < store_.engine().heap().end_bytes();
         offset += 16) {
        if (base + offset != reinterpret_cast<std::byte*>(object) && offset % 512 == 0) {
            store_.manager()->deallocate(base + offset); // the store's own objects among them
        }
    }
    EXPECT_TRUE(is_allocated(object));
    EXPECT_EQ(handle.get("key")->text(), std::string(3000, 'v'));
    store_.manager()->deallocate(object);
}

TEST_F(external_allocation_test, what_can_not_be_freed_now_is_freed_later) {
    void* const object = store_.manager()->allocate(100);
    // The calling thread has the writer lock without a transaction, as a check has.
    store_.engine().file().lock_writer(seconds(1));
    store_.manager()->deallocate(object);
    EXPECT_EQ(store_.manager()->allocate(100, std::nothrow), nullptr);
    store_.engine().file().unlock_writer();
    EXPECT_TRUE(is_allocated(object));
    void* const other = store_.manager()->allocate(5000);
    EXPECT_FALSE(is_allocated(object));
    store_.manager()->deallocate(other);
}

// --- Space ------------------------------------------------------------------------------------------------

TEST_F(external_allocation_test, a_full_disk_is_bad_alloc_and_maps_can_still_be_erased_from) {
    holdfast::store handle = folder_.open();
    for (std::uint64_t i = 0; i < 200; ++i)
        handle.put(numbered("key", i), value_type::string, patterned(100, i));
    arm_failpoints("segment.allocate=fail");
    std::vector<void*> objects;
    while (void* const object = store_.manager()->allocate(4000, std::nothrow))
        objects.push_back(object);
    EXPECT_THROW((void)store_.manager()->allocate(4000), boost::interprocess::bad_alloc);
    EXPECT_NE(store_.engine().heap().header().reserve_block, 0U) << "the reserve is not for objects";
    {
        writer transaction = begin();
        transaction.allow_reserve(true);
        EXPECT_EQ(store_.manager()->allocate(4000, std::nothrow), nullptr);
        transaction.abort();
    }
    for (std::uint64_t i = 0; i < 200; ++i)
        EXPECT_TRUE(handle.erase(numbered("key", i)));
    for (void* const object : objects)
        store_.manager()->deallocate(object);
    EXPECT_TRUE(store_.algorithm().all_memory_deallocated());
}

TEST_F(external_allocation_test, what_the_maps_no_longer_need_is_reclaimed_for_an_allocation) {
    holdfast::store handle = folder_.open();
    for (std::uint64_t i = 0; i < 40; ++i)
        handle.put(numbered("key", i), value_type::string, std::string(60'000, 'v'));
    arm_failpoints("segment.allocate=fail");
    std::vector<void*> objects;
    while (void* const object = store_.manager()->allocate(60'000, std::nothrow))
        objects.push_back(object);
    for (std::uint64_t i = 0; i < 40; ++i)
        handle.erase(numbered("key", i));
    std::size_t more = 0;
    while (void* const object = store_.manager()->allocate(60'000, std::nothrow)) {
        objects.push_back(object);
        ++more;
    }
    EXPECT_GE(more, 30U);
    for (void* const object : objects)
        store_.manager()->deallocate(object);
}

/// On a full disk what a snapshot holds can't be parked: that fails within the allocation, whose caller may not care.
TEST_F(external_allocation_test, a_transaction_whose_reclaiming_failed_can_not_be_committed) {
    holdfast::store handle = folder_.open();
    std::vector<snapshot> held;
    for (std::uint64_t round = 0; round < 40; ++round) { // a park for each of them
        handle.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 18; ++i)
                transaction.put(numbered("key", i), patterned(30, i + round));
        });
        held.push_back(handle.snapshot());
    }
    arm_failpoints("segment.allocate=fail");
    std::vector<void*> objects;
    {
        writer transaction = begin();
        while (void* const object = store_.manager()->allocate(format::block_bytes, std::nothrow))
            objects.push_back(object);
        arm_failpoints(""); // there is space again, too late
        try {
            commit(transaction);
            ADD_FAILURE() << "it was committed";
        } catch (const error& failure) {
            EXPECT_EQ(failure.reason(), errc::transaction_failed) << failure.what();
        }
    }
    for (void* const object : objects)
        EXPECT_FALSE(is_allocated(object));
    for (std::uint64_t round = 0; round < held.size(); ++round)
        EXPECT_EQ(held[round].get("key00000001")->text(), patterned(30, 1 + round));
    handle.put("another", "one");
}

// --- Threads and kills ------------------------------------------------------------------------------------

TEST_F(external_allocation_test, threads_allocate_beside_transactions) {
    std::vector<std::thread> threads;
    const std::uint64_t rounds = amount_of_work(2'000);
    boost_segment_manager* const manager = store_.manager();
    for (std::uint64_t number = 0; number < 3; ++number) {
        threads.emplace_back([&, number] {
            std::vector<std::uint64_t*> mine;
            for (std::uint64_t i = 0; i < rounds; ++i) {
                auto* const object = static_cast<std::uint64_t*>(manager->allocate(48 + i * 37 % 3000));
                *object = number << 32 | i;
                mine.push_back(object);
                if (i % 3 == 2) {
                    std::uint64_t*& victim = mine[i * 7 % mine.size()];
                    EXPECT_EQ(*victim >> 32, number) << "somebody else has it, too";
                    manager->deallocate(victim);
                    victim = mine.back();
                    mine.pop_back();
                }
            }
            for (std::uint64_t* const object : mine)
                manager->deallocate(object);
        });
    }
    threads.emplace_back([&] {
        holdfast::store handle = folder_.open();
        for (std::uint64_t i = 0; i < rounds / 4; ++i) {
            handle.update([&](write_transaction& transaction) {
                transaction.map().put(numbered("key", i % 50), value_type::string, patterned(200, i));
                void* const object = manager->allocate(100);
                if (i % 2 == 0)
                    manager->deallocate(object);
            });
        }
    });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_TRUE(store_.algorithm().check_sanity());
}

TEST_F(external_allocation_test, a_child_of_fork_gets_nothing_and_does_no_harm) {
    void* const object = store_.manager()->allocate(100);
    EXPECT_EQ(run_child([&] {
                  auto* const manager = reinterpret_cast<boost_segment_manager*>(
                      store_.engine().file().base() + format::boost_segment_offset);
                  if (manager->allocate(100, std::nothrow) != nullptr)
                      throw std::runtime_error("it was allocated");
                  manager->deallocate(object);
              }),
              child_end::finished);
    EXPECT_TRUE(is_allocated(object));
    store_.manager()->deallocate(object);
}

/// The log grows for so many frees; were it to take what was just freed, an undone commit would not give it back intact.
TEST(external_allocation_kill, a_commit_that_frees_much_gives_it_back_intact) {
    const temporary_store folder;
    constexpr std::size_t bytes = format::block_bytes;
    std::vector<std::uint64_t> offsets;
    {
        boost_store store(folder.path());
        for (int i = 0; i < 3000; ++i) {
            void* const object = store.manager()->allocate(bytes);
            std::memset(object, 'x', bytes);
            offsets.push_back(store.offset_of(object));
        }
        arm_failpoints("segment.allocate=fail"); // and what is still free is taken
        while (store.manager()->allocate(bytes, std::nothrow) != nullptr) {
        }
        arm_failpoints("");
    }
    ASSERT_EQ(run_child([&] {
                  boost_store store(folder.path());
                  boost_segment_manager* const manager = store.manager();
                  writer transaction(store.shared(), seconds(10));
                  // First one long run, which the log would fit into, then what takes many entries.
                  for (std::size_t i = 0; i < offsets.size(); i += i < 1000 ? 1 : 2)
                      manager->deallocate(store.engine().file().base() + offsets[i]);
                  arm_failpoints("commit.before_slot=kill@1");
                  transaction.commit(transaction.before());
              }),
              child_end::killed);
    boost_store store(folder.path());
    for (const std::uint64_t offset : offsets) {
        const auto* const object = reinterpret_cast<const char*>(store.engine().file().base() + offset);
        ASSERT_EQ(std::count(object, object + bytes, 'x'), static_cast<std::ptrdiff_t>(bytes)) << offset;
    }
    EXPECT_TRUE(store.algorithm().check_sanity());
}

/// Not on the fixture's store: the children must be the only ones who have it open.
TEST(external_allocation_kill, at_any_point_an_allocation_is_there_or_not_and_the_heap_is_sound) {
    const temporary_store folder;
    { boost_store made(folder.path()); }
    const std::uint64_t step = sanitized ? 29 : 3;
    std::uint64_t kills = 0;
    for (std::uint64_t point = 1;; point += step) {
        const child_end end = run_child([&] {
            boost_store store(folder.path());
            boost_segment_manager* const manager = store.manager();
            arm_failpoints("*=kill@" + std::to_string(point));
            void* const small = manager->allocate(100);
            void* const large = manager->allocate(2'000'000); // grows the heap
            manager->deallocate(small);
            {
                writer transaction(store.shared(), seconds(10));
                (void)manager->allocate(300);
                manager->deallocate(large);
                transaction.commit(transaction.before());
            }
            arm_failpoints("");
        });
        ASSERT_NE(end, child_end::failed);
        kills += end == child_end::killed ? 1 : 0;
        holdfast::store next = folder.open();
        expect_sound(next);
        boost_store store(folder.path());
        ASSERT_TRUE(store.algorithm().check_sanity()) << "killed at point " << point;
        next.put("key", value_type::string, std::to_string(point));
        if (end == child_end::finished)
            break;
    }
    EXPECT_GT(kills, 5U);
}

} // namespace
} // namespace holdfast::test
