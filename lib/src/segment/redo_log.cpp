// Reading and writing records of the redo log.
#include "segment/redo_log.hpp"

#include <algorithm>
#include <cstring>

#include "base/checksum.hpp"
#include "format/checked_word.hpp"
#include "os/failpoint.hpp"

namespace holdfast {

namespace {

using format::log_record;

/// The checksum covers the header behind it, and the operations with what pads them.
[[nodiscard]] std::uint64_t checksum_of(const log_record& header,
                                        std::span<const std::byte> operations) noexcept {
    constexpr std::size_t begin = sizeof header.checksum;
    const std::uint64_t of_header =
        checksum64(reinterpret_cast<const std::byte*>(&header) + begin, sizeof header - begin);
    return checksum64(operations.data(), operations.size(), of_header);
}

} // namespace

void redo_log::copy_in(std::uint64_t position, const void* from, std::uint64_t bytes) noexcept {
    if (bytes == 0) {
        return;
    }
    const std::uint64_t at = position % bytes_;
    const std::uint64_t first = std::min(bytes, bytes_ - at);
    std::memcpy(ring_ + at, from, first);
    std::memcpy(ring_, static_cast<const std::byte*>(from) + first, bytes - first);
}

void redo_log::copy_out(std::uint64_t position, void* to, std::uint64_t bytes) const noexcept {
    if (bytes == 0) {
        return;
    }
    const std::uint64_t at = position % bytes_;
    const std::uint64_t first = std::min(bytes, bytes_ - at);
    std::memcpy(to, ring_ + at, first);
    std::memcpy(static_cast<std::byte*>(to) + first, ring_, bytes - first);
}

std::uint64_t redo_log::write(std::uint64_t position, log_record header,
                              std::span<const std::byte> operations) noexcept {
    header.position = position;
    header.bytes = sizeof header + operations.size();
    header.checksum = checksum_of(header, operations);
    copy_in(position + sizeof header, operations.data(), operations.size());
    copy_in(position, &header, sizeof header);
    return position + record_bytes(operations.size());
}

std::optional<redo_log::found_record> redo_log::read(std::uint64_t position, txn_id previous) const {
    found_record found{};
    log_record& header = found.header;
    copy_out(position, &header, sizeof header);
    if (header.position != position || header.previous != raw(previous) || header.txn <= header.previous ||
        header.txn >= format::txn_limit || header.bytes < sizeof header || header.bytes > bytes_) {
        return std::nullopt;
    }
    found.operations.resize(header.bytes - sizeof header);
    copy_out(position + sizeof header, found.operations.data(), found.operations.size());
    if (header.checksum != checksum_of(header, found.operations) && protocol_order("check.log_record")) {
        return std::nullopt;
    }
    found.end = position + record_bytes(found.operations.size());
    return found;
}

void redo_log::erase(std::uint64_t position) noexcept {
    constexpr log_record nothing{};
    copy_in(position, &nothing, sizeof nothing);
}

std::array<os::byte_range, 2> redo_log::places(std::uint64_t from, std::uint64_t to) const noexcept {
    const std::uint64_t at = from % bytes_;
    const std::uint64_t bytes = std::min(to - from, bytes_);
    const std::uint64_t first = std::min(bytes, bytes_ - at);
    return {{{offset_ + at, first}, {offset_, bytes - first}}};
}

} // namespace holdfast
