// Checksums and self-verification of commit and durable slots.
#include "format/commit.hpp"

#include <cstring>

#include "base/checksum.hpp"
#include "format/checked_word.hpp"
#include "format/log.hpp"

namespace holdfast::format {

std::uint64_t checksum_of(const commit_slot& slot) noexcept {
    constexpr std::size_t begin = sizeof slot.checksum;
    return checksum64(reinterpret_cast<const std::byte*>(&slot) + begin, used_bytes(slot) - begin);
}

std::uint64_t checksum_of(const durable_slot& slot) noexcept {
    return checksum64(&slot, offsetof(durable_slot, checksum));
}

bool is_unused(const map_root& direct) noexcept {
    constexpr map_root nothing{};
    return std::memcmp(&direct, &nothing, sizeof nothing) == 0;
}

void clear_unused(commit_slot& slot) noexcept {
    const std::size_t used = used_bytes(slot);
    std::memset(reinterpret_cast<std::byte*>(&slot) + used, 0, sizeof slot - used);
}

bool same_commit(const commit_slot& a, const commit_slot& b) noexcept {
    return a.direct_count == b.direct_count && std::memcmp(&a, &b, used_bytes(a)) == 0;
}

namespace {

[[nodiscard]] bool has_possible_log(const commit_slot& slot) noexcept {
    if (slot.log_block == 0) {
        return slot.log_blocks == 0 && slot.log_end == 0;
    }
    return slot.log_block >= heap_first_block && slot.log_blocks != 0 && slot.log_end <= log_position_max &&
           log_offset(slot) + log_bytes(slot) <= slot.end_bytes;
}

} // namespace

bool is_sound(const commit_slot& slot) noexcept {
    return slot.direct_count <= commit_slot::direct_max && slot.checksum == checksum_of(slot) &&
           slot.txn != 0 && slot.txn < txn_limit && slot.end_bytes >= heap_offset &&
           slot.end_bytes <= file_bytes_max && slot.end_bytes % block_bytes == 0 && has_possible_log(slot);
}

bool is_sound(const durable_slot& slot) noexcept {
    return slot.magic == durable_magic && slot.checksum == checksum_of(slot) && is_sound(slot.commit) &&
           slot.version_limit >= slot.commit.txn && slot.version_limit <= txn_limit;
}

} // namespace holdfast::format
