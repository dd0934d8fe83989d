// Superblocks and slots judge themselves: whole ones are sound, and nothing else is, whatever its bytes are.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/checksum.hpp"
#include "format/checked_word.hpp"
#include "format/commit.hpp"
#include "format/superblock.hpp"

namespace holdfast::format {
namespace {

[[nodiscard]] superblock example() {
    std::array<std::uint8_t, 16> incarnation{};
    for (std::size_t i = 0; i < incarnation.size(); ++i) {
        incarnation[i] = static_cast<std::uint8_t>(i * 17);
    }
    return make_superblock(incarnation, 1'700'000'000'000'000'000);
}

[[nodiscard]] superblock_state judge(const superblock& block) {
    return judge_superblock(std::as_bytes(std::span(&block, 1)));
}

/// The example after a change, with a checksum that fits.
[[nodiscard]] superblock_state judge_changed(const std::function<void(superblock&)>& change) {
    superblock block = example();
    change(block);
    block.checksum = checksum64(&block, offsetof(superblock, checksum));
    return judge(block);
}

TEST(superblock, is_sound_as_it_is_made) {
    EXPECT_EQ(judge(example()), superblock_state::sound);
    EXPECT_EQ(example().incarnation[1], 17);
}

TEST(superblock, is_foreign_without_its_magic_or_cut_short) {
    superblock block = example();
    const auto bytes = std::as_bytes(std::span(&block, 1));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(judge_superblock(bytes.first(size)), superblock_state::foreign);
    }
    EXPECT_EQ(judge_changed([](superblock& b) { b.magic[7] = 'Q'; }), superblock_state::foreign);
    EXPECT_EQ(judge_superblock({}), superblock_state::foreign);
}

TEST(superblock, of_a_later_version_is_newer_whatever_its_checksum_is) {
    superblock block = example();
    block.version = format_version + 1;
    EXPECT_EQ(judge(block), superblock_state::newer);
    block.version = 0xFFFFFFFF;
    EXPECT_EQ(judge(block), superblock_state::newer);
    EXPECT_EQ(judge_changed([](superblock& b) { b.version = 0; }), superblock_state::damaged);
}

TEST(superblock, of_an_earlier_version_is_older_if_it_is_whole) {
    EXPECT_EQ(judge_changed([](superblock& b) { b.version = 1; }), superblock_state::older);
    superblock block = example();
    block.version = 1;
    EXPECT_EQ(judge(block), superblock_state::damaged);
}

TEST(superblock, with_unknown_required_features_is_newer_and_ignorable_ones_are_ignored) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t feature = std::uint64_t{1} << bit;
        EXPECT_EQ(judge_changed([&](superblock& b) { b.features_required = feature; }),
                  superblock_state::newer);
        EXPECT_EQ(judge_changed([&](superblock& b) { b.features_ignorable = feature; }),
                  superblock_state::sound);
    }
}

TEST(superblock, of_another_machine_is_not_damaged) {
    EXPECT_EQ(judge_changed([](superblock& b) { b.endianness = 0x04030201; }),
              superblock_state::other_machine);
    EXPECT_EQ(judge_changed([](superblock& b) { b.word_bytes = 4; }), superblock_state::other_machine);
    EXPECT_EQ(judge_changed([](superblock& b) { b.endianness = 0x02010403; }), superblock_state::damaged);
}

TEST(superblock, of_another_geometry_is_damaged) {
    EXPECT_EQ(judge_changed([](superblock& b) { b.block_bytes = 4096; }), superblock_state::damaged);
    EXPECT_EQ(judge_changed([](superblock& b) { b.heap_offset += 1; }), superblock_state::damaged);
}

TEST(superblock, is_never_sound_with_a_flipped_bit) {
    for (std::size_t byte = 0; byte < sizeof(superblock); ++byte) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            superblock block = example();
            reinterpret_cast<std::uint8_t*>(&block)[byte] ^= static_cast<std::uint8_t>(1U << bit);
            EXPECT_NE(judge(block), superblock_state::sound) << "bit " << bit << " of byte " << byte;
        }
    }
}

TEST(superblock, is_never_sound_by_chance) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        superblock block = example();
        auto* const bytes = reinterpret_cast<std::uint8_t*>(&block);
        const std::size_t first = random() % sizeof block;
        for (std::size_t at = first; at < sizeof block; ++at) {
            bytes[at] = static_cast<std::uint8_t>(random());
        }
        const superblock whole = example();
        if (std::memcmp(&block, &whole, sizeof block) != 0) {
            ASSERT_NE(judge(block), superblock_state::sound);
        }
    }
}

// --- Slots ------------------------------------------------------------------------------------------------

[[nodiscard]] commit_slot example_commit() {
    commit_slot slot{};
    slot.txn = 7;
    slot.end_bytes = heap_offset + 32 * block_bytes;
    slot.next_map_id = 3;
    slot.direct_count = commit_slot::direct_max;
    slot.checksum = checksum_of(slot);
    return slot;
}

[[nodiscard]] durable_slot example_durable() {
    durable_slot slot{};
    slot.magic = durable_magic;
    slot.sequence = 1;
    slot.clean = 1;
    slot.version_limit = 9;
    slot.commit = example_commit();
    slot.checksum = checksum_of(slot);
    return slot;
}

template <class Slot>
void expect_each_flip_found(const Slot& whole) {
    ASSERT_TRUE(is_sound(whole));
    for (std::size_t byte = 0; byte < sizeof(Slot); ++byte) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Slot slot = whole;
            reinterpret_cast<std::uint8_t*>(&slot)[byte] ^= static_cast<std::uint8_t>(1U << bit);
            EXPECT_FALSE(is_sound(slot)) << "bit " << bit << " of byte " << byte;
        }
    }
}

TEST(commit_slot, is_sound_only_whole) {
    expect_each_flip_found(example_commit());
    EXPECT_FALSE(is_sound(commit_slot{}));
}

TEST(commit_slot, counts_only_as_far_as_it_is_used) {
    commit_slot slot = example_commit();
    slot.direct_count = 2;
    slot.checksum = checksum_of(slot);
    ASSERT_TRUE(is_sound(slot));
    commit_slot other = slot;
    other.direct[2].root = 1;
    EXPECT_TRUE(is_sound(other));
    EXPECT_TRUE(same_commit(slot, other));
    other.direct[1].root = 1;
    EXPECT_FALSE(is_sound(other));
    EXPECT_FALSE(same_commit(slot, other));
    slot.direct_count = commit_slot::direct_max + 1;
    slot.checksum = checksum_of(slot);
    EXPECT_FALSE(is_sound(slot));
}

TEST(commit_slot, is_not_sound_with_an_end_that_no_store_has) {
    for (const std::uint64_t end : {std::uint64_t{0}, heap_offset - block_bytes, heap_offset + 1,
                                    file_bytes_max + block_bytes, ~std::uint64_t{0}}) {
        commit_slot slot = example_commit();
        slot.end_bytes = end;
        slot.checksum = checksum_of(slot);
        EXPECT_FALSE(is_sound(slot)) << end;
    }
    commit_slot slot = example_commit();
    slot.txn = 0;
    slot.checksum = checksum_of(slot);
    EXPECT_FALSE(is_sound(slot));
}

TEST(checked_word, is_not_sound_with_one_bit_flipped) {
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x123456789ABC}, txn_limit}) {
        for (const std::uint64_t tag : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63}}) {
            const checked_word whole(txn_id{number}, tag);
            ASSERT_TRUE(whole.is_sound());
            EXPECT_EQ(raw(whole.number()), number);
            EXPECT_EQ(whole.tag(), tag);
            for (unsigned bit = 0; bit < 64; ++bit) {
                EXPECT_FALSE(checked_word(whole.raw() ^ std::uint64_t{1} << bit).is_sound()) << bit;
            }
        }
    }
    EXPECT_EQ(checked_word(txn_id::none, 0).raw(), 0U);
}

TEST(durable_slot, is_sound_only_whole_and_with_a_sound_commit) {
    expect_each_flip_found(example_durable());
    EXPECT_FALSE(is_sound(durable_slot{}));
    durable_slot slot = example_durable();
    slot.commit.txn += 1;
    slot.checksum = checksum_of(slot);
    EXPECT_FALSE(is_sound(slot));
    for (const std::uint64_t limit : {std::uint64_t{6}, txn_limit + 1, ~std::uint64_t{0}}) {
        slot = example_durable();
        slot.version_limit = limit;
        slot.checksum = checksum_of(slot);
        EXPECT_FALSE(is_sound(slot)) << "below the commit, or beyond all numbers";
    }
    slot = example_durable();
    slot.magic[0] = 'X';
    slot.checksum = checksum_of(slot);
    EXPECT_FALSE(is_sound(slot));
}

} // namespace
} // namespace holdfast::format
