// The ring of the redo log: records at positions that only grow. See format/log.hpp.
//
// Thread and process safety: writing, under the writer lock; reading, alone. Bytes from the position of the newest
// commit on are nobody's: a record counts once a commit says that the log ends behind it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "format/commit.hpp"
#include "format/log.hpp"
#include "os/file.hpp"

namespace holdfast {

class redo_log {
public:
    /// That of a commit, which has one. `base`: of the mapping.
    redo_log(std::byte* base, const format::commit_slot& commit) noexcept
        : redo_log(base, format::log_offset(commit), format::log_bytes(commit)) {}
    redo_log(std::byte* base, std::uint64_t offset, std::uint64_t bytes) noexcept
        : ring_(base + offset), offset_(offset), bytes_(bytes) {}

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// What a record with so many bytes of operations takes.
    [[nodiscard]] static constexpr std::uint64_t record_bytes(std::uint64_t operations) noexcept {
        return sizeof(format::log_record) + (operations + 7) / 8 * 8;
    }

    /// Writes a record, without its checksum, position and size, which it gets. Returns the position behind it.
    std::uint64_t write(std::uint64_t position, format::log_record header,
                        std::span<const std::byte> operations) noexcept;

    struct found_record {
        format::log_record header;
        std::vector<std::byte> operations;
        std::uint64_t end; ///< the position behind it
    };
    /// The record at `position`, if there is a whole one that follows the commit `previous`.
    [[nodiscard]] std::optional<found_record> read(std::uint64_t position, txn_id previous) const;
    /// There is no record at `position` any more.
    void erase(std::uint64_t position) noexcept;

    /// Where the bytes between two positions lie in the file. They are not more than the ring.
    [[nodiscard]] std::array<os::byte_range, 2> places(std::uint64_t from, std::uint64_t to) const noexcept;

private:
    void copy_in(std::uint64_t position, const void* from, std::uint64_t bytes) noexcept;
    void copy_out(std::uint64_t position, void* to, std::uint64_t bytes) const noexcept;

    std::byte* ring_;
    std::uint64_t offset_;
    std::uint64_t bytes_;
};

} // namespace holdfast
