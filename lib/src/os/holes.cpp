// Holes of a file, by its extents (FIEMAP) or, where the file system does not tell of those, by what it calls holes.
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "os/file.hpp"

namespace holdfast::os {

namespace {

constexpr std::size_t extents_at_a_time = 256;

struct extent_query {
    alignas(fiemap) std::array<std::byte, sizeof(fiemap) + extents_at_a_time * sizeof(fiemap_extent)> bytes{};

    [[nodiscard]] fiemap& header() noexcept { return *reinterpret_cast<fiemap*>(bytes.data()); }
    [[nodiscard]] const fiemap_extent& extent(std::size_t index) noexcept {
        return reinterpret_cast<const fiemap_extent*>(bytes.data() + sizeof(fiemap))[index];
    }
};

void add_hole(std::vector<byte_range>& holes, std::uint64_t start, std::uint64_t end) {
    if (start < end) {
        holes.push_back({start, end - start});
    }
}

int holes_between_extents(int fd, std::uint64_t at, std::uint64_t end, std::vector<byte_range>& holes) {
    extent_query query;
    while (at < end) {
        fiemap& header = query.header();
        query = {};
        header.fm_start = at;
        header.fm_length = end - at;
        header.fm_extent_count = extents_at_a_time;
        if (::ioctl(fd, FS_IOC_FIEMAP, &header) != 0) {
            return errno;
        }
        if (header.fm_mapped_extents == 0) {
            break;
        }
        for (std::size_t i = 0; i < header.fm_mapped_extents && at < end; ++i) {
            const fiemap_extent& extent = query.extent(i);
            add_hole(holes, at, std::min<std::uint64_t>(extent.fe_logical, end));
            at = std::max<std::uint64_t>(at, extent.fe_logical + extent.fe_length);
        }
    }
    add_hole(holes, at, end);
    return 0;
}

/// Takes what was allocated and never written for holes, too; to allocate that again does no harm.
int holes_by_seeking(int fd, std::uint64_t at, std::uint64_t end, std::vector<byte_range>& holes) {
    while (at < end) {
        const off_t hole = ::lseek(fd, static_cast<off_t>(at), SEEK_HOLE);
        if (hole < 0) {
            return errno == ENXIO ? (add_hole(holes, at, end), 0) : errno;
        }
        const off_t data = ::lseek(fd, hole, SEEK_DATA);
        if (data < 0 && errno != ENXIO) {
            return errno;
        }
        const auto hole_end = data < 0 ? end : std::min(end, static_cast<std::uint64_t>(data));
        add_hole(holes, std::max(at, static_cast<std::uint64_t>(hole)), hole_end);
        at = std::max(hole_end, static_cast<std::uint64_t>(hole));
        if (data < 0) {
            break;
        }
    }
    return 0;
}

} // namespace

int file::find_holes(byte_range within, std::vector<byte_range>& holes) const {
    const std::uint64_t end = within.start + within.bytes;
    holes.clear();
    const int code = holes_between_extents(fd_, within.start, end, holes);
    if (code != EOPNOTSUPP && code != ENOTTY && code != EINVAL) {
        return code;
    }
    holes.clear();
    return holes_by_seeking(fd_, within.start, end, holes);
}

} // namespace holdfast::os
