// Making and judging superblocks.
#include "format/superblock.hpp"

#include <cstring>

#include "base/checksum.hpp"
#include "format/geometry.hpp"

namespace holdfast::format {

superblock make_superblock(const std::array<std::uint8_t, 16>& incarnation,
                           std::uint64_t created_ns) noexcept {
    superblock made{};
    made.magic = superblock_magic;
    made.version = format_version;
    made.endianness = endianness_mark;
    made.incarnation = incarnation;
    made.created_ns = created_ns;
    made.block_bytes = block_bytes;
    made.word_bytes = sizeof(void*);
    made.heap_offset = heap_offset;
    made.checksum = checksum64(&made, offsetof(superblock, checksum));
    return made;
}

superblock_state judge_superblock(std::span<const std::byte> bytes) noexcept {
    superblock read{};
    if (bytes.size() < sizeof read) {
        return superblock_state::foreign;
    }
    std::memcpy(&read, bytes.data(), sizeof read);
    if (read.magic != superblock_magic) {
        return superblock_state::foreign;
    }
    // The version decides before the checksum: a newer format may have another checksum or another size.
    if (read.endianness != endianness_mark) {
        return read.endianness == 0x04030201 ? superblock_state::other_machine : superblock_state::damaged;
    }
    if (read.version > format_version) {
        return superblock_state::newer;
    }
    if (read.checksum != checksum64(&read, offsetof(superblock, checksum))) {
        return superblock_state::damaged;
    }
    if ((read.features_required & ~features_required_known) != 0) {
        return superblock_state::newer;
    }
    if (read.word_bytes != sizeof(void*)) {
        return superblock_state::other_machine;
    }
    if (read.version != 0 && read.version < format_version) {
        return superblock_state::older;
    }
    if (read.version != format_version || read.block_bytes != block_bytes ||
        read.heap_offset != heap_offset) {
        return superblock_state::damaged;
    }
    return superblock_state::sound;
}

} // namespace holdfast::format
