// Checksums and self-validation of commit and durable slots.
#include "format/commit.hpp"

#include "base/checksum.hpp"

namespace holdfast::format {

std::uint64_t checksum_of(const commit_slot& slot) noexcept {
    return checksum64(&slot, offsetof(commit_slot, checksum));
}

std::uint64_t checksum_of(const durable_slot& slot) noexcept {
    return checksum64(&slot, offsetof(durable_slot, checksum));
}

bool is_sound(const commit_slot& slot) noexcept {
    return slot.checksum == checksum_of(slot) && slot.txn != 0 && slot.end_bytes >= heap_offset &&
           slot.end_bytes <= file_bytes_max && slot.end_bytes % block_bytes == 0;
}

bool is_sound(const durable_slot& slot) noexcept {
    return slot.magic == durable_magic && slot.checksum == checksum_of(slot) && is_sound(slot.commit);
}

} // namespace holdfast::format
