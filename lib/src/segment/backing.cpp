// Disk space behind all bytes that may be touched, so that touching them can't raise SIGBUS on a full disk.
//
// The file has holes on purpose: between the parts in front of the heap, and where the attachment table has not grown
// yet. Everything else is allocated when the store is made or grows, before anybody touches it.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "os/failpoint.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"

namespace holdfast {

namespace {

constexpr std::uint64_t page = 4 * format::kib;

/// What has disk space in a store whose table has `lines` and whose heap ends at `end_bytes`.
std::array<os::byte_range, 5> backed_parts(std::uint64_t lines, std::uint64_t end_bytes) noexcept {
    return {{
        {0, format::durable_slot_a_offset}, // up to the end of the commit slots
        {format::durable_slot_a_offset, page},
        {format::durable_slot_b_offset,
         format::superblock_copy_offset + page - format::durable_slot_b_offset},
        {format::control_offset,
         format::attachments_offset + lines * sizeof(format::attachment_line) - format::control_offset},
        {format::heap_offset, end_bytes - format::heap_offset},
    }};
}

} // namespace

void segment::back_new_file(std::uint64_t end_bytes) {
    constexpr std::uint64_t lines = format::control_step_bytes / sizeof(format::attachment_line);
    int code = failpoint_error("segment.back");
    for (const os::byte_range& part : backed_parts(lines, end_bytes)) {
        code = code != 0 ? code : file_.allocate(part.start, part.bytes);
    }
    if (code != 0) {
        fail_system(code, path_, "can't allocate disk space for the store");
    }
    backed_end_bytes_ = std::max(backed_end_bytes_, end_bytes);
}

/// A copied file may be sparse where the original was not. One with another inode is looked at as a whole; of one whose
/// inode stayed, which may have been written over, the file system's count of blocks decides. Only true holes are
/// allocated: allocating what has space already asks some file systems (XFS) for as much again.
void segment::back_a_copy(std::uint64_t end_bytes, bool same_file) {
    const auto parts = backed_parts(table_->lines_allocated(), end_bytes);
    std::uint64_t expected_bytes = 0;
    for (const os::byte_range& part : parts) {
        expected_bytes += part.bytes;
    }
    if (same_file && query_file().allocated_bytes >= expected_bytes) {
        return;
    }
    std::vector<os::byte_range> holes;
    for (const os::byte_range& part : parts) {
        int code = file_.find_holes(part, holes);
        for (const os::byte_range& hole : holes) {
            code = code != 0 ? code : failpoint_error("segment.back");
            code = code != 0 ? code : file_.allocate(hole.start, hole.bytes);
        }
        if (code != 0) {
            fail_system(code, path_, "can't allocate disk space for the holes of a copied store");
        }
    }
}

} // namespace holdfast
