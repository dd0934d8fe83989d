// Memory that runs out at the Nth allocation, for each N: an operation that fails leaves the store as it was, holds
// no lock and no reader slot, and succeeds when it is tried again.
//
// Replaces the global operator new of this program; nothing fails unless a test says so.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace {

/// Allocations of this thread until one fails; negative: none does.
thread_local std::int64_t allocations_left = -1;

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (allocations_left >= 0 && allocations_left-- == 0) {
        return nullptr; // and allocations_left is -1 now: only one fails
    }
    if (alignment <= alignof(std::max_align_t)) {
        return std::malloc(size == 0 ? 1 : size);
    }
    void* place = nullptr;
    return ::posix_memalign(&place, alignment, size) == 0 ? place : nullptr;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const place = allocate(size, alignment);
    if (place == nullptr) {
        throw std::bad_alloc();
    }
    return place;
}

/// Not inlined: where it is, g++ takes the pair of malloc and free for a mismatch of new and free.
[[gnu::noinline]] void give_back(void* place) noexcept { std::free(place); }

} // namespace

void* operator new(std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 1); }
void operator delete(void* place) noexcept { give_back(place); }
void operator delete[](void* place) noexcept { give_back(place); }
void operator delete(void* place, std::size_t) noexcept { give_back(place); }
void operator delete[](void* place, std::size_t) noexcept { give_back(place); }
void operator delete(void* place, std::align_val_t) noexcept { give_back(place); }
void operator delete[](void* place, std::align_val_t) noexcept { give_back(place); }
void operator delete(void* place, std::size_t, std::align_val_t) noexcept { give_back(place); }
void operator delete[](void* place, std::size_t, std::align_val_t) noexcept { give_back(place); }
void operator delete(void* place, const std::nothrow_t&) noexcept { give_back(place); }
void operator delete[](void* place, const std::nothrow_t&) noexcept { give_back(place); }

namespace holdfast::test {
namespace {

/// Whether the operation ran out of memory when its allocation number `allocation` failed.
bool runs_out_at(std::int64_t allocation, const std::function<void()>& operation) {
    struct disarm {
        ~disarm() { allocations_left = -1; }
    };
    try {
        const disarm at_end;
        allocations_left = allocation;
        operation();
        return false;
    } catch (const std::bad_alloc&) {
        return true;
    }
}

using contents = std::map<std::string, std::map<std::string, std::string>>;

[[nodiscard]] contents contents_of(const store& seen) {
    contents found;
    const snapshot now = seen.snapshot();
    for (const map_information& map : now.maps()) {
        for (auto&& [key, value] : now.map(map.name)) {
            found[map.name].emplace(key, value.text());
        }
    }
    return found;
}

class memory_failure_test : public ::testing::Test {
protected:
    memory_failure_test() {
        store_->update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 3000; ++i) {
                transaction.put(numbered("key", i), "value");
                transaction.map("users").put(numbered("key", i), patterned(i % 50, i));
            }
        });
    }

    /// Fails each allocation of `operation` in turn and looks at the store; then lets it through.
    void fail_each_allocation(const std::function<void(store&)>& operation) {
        const contents before = contents_of(*store_);
        const version_number version = store_->snapshot().version();
        std::int64_t failures = 0;
        while (runs_out_at(failures, [&] { operation(*store_); })) {
            ++failures;
            ASSERT_LT(failures, 100'000);
            ASSERT_EQ(store_->snapshot().version(), version);
            ASSERT_TRUE(store_->stat().snapshots.empty())
                << "allocation " << failures << " left a pin behind";
            if (failures < 100 || failures % 16 == 0) {
                ASSERT_EQ(contents_of(*store_), before) << "after allocation " << failures << " failed";
                expect_sound(*store_);
                ASSERT_FALSE(HasFailure()) << "after allocation " << failures << " failed";
            }
        }
        EXPECT_GT(failures, 0);
        expect_sound(*store_);
        // The writer lock is free, for other threads, too.
        std::thread([&] {
            store_->update([](write_transaction& transaction) { transaction.put("lock", "is free"); });
        }).join();
    }

    temporary_store place_;
    std::optional<store> store_ = place_.open();
};

TEST_F(memory_failure_test, leaves_nothing_behind_when_a_single_put_fails) {
    fail_each_allocation([](store& changed) { changed.put("key", "value"); });
    EXPECT_EQ(store_->get("key")->text(), "value");
}

TEST_F(memory_failure_test, leaves_nothing_behind_when_a_single_erase_fails) {
    fail_each_allocation([](store& changed) { EXPECT_TRUE(changed.erase("key00000001")); });
    EXPECT_FALSE(store_->contains("key00000001"));
}

TEST_F(memory_failure_test, undoes_an_update_over_several_maps) {
    fail_each_allocation([](store& changed) {
        changed.update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 300; ++i) {
                transaction.put(numbered("key", i * 7), patterned(100, i));
                transaction.map("new").put(numbered("key", i), "value");
                transaction.map("users").erase(numbered("key", i));
            }
            transaction.map("users").erase_prefix("key000005");
            transaction.map("large").put("key", patterned(100'000, 1));
        });
    });
    EXPECT_EQ(store_->snapshot().map("new").size(), 300U);
}

TEST_F(memory_failure_test, undoes_dropping_and_filling_maps) {
    fail_each_allocation([](store& changed) {
        changed.update([](write_transaction& transaction) {
            EXPECT_TRUE(transaction.drop("users"));
            transaction.map("users").put("ada", "36");
            transaction.map().clear();
        });
    });
    EXPECT_EQ(store_->snapshot().map("users").size(), 1U);
    EXPECT_EQ(store_->snapshot().map().size(), 1U);
}

TEST_F(memory_failure_test, undoes_transactions_that_reclaim) {
    std::vector<snapshot> held;
    for (int i = 0; i < 4; ++i) {
        held.push_back(store_->snapshot());
        store_->update([&](write_transaction& transaction) {
            for (std::uint64_t key = 0; key < 3000; ++key) {
                transaction.put(numbered("key", key), std::to_string(i));
            }
        });
    }
    // Entries are parked on some snapshots, and come free from others.
    held.erase(held.begin() + 1, held.begin() + 3);
    store_->put("key", "parks");
    const contents before = contents_of(*store_);
    const version_number version = store_->snapshot().version();
    held.pop_back();
    std::int64_t failures = 0;
    const auto reclaim = [](write_transaction& transaction) {
        for (std::uint64_t key = 0; key < 500; ++key) {
            transaction.put(numbered("key", key), "reclaims");
        }
    };
    while (runs_out_at(failures, [&] { store_->update(reclaim); })) {
        ++failures;
        ASSERT_LT(failures, 10'000);
        ASSERT_EQ(store_->snapshot().version(), version);
        ASSERT_EQ(contents_of(*store_), before);
        expect_sound(*store_);
        ASSERT_FALSE(HasFailure()) << "after allocation " << failures << " failed";
    }
    EXPECT_GT(failures, 5) << "the transaction's own, and the buffer of what it retires as it grows";
    EXPECT_EQ(held.front().get("key00000000")->text(), "value");
    expect_sound(*store_);
}

TEST_F(memory_failure_test,
       keeps_what_a_transaction_did_before_and_refuses_to_go_on_after_a_failed_operation) {
    std::uint64_t failed = 0;
    for (std::int64_t allocation = 0; allocation < 12; ++allocation) {
        write_transaction transaction = store_->begin_write();
        transaction.put("before", "1");
        const bool ran_out = runs_out_at(allocation, [&] { transaction.map().erase_prefix("key0000"); });
        if (!ran_out) {
            break;
        }
        ++failed;
        try {
            transaction.put("after", "2");
            std::move(transaction).commit();
            // The failure came before anything was changed: then it is as if it had not been tried.
            EXPECT_TRUE(store_->contains("before") && store_->contains("after"));
            EXPECT_TRUE(store_->contains("key00000000"));
            store_->erase("before");
            store_->erase("after");
        } catch (const error& refused) {
            EXPECT_EQ(refused.reason(), errc::transaction_failed);
            EXPECT_FALSE(store_->contains("before"));
        }
    }
    EXPECT_GT(failed, 0U);
    expect_sound(*store_);
}

TEST_F(memory_failure_test, leaks_nothing_where_reading_fails) {
    const std::vector<std::string_view> keys(20, "key00000001");
    const std::vector<std::function<void(store&)>> readings = {
        [](store& read) { EXPECT_TRUE(read.get("key00000001").has_value()); },
        [](store& read) { EXPECT_EQ(read.snapshot().map("users").size(), 3000U); },
        [](store& read) { EXPECT_EQ(read.snapshot().maps().size(), 2U); },
        [&](store& read) {
            const snapshot now = read.snapshot();
            EXPECT_TRUE(now.map().get_many(keys).front().has_value());
        },
        [](store& read) {
            const snapshot before = read.snapshot();
            const snapshot now = read.snapshot();
            EXPECT_EQ(now.changes_since(before).size(), 0U);
        },
        [](store& read) {
            std::uint64_t count = 0;
            const snapshot now = read.snapshot();
            for (auto&& [key, value] : now.map().prefix("key0000")) {
                count += key.size() == 11 && value.size() == 5 ? 1 : 0;
            }
            EXPECT_EQ(count, 3000U);
        },
        [](store& read) { EXPECT_EQ(read.stat().entries, 6000U); },
    };
    for (const auto& reading : readings) {
        std::int64_t failures = 0;
        while (runs_out_at(failures, [&] { reading(*store_); })) {
            ++failures;
            ASSERT_LT(failures, 10'000);
            ASSERT_TRUE(store_->stat().snapshots.empty());
        }
    }
    // Nobody's line in the table of readers was lost: there is room for all that may be held at once.
    std::vector<snapshot> many;
    for (int i = 0; i < 2000; ++i) {
        many.push_back(store_->snapshot());
    }
    many.clear();
    store_->put("key", "value");
}

TEST_F(memory_failure_test, reports_in_a_check_or_passes_the_failure_on_and_frees_the_lock) {
    std::int64_t failures = 0;
    while (runs_out_at(failures, [&] { EXPECT_TRUE(store_->check().empty()); })) {
        ++failures;
        ASSERT_LT(failures, 10'000);
    }
    store_->put("the writer lock", "is free");
}

TEST_F(memory_failure_test, opens_again_after_an_opening_failed) {
    const contents before = contents_of(*store_);
    store_.reset();
    std::int64_t failures = 0;
    while (runs_out_at(failures, [&] { store_ = place_.open(); })) {
        ++failures;
        ASSERT_LT(failures, 10'000);
    }
    EXPECT_GT(failures, 0);
    EXPECT_EQ(contents_of(*store_), before);
    EXPECT_EQ(store_->stat().processes.size(), 1U);
    expect_sound(*store_);
}

TEST_F(memory_failure_test, leaves_no_file_where_creating_failed) {
    const temporary_store other;
    std::optional<store> made;
    std::int64_t failures = 0;
    while (runs_out_at(failures, [&] { made = other.open(); })) {
        ++failures;
        ASSERT_LT(failures, 10'000);
        if (std::filesystem::exists(other.path())) { // made, and then not opened: it has to be whole
            expect_sound(other.open(open_mode::write));
        }
        for (const auto& file : std::filesystem::directory_iterator(other.folder())) {
            ASSERT_EQ(file.path(), other.path());
        }
    }
    expect_sound(*made);
}

} // namespace
} // namespace holdfast::test
