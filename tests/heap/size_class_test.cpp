// The tables from sizes to classes and from lengths to bins.
#include "heap/size_class.hpp"

#include <gtest/gtest.h>

#include <bit>

#include "heap/block_map.hpp"

namespace holdfast {
namespace {

TEST(size_class, each_size_gets_the_smallest_class_that_holds_it) {
    for (std::uint64_t size = 0; size <= format::slab_bytes_max; ++size) {
        const std::uint8_t found = class_of(size);
        ASSERT_GE(format::slab_sizes[found], size);
        ASSERT_TRUE(found == 0 || format::slab_sizes[found - 1] < size);
    }
}

TEST(size_class, sizes_rise_and_are_multiples_of_the_unit_of_references) {
    for (std::size_t i = 0; i < format::slab_classes; ++i) {
        EXPECT_EQ(format::slab_sizes[i] % ref::unit_bytes, 0U);
        EXPECT_TRUE(i == 0 || format::slab_sizes[i] > format::slab_sizes[i - 1]);
    }
    for (std::uint16_t power = 64; power <= format::slab_bytes_max;
         power = static_cast<std::uint16_t>(power * 2)) {
        EXPECT_EQ(format::slab_sizes[class_of(power)], power);
    }
}

TEST(size_class, every_byte_of_a_slab_belongs_to_the_object_that_division_says) {
    for (std::uint8_t size_class = 0; size_class < format::slab_classes; ++size_class) {
        for (std::uint32_t offset = 0; offset < format::block_bytes; ++offset) {
            ASSERT_EQ(object_at(size_class, offset), offset / format::slab_sizes[size_class]);
        }
    }
}

TEST(size_class, a_slab_wastes_less_than_an_eighth_of_its_block) {
    for (std::uint8_t size_class = 0; size_class < format::slab_classes; ++size_class) {
        const std::uint64_t filled =
            std::uint64_t{objects_per_slab(size_class)} * format::slab_sizes[size_class];
        EXPECT_GE(filled * 8, format::block_bytes * 7) << format::slab_sizes[size_class];
        EXPECT_LE(objects_per_slab(size_class), 6U * 64);
    }
}

TEST(run_bins, are_exact_up_to_32_blocks_and_never_fall) {
    for (std::uint32_t length = 1; length <= 32; ++length) {
        EXPECT_EQ(block_map::bin_of(length), length - 1);
    }
    std::size_t before = 0;
    for (std::uint32_t length = 1; length < 100'000; ++length) {
        const std::size_t bin = block_map::bin_of(length);
        ASSERT_TRUE(bin == before || bin == before + 1 || length == 1) << length;
        before = bin;
    }
    for (const std::uint32_t length : {1U << 20, 1U << 30, ~0U}) {
        EXPECT_LT(block_map::bin_of(length), format::run_bins);
    }
}

} // namespace
} // namespace holdfast
