// The public interface of the segment, and what belongs to no step of its life.
#include "segment/segment.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "format/geometry.hpp"
#include "os/failpoint.hpp"
#include "segment/failure.hpp"
#include "segment/heap_totals.hpp"
#include "segment/segment.hpp"

#ifndef HOLDFAST_DEFAULT_CAPACITY_BYTES
#define HOLDFAST_DEFAULT_CAPACITY_BYTES (std::uint64_t{1} << 40)
#endif

namespace holdfast {

segment::segment(const std::filesystem::path& path, const segment_options& options, os::file&& opened,
                 registry_claim&& claim)
    : claim_(std::move(claim)),
      path_(path),
      absolute_path_(os::absolute(path)),
      options_(options),
      file_(std::move(opened)) {}

segment::~segment() { detach(); }

os::file_info segment::query_file() const {
    expect_usable();
    os::file_info info;
    if (const int code = file_.query(info); code != 0) {
        fail_system(code, path_, "can't query the file");
    }
    return info;
}

void segment::fail_unusable() const {
    if (forked()) {
        fail(errc::forked, path_, "the handle was inherited through fork()",
             "open the store again in this process");
    }
    fail(errc::io_error, path_, "an earlier failure made this handle unusable",
         "close all handles of the store in this process and open it again");
}

void segment::map(std::uint64_t data_bytes) {
    const bool chosen = options_.capacity_bytes != 0;
    std::uint64_t wanted = options_.capacity_bytes;
    if (!chosen) {
        wanted = std::max<std::uint64_t>(HOLDFAST_DEFAULT_CAPACITY_BYTES,
                                         std::bit_ceil(2 * std::min(data_bytes, format::file_bytes_max)));
    } else if (wanted < data_bytes) {
        fail(errc::address_space, path_,
             "the store has " + std::to_string(data_bytes) + " bytes, more than the capacity of " +
                 std::to_string(wanted) + " bytes it is opened with",
             "open it with more capacity");
    }
    wanted = std::min(wanted, format::file_bytes_max);
    if (const int code = mapping_.map(file_, !read_only(), wanted, data_bytes, data_bytes); code != 0) {
        fail_system(code == EINVAL || code == EAGAIN ? ENOMEM : code, path_, "can't map the store");
    }
    table_.emplace(base(), file_, path_);
}

std::uint64_t segment::map_beside(os::mapping& to, std::uint64_t end_bytes,
                                  std::uint64_t private_bytes) const {
    if (end_bytes > file_bytes()) {
        fail(errc::corrupt, path_, "the store is cut short");
    }
    // What lies between, if anything, is of the page that the end is in, so it can be touched.
    const std::uint64_t begin = os::mapping::page_behind(end_bytes);
    const std::uint64_t end = begin + private_bytes;
    if (private_bytes > format::file_bytes_max || end > format::file_bytes_max) {
        fail(errc::address_space, path_, "no reference reaches behind so large a store");
    }
    int code = to.map(file_, false, end, end, begin);
    code = code != 0 ? code : to.make_private({begin, to.bytes() - begin});
    if (code != 0) {
        fail_system(code == EINVAL || code == EAGAIN ? ENOMEM : code, path_, "can't map the store once more");
    }
    return begin;
}

void segment::read_ahead() const {
    const std::uint64_t end = std::min(file_bytes(), capacity_bytes());
    const std::uint64_t bytes =
        std::min(end - std::min(end, format::heap_offset), os::free_memory_bytes() / 2);
    mapping_.read_ahead({format::heap_offset, bytes});
}

void segment::ensure_allocated(std::uint64_t end_bytes) {
    expect_usable();
    if (end_bytes <= backed_end_bytes_) {
        return;
    }
    if (end_bytes > format::file_bytes_max) {
        fail(errc::no_space, path_, "the store has reached the largest size of its format",
             "divide the data");
    }
    if (end_bytes > capacity_bytes()) {
        fail(errc::address_space, path_,
             "growing to " + std::to_string(end_bytes) + " bytes needs more than the " +
                 std::to_string(capacity_bytes()) + " bytes of addresses that this process reserved",
             "open it again with more capacity, or raise ulimit -v");
    }
    // Others may have grown the heap since; what it spans is backed. Sizes of the file are no measure: a failed
    // allocation may have extended it all the same.
    const std::uint64_t heap_end =
        std::min(read_heap_totals(base()).end_blocks, capacity_bytes() / format::block_bytes) *
        format::block_bytes;
    const std::uint64_t from = std::max(backed_end_bytes_, std::min(heap_end, end_bytes));
    if (const int code = extend(from, end_bytes - from); code != 0) {
        if (reason_of(code) == errc::io_error) {
            poison();
        }
        fail_system(code, path_, "can't grow the store to " + std::to_string(end_bytes) + " bytes");
    }
}

/// Disk space for `needed` bytes from `from` on; where there is enough, for more, so that there are fewer calls.
int segment::extend(std::uint64_t from, std::uint64_t needed) {
    const auto allocate = [&](std::uint64_t bytes) {
        const int injected = failpoint_error("segment.allocate");
        const int code = injected != 0 || bytes == 0 ? injected : file_.allocate(from, bytes);
        if (code == 0) {
            backed_end_bytes_ = from + bytes;
        }
        return code;
    };
    const std::uint64_t room = std::min(capacity_bytes(), format::file_bytes_max) - from;
    const std::uint64_t generous =
        std::min(std::max({needed, (from - format::heap_offset) / 32, 256 * format::kib}), room);
    const int code = allocate(generous);
    return code != 0 && reason_of(code) == errc::no_space && generous > needed ? allocate(needed) : code;
}

} // namespace holdfast
