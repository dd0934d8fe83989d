// The superblock: what the file is, written once at creation, in two copies; and its verification.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace holdfast::format {

inline constexpr std::array<char, 8> superblock_magic = {'H', 'O', 'L', 'D', 'F', 'A', 'S', 'T'};
inline constexpr std::uint32_t format_version = 2;
inline constexpr std::uint32_t endianness_mark = 0x01020304;

/// A program opens a store only if it knows all its required features; ignorable ones it may not know.
inline constexpr std::uint64_t features_required_known = 0;
inline constexpr std::uint64_t features_ignorable_known = 0;

struct superblock {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t endianness;
    std::uint64_t features_required;
    std::uint64_t features_ignorable;
    std::array<std::uint8_t, 16> incarnation; ///< random, new for each store and after lost history
    std::uint64_t created_ns;                 ///< CLOCK_REALTIME
    std::uint32_t block_bytes;
    std::uint32_t word_bytes; ///< sizeof(void*)
    std::uint64_t heap_offset;
    std::array<std::uint8_t, 48> reserved;
    std::uint64_t checksum; ///< XXH3-64 of all bytes before it
};

static_assert(sizeof(superblock) == 128 && std::is_trivially_copyable_v<superblock> &&
              std::has_unique_object_representations_v<superblock>);
static_assert(offsetof(superblock, version) == 8 && offsetof(superblock, endianness) == 12);
static_assert(offsetof(superblock, features_required) == 16 &&
              offsetof(superblock, features_ignorable) == 24);
static_assert(offsetof(superblock, incarnation) == 32 && offsetof(superblock, created_ns) == 48);
static_assert(offsetof(superblock, block_bytes) == 56 && offsetof(superblock, word_bytes) == 60);
static_assert(offsetof(superblock, heap_offset) == 64 && offsetof(superblock, reserved) == 72);
static_assert(offsetof(superblock, checksum) == 120);

enum class superblock_state {
    sound,
    foreign,       ///< no Holdfast magic: another kind of file
    older,         ///< a version that this program no longer reads
    newer,         ///< a version or a required feature that this program does not know
    other_machine, ///< another endianness or word size
    damaged,       ///< magic is there, the checksum does not fit
};

/// A complete superblock of this program's format for a new store.
[[nodiscard]] superblock make_superblock(const std::array<std::uint8_t, 16>& incarnation,
                                         std::uint64_t created_ns) noexcept;

/// Judges the bytes of a superblock, which may be anything. Never reads beyond `bytes`.
[[nodiscard]] superblock_state judge_superblock(std::span<const std::byte> bytes) noexcept;

} // namespace holdfast::format
