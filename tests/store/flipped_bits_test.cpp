// A flipped bit in what a closed store says of itself: every key is right, also after a hundred puts, or there is an
// error; never silence.
//
// The heap's accounts were believed without a check: a flipped bit of a bitmap or of a count let the next put overwrite
// live data, and one in the undo log's number undid the last commit.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "base/types.hpp"
#include "format/geometry.hpp"
#include "format/heap.hpp"
#include "support/forged_file.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

class flipped_bits_test : public ::testing::Test {
protected:
    using contents = std::map<std::string, std::string>;

    flipped_bits_test() {
        {
            store filled = place_.open();
            for (std::uint64_t i = 0; i < 400; ++i) {
                put(filled, expected_, i % 160, i);
            }
            for (std::uint64_t i = 0; i < 160; i += 5) {
                filled.erase(numbered("key", i));
                expected_.erase(numbered("key", i));
            }
        }
        image_ = file_image::of(place_.path());
    }

    static void put(store& in, contents& expected, std::uint64_t key, std::uint64_t step) {
        const std::uint64_t bytes = step % 13 == 0 ? 20'000 + step * 37 % 30'000 : step * 31 % 900;
        std::string text = patterned(bytes, step);
        in.put(numbered("key", key), text);
        expected[numbered("key", key)] = std::move(text);
    }
    static void expect_contents(const store& seen, const contents& expected) {
        const snapshot now = seen.snapshot();
        ASSERT_EQ(now.map().size(), expected.size());
        for (const auto& [key, text] : expected) {
            const auto found = now.get(key);
            ASSERT_TRUE(found && found->text() == text) << key;
        }
    }

    /// Opens the store, reads, and works with it. An error is as good as everything being right.
    void use() {
        contents expected = expected_;
        try {
            {
                store used = place_.open();
                ASSERT_NO_FATAL_FAILURE(expect_contents(used, expected));
                for (std::uint64_t step = 0; step < 100; ++step) {
                    put(used, expected, step * 7 % 200, step + 1000);
                }
                ASSERT_NO_FATAL_FAILURE(expect_contents(used, expected));
            }
            ASSERT_NO_FATAL_FAILURE(expect_contents(place_.open(), expected));
            ++survived_;
        } catch (const error& failure) {
            ASSERT_EQ(failure.reason(), errc::corrupt) << failure.what();
            ++noticed_;
        }
    }

    /// As if a program had read an older commit while much was replaced: entries wait in parks.
    void fill_parks() {
        {
            store filled = place_.open();
            const snapshot old = filled.snapshot();
            for (std::uint64_t step = 0; step < 700; ++step) {
                put(filled, expected_, step % 160, step * 13 + 1);
            }
        }
        image_ = file_image::of(place_.path());
    }
    [[nodiscard]] static std::uint64_t offset_of(std::uint64_t units) noexcept {
        return ref::from_units(units).offset();
    }
    [[nodiscard]] format::heap_header header() const {
        return image_->read<format::heap_header>(format::heap_header_offset);
    }

    /// Flips about `tries` bits, evenly spread.
    void flip_bits_of(const char* what, std::uint64_t offset, std::uint64_t bytes, std::uint64_t tries) {
        const std::uint64_t stride = std::max<std::uint64_t>(bytes * 8 / tries, 1) | 1;
        for (std::uint64_t bit = stride / 2; bit < bytes * 8; bit += stride) {
            file_image damaged = *image_;
            const std::uint64_t at = offset + bit / 8;
            damaged.write(at, static_cast<unsigned char>(damaged.read<unsigned char>(at) ^ 1U << bit % 8));
            damaged.write_to(place_.path());
            ASSERT_NO_FATAL_FAILURE(use()) << what << ": byte " << bit / 8 << ", bit " << bit % 8;
        }
    }

    temporary_store place_{folder_in_memory()};
    contents expected_;
    std::optional<file_image> image_;
    std::uint64_t noticed_ = 0;
    std::uint64_t survived_ = 0;
};

TEST_F(flipped_bits_test, of_the_heap_header_are_noticed) {
    flip_bits_of("heap header", format::heap_header_offset, sizeof(format::heap_header), amount_of_work(300));
    EXPECT_GT(noticed_, 0U);
    EXPECT_EQ(survived_, 0U) << "each bit of it is checked";
}

TEST_F(flipped_bits_test, of_the_undo_logs_header_are_noticed_or_harmless) {
    flip_bits_of("undo log", format::undo_log_offset, 16, 128);
    EXPECT_EQ(survived_, 0U) << "each bit of number and length is checked";
    flip_bits_of("undo log", format::undo_log_offset + 16, 240, amount_of_work(60));
}

TEST_F(flipped_bits_test, of_the_directory_are_noticed) {
    flip_bits_of("directory", format::directory_offset, 64, amount_of_work(100));
    flip_bits_of("directory", format::directory_offset + 64, format::directory_fanout_root * 8 - 64,
                 amount_of_work(50));
    EXPECT_EQ(survived_, 0U) << "each bit of it is checked";
    // Of the leaf, only the word for the one table counts.
    flip_bits_of("leaf", format::heap_offset, 64, amount_of_work(100));
}

TEST_F(flipped_bits_test, of_the_block_table_are_noticed_or_harmless) {
    const auto end_blocks =
        image_->read<std::uint64_t>(format::heap_header_offset + offsetof(format::heap_header, end_blocks));
    flip_bits_of("block table", format::heap_offset + format::block_bytes,
                 (end_blocks - format::heap_first_block) * sizeof(format::block_descriptor),
                 amount_of_work(600));
    EXPECT_GT(noticed_, 0U);
    EXPECT_GT(survived_, 0U) << "blocks within runs are not looked at";
}

/// Entries were believed: a flipped bit of one freed live data, in silence.
TEST_F(flipped_bits_test, of_the_retired_list_are_noticed_or_harmless) {
    ASSERT_GT(header().retired.entries, 20U);
    flip_bits_of("chunk", offset_of(header().retired.front), sizeof(format::list_chunk),
                 amount_of_work(1200));
    EXPECT_GT(noticed_, 0U);
}

TEST_F(flipped_bits_test, of_parks_and_their_lists_are_noticed_or_harmless) {
    fill_parks();
    ASSERT_NE(header().parks, 0U);
    const std::uint64_t place = offset_of(header().parks);
    const auto park = image_->read<format::park>(place);
    ASSERT_GT(park.list.entries, 20U);
    flip_bits_of("park", place, sizeof park, 8 * sizeof park);
    EXPECT_EQ(survived_, 0U) << "each bit of it is checked";
    flip_bits_of("chunk", offset_of(park.list.front), sizeof(format::list_chunk), amount_of_work(1200));
}

} // namespace
} // namespace holdfast::test
