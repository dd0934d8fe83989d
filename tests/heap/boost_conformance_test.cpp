// What Boost's MemoryAlgorithm concept promises, asked of our algorithm and of Boost's own.
#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "boost_fixture.hpp"

namespace holdfast::test {
namespace {

namespace bi = boost::interprocess;

template <class Memory>
class memory_algorithm : public testing::Test {
protected:
    using algorithm_type = typename Memory::algorithm_type;
    using size_type = typename algorithm_type::size_type;
    using chain_type = typename algorithm_type::multiallocation_chain;

    [[nodiscard]] algorithm_type& tested() { return memory_.algorithm(); }

    void TearDown() override {
        EXPECT_TRUE(tested().check_sanity());
        EXPECT_TRUE(tested().all_memory_deallocated());
    }

    /// Fills an object; the pattern depends on `seed`.
    static void fill(void* object, std::size_t bytes, unsigned seed) {
        std::memset(object, static_cast<int>(seed % 251 + 1), bytes);
    }
    static void expect_filled(const void* object, std::size_t bytes, unsigned seed) {
        const auto* const begin = static_cast<const unsigned char*>(object);
        const auto is_intact = [&](unsigned char byte) { return byte == seed % 251 + 1; };
        EXPECT_TRUE(std::all_of(begin, begin + bytes, is_intact)) << "an object was overwritten";
    }

    [[nodiscard]] static std::vector<void*> contents_of(chain_type& chain) {
        std::vector<void*> all;
        for (auto it = chain.begin(); it != chain.end(); ++it) {
            all.push_back(&*it);
        }
        return all;
    }

    Memory memory_;
};

using memories = testing::Types<our_memory, rbtree_memory>;

class memory_names {
public:
    template <class Memory>
    static std::string GetName(int) { // NOLINT: GoogleTest's name
        return std::is_same_v<Memory, our_memory> ? "heap_algorithm" : "rbtree_best_fit";
    }
};
TYPED_TEST_SUITE(memory_algorithm, memories, memory_names);

TYPED_TEST(memory_algorithm, frees_in_any_order_what_it_gave) {
    std::mt19937_64 random(5); // NOLINT: the same order each time
    for (const int order : {0, 1, 2}) {
        std::vector<void*> objects;
        for (unsigned i = 0; i < 400; ++i) {
            void* const object = this->tested().allocate(i * 13 % 3000 + 1);
            ASSERT_NE(object, nullptr);
            this->fill(object, i * 13 % 3000 + 1, i);
            objects.push_back(object);
        }
        EXPECT_FALSE(this->tested().all_memory_deallocated());
        std::vector<unsigned> sequence(objects.size());
        for (unsigned i = 0; i < sequence.size(); ++i) {
            sequence[i] = i;
        }
        if (order == 1) {
            std::reverse(sequence.begin(), sequence.end());
        }
        if (order == 2) {
            std::shuffle(sequence.begin(), sequence.end(), random);
        }
        for (const unsigned i : sequence) {
            this->expect_filled(objects[i], i * 13 % 3000 + 1, i);
            this->tested().deallocate(objects[i]);
        }
        EXPECT_TRUE(this->tested().all_memory_deallocated());
        EXPECT_TRUE(this->tested().check_sanity());
    }
}

TYPED_TEST(memory_algorithm, random_use_follows_a_model) {
    std::mt19937_64 random(17); // NOLINT: the same numbers each time
    struct known {
        std::size_t bytes;
        unsigned seed;
    };
    std::map<void*, known> live;
    for (unsigned i = 0; i < 4000; ++i) {
        if (live.empty() || (random() % 5 < 3 && live.size() < 300)) {
            const std::size_t bytes = random() % 20 == 0 ? random() % 50'000 : random() % 700;
            void* const object = this->tested().allocate(bytes);
            ASSERT_NE(object, nullptr);
            ASSERT_GE(this->tested().size(object), bytes);
            const auto after = live.lower_bound(object);
            ASSERT_TRUE(after == live.end() || static_cast<char*>(object) + bytes <= after->first);
            this->fill(object, bytes, i);
            live[object] = {bytes, i};
        } else {
            auto victim =
                live.lower_bound(std::next(live.begin(), static_cast<long>(random() % live.size()))->first);
            this->expect_filled(victim->first, victim->second.bytes, victim->second.seed);
            this->tested().deallocate(victim->first);
            live.erase(victim);
        }
    }
    for (const auto& [object, what] : live) {
        this->expect_filled(object, what.bytes, what.seed);
        this->tested().deallocate(object);
    }
}

TYPED_TEST(memory_algorithm, aligns_as_asked_up_to_a_page) {
    std::vector<void*> objects;
    for (std::size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        for (const std::size_t bytes : {1, 24, 100, 1000, 5000, 20'000}) {
            void* const object = this->tested().allocate_aligned(bytes, alignment);
            ASSERT_NE(object, nullptr);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(object) % alignment, 0U)
                << bytes << " at " << alignment;
            EXPECT_GE(this->tested().size(object), bytes);
            this->fill(object, bytes, 9);
            objects.push_back(object);
        }
    }
    for (void* const object : objects) {
        this->tested().deallocate(object);
    }
}

/// Boost's algorithm asserts.
TEST(heap_algorithm, gives_nothing_for_an_alignment_that_is_no_power_of_two_or_above_a_page) {
    our_memory memory;
    for (const std::size_t alignment :
         {std::size_t{0}, std::size_t{48}, std::size_t{8192}, ~std::size_t{0}}) {
        EXPECT_EQ(memory.algorithm().allocate_aligned(100, alignment), nullptr);
    }
}

// --- allocation_command -----------------------------------------------------------------------------------

TYPED_TEST(memory_algorithm, a_command_for_a_new_object_gives_at_least_the_limit) {
    std::size_t received = 100;
    int* reuse = nullptr;
    int* const made = this->tested().allocation_command(bi::allocate_new, std::size_t{50}, received, reuse);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(reuse, nullptr);
    EXPECT_GE(received, 50U);
    this->fill(made, received * sizeof(int), 1);
    EXPECT_GE(this->tested().size(made), received * sizeof(int));
    this->tested().deallocate(made);
}

TYPED_TEST(memory_algorithm, expanding_in_place_keeps_what_is_there_or_fails) {
    for (const std::size_t wanted : {11, 40, 400, 4000}) {
        std::size_t received = 10;
        long* none = nullptr;
        long* const made =
            this->tested().allocation_command(bi::allocate_new, std::size_t{10}, received, none);
        ASSERT_NE(made, nullptr);
        this->fill(made, received * sizeof(long), 3);
        const std::size_t before = received;
        long* reuse = made;
        received = wanted;
        long* const got = this->tested().allocation_command(bi::expand_fwd, wanted, received, reuse);
        if (got != nullptr) {
            EXPECT_EQ(got, made);
            EXPECT_EQ(reuse, made);
            EXPECT_GE(received, wanted);
            this->expect_filled(made, before * sizeof(long), 3);
        } else {
            EXPECT_EQ(reuse, nullptr);
        }
        this->tested().deallocate(made);
    }
}

TYPED_TEST(memory_algorithm, expanding_or_making_anew_always_gives_something) {
    std::size_t received = 10;
    char* none = nullptr;
    char* const made = this->tested().allocation_command(bi::allocate_new, std::size_t{10}, received, none);
    ASSERT_NE(made, nullptr);
    char* reuse = made;
    received = 9000;
    char* const got = this->tested().allocation_command(bi::allocate_new | bi::expand_fwd, std::size_t{8000},
                                                        received, reuse);
    ASSERT_NE(got, nullptr);
    EXPECT_GE(received, 8000U);
    EXPECT_TRUE(reuse == nullptr || got == made) << "it says it expanded, but did not";
    if (reuse == nullptr) {
        this->tested().deallocate(made);
    }
    this->tested().deallocate(got);
}

TYPED_TEST(memory_algorithm, shrinking_in_place_stays_within_the_limit_or_fails) {
    for (const bool really : {false, true}) {
        std::size_t received = 2000;
        int* none = nullptr;
        int* made = this->tested().allocation_command(bi::allocate_new, std::size_t{2000}, received, none);
        ASSERT_NE(made, nullptr);
        this->fill(made, 100 * sizeof(int), 4);
        const auto command = really ? bi::shrink_in_place : bi::try_shrink_in_place;
        for (const std::size_t limit : {std::size_t{200}, std::size_t{1'000'000}}) {
            std::size_t size = 100;
            void* raw = made;
            void* const got = this->tested().raw_allocation_command(command, limit, size, raw, sizeof(int));
            if (got != nullptr) {
                EXPECT_EQ(got, made);
                EXPECT_GE(size, 100U);
                EXPECT_LE(size, limit);
            }
            EXPECT_GE(this->tested().size(made), 100 * sizeof(int));
            this->expect_filled(made, 100 * sizeof(int), 4);
        }
        this->tested().deallocate(made);
    }
}

TYPED_TEST(memory_algorithm, commands_that_make_no_sense_give_nothing) {
    std::size_t received = 5;
    int* reuse = nullptr;
    EXPECT_EQ(this->tested().allocation_command(bi::allocate_new, std::size_t{10}, received, reuse), nullptr);
    EXPECT_EQ(reuse, nullptr);
    received = 5;
    EXPECT_EQ(this->tested().allocation_command(bi::shrink_in_place, std::size_t{10}, received, reuse),
              nullptr);
    received = 5;
    EXPECT_EQ(this->tested().allocation_command(bi::expand_fwd, std::size_t{5}, received, reuse), nullptr);
    received = ~std::size_t{0} / 2;
    EXPECT_EQ(this->tested().allocation_command(bi::allocate_new, ~std::size_t{0} / 2, received, reuse),
              nullptr);
    void* raw = nullptr;
    received = 5;
    EXPECT_EQ(this->tested().raw_allocation_command(bi::allocate_new, std::size_t{5}, received, raw,
                                                    std::size_t{0}),
              nullptr);
}

// --- Many at once -----------------------------------------------------------------------------------------

TYPED_TEST(memory_algorithm, many_objects_of_one_size_come_in_a_chain) {
    typename TestFixture::chain_type chain;
    this->tested().allocate_many(40, 300, chain);
    ASSERT_EQ(chain.size(), 300U);
    this->tested().allocate_many(1000, 5, chain);
    ASSERT_EQ(chain.size(), 305U);
    std::vector<void*> all = this->contents_of(chain);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
    for (void* const object : all) {
        EXPECT_GE(this->tested().size(object), 40U);
    }
    this->tested().deallocate_many(chain);
    EXPECT_TRUE(chain.empty());
}

TYPED_TEST(memory_algorithm, many_objects_of_several_sizes_come_in_their_order) {
    typename TestFixture::chain_type chain;
    const std::vector<std::size_t> sizes = {1, 100, 20, 3000, 7, 500};
    this->tested().allocate_many(sizes.data(), sizes.size(), 8, chain);
    ASSERT_EQ(chain.size(), sizes.size());
    const std::vector<void*> all = this->contents_of(chain);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_GE(this->tested().size(all[i]), sizes[i] * 8) << i;
    }
    // Each can be freed by itself, too.
    chain.clear();
    for (void* const object : all) {
        this->tested().deallocate(object);
    }
}

TYPED_TEST(memory_algorithm, many_objects_that_are_not_to_be_had_change_nothing) {
    typename TestFixture::chain_type chain;
    const std::vector<std::size_t> sizes = {10, ~std::size_t{0} / 4, 10};
    this->tested().allocate_many(sizes.data(), sizes.size(), 8, chain);
    EXPECT_TRUE(chain.empty());
    this->memory_.make_scarce();
    this->tested().allocate_many(1 << 20, 1000, chain);
    EXPECT_TRUE(chain.empty());
    EXPECT_TRUE(this->tested().all_memory_deallocated());
    if constexpr (std::is_same_v<TypeParam, our_memory>) {
        // What was in the chain before stays in it; Boost's frees that, too.
        this->tested().allocate_many(40, 3, chain);
        this->tested().allocate_many(1 << 20, 1000, chain);
        EXPECT_EQ(chain.size(), 3U);
        this->tested().deallocate_many(chain);
    }
}

// --- The segment ------------------------------------------------------------------------------------------

TYPED_TEST(memory_algorithm, gives_null_when_memory_is_exhausted_and_recovers) {
    this->memory_.make_scarce();
    std::vector<void*> objects;
    while (void* const object = this->tested().allocate(10'000)) {
        objects.push_back(object);
    }
    EXPECT_GT(objects.size(), 5U);
    EXPECT_TRUE(this->tested().check_sanity());
    EXPECT_EQ(this->tested().allocate(20'000), nullptr);
    this->tested().deallocate(objects.back());
    objects.pop_back();
    void* const again = this->tested().allocate(10'000);
    ASSERT_NE(again, nullptr);
    objects.push_back(again);
    for (void* const object : objects) {
        this->tested().deallocate(object);
    }
}

TYPED_TEST(memory_algorithm, knows_its_size_and_what_is_free) {
    EXPECT_LE(this->tested().get_free_memory(), this->tested().get_size());
    void* const large = this->tested().allocate(200'000);
    ASSERT_NE(large, nullptr);
    const std::size_t free_with = this->tested().get_free_memory();
    this->tested().deallocate(large);
    EXPECT_GE(this->tested().get_free_memory(), free_with + 200'000);
    EXPECT_GE(TestFixture::algorithm_type::get_min_size(100), 100U);
    EXPECT_LT(TestFixture::algorithm_type::get_min_size(100), 4096U);
}

TYPED_TEST(memory_algorithm, zeroes_what_is_free_and_nothing_else) {
    void* const kept = this->tested().allocate(500);
    void* const freed = this->tested().allocate(3000);
    void* const large = this->tested().allocate(100'000);
    ASSERT_TRUE(kept != nullptr && freed != nullptr && large != nullptr);
    this->fill(kept, 500, 1);
    this->fill(freed, 3000, 2);
    this->fill(large, 100'000, 3);
    this->tested().deallocate(freed);
    this->tested().deallocate(large);
    this->tested().zero_free_memory();
    this->expect_filled(kept, 500, 1);
    // Boost's keeps its accounts at the beginning of what is free.
    const auto is_zero = [](const unsigned char byte) { return byte == 0; };
    const auto* const small_bytes = static_cast<const unsigned char*>(freed);
    const auto* const large_bytes = static_cast<const unsigned char*>(large);
    EXPECT_TRUE(std::all_of(small_bytes + 64, small_bytes + 2900, is_zero));
    EXPECT_TRUE(std::all_of(large_bytes + 64, large_bytes + 99'000, is_zero));
    this->tested().deallocate(kept);
}

} // namespace
} // namespace holdfast::test
