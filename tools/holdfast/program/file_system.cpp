// Which file systems the promises hold on.
#include "program/file_system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

constexpr long xfs_magic = 0x58465342; // which linux/magic.h lacks

/// The number of the file system that a file is on; 0 if that can't be told.
long file_system_of(const std::string& path) {
    struct statfs status {};
    return ::statfs(path.c_str(), &status) == 0 ? static_cast<long>(status.f_type) : 0;
}

bool is_promised(long file_system) {
    // ext4 has the number of ext2. What lies below an overlay is not told, nor what 0 stands for.
    constexpr std::array<long, 5> promised{0, EXT4_SUPER_MAGIC, xfs_magic, TMPFS_MAGIC,
                                           OVERLAYFS_SUPER_MAGIC};
    return std::find(promised.begin(), promised.end(), file_system) != promised.end();
}

/// Whether one of the first extents is shared: a copy by reference shares all, and writing unshares one by one.
bool shares_extents(const std::string& path) {
    constexpr std::uint32_t extents_max = 32;
    alignas(fiemap) std::array<char, sizeof(fiemap) + extents_max * sizeof(fiemap_extent)> buffer{};
    auto* const map = reinterpret_cast<fiemap*>(buffer.data());
    map->fm_length = std::numeric_limits<std::uint64_t>::max();
    map->fm_extent_count = extents_max;
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool known = descriptor >= 0 && ::ioctl(descriptor, FS_IOC_FIEMAP, map) == 0;
    if (descriptor >= 0) {
        ::close(descriptor);
    }
    const auto* const extents = reinterpret_cast<const fiemap_extent*>(buffer.data() + sizeof(fiemap));
    return known && std::any_of(extents, extents + map->fm_mapped_extents, [](const fiemap_extent& one) {
               return (one.fe_flags & FIEMAP_EXTENT_SHARED) != 0;
           });
}

/// Whether it was not warned of before; remembers that it is now.
bool is_first_warning(const std::string& path, bool is_new) {
    constexpr const char* mark = "user.holdfast.warned";
    if (::setxattr(path.c_str(), mark, "1", 1, XATTR_CREATE) == 0) {
        return true;
    }
    return errno != EEXIST && is_new;
}

} // namespace

void warn_of_file_system(const std::string& path, bool is_new) {
    const long file_system = file_system_of(path);
    const bool shared = file_system == xfs_magic && shares_extents(path);
    if ((is_promised(file_system) && !shared) || !is_first_warning(path, is_new)) {
        return;
    }
    const std::string what =
        shared ? " shares its bytes with a copy (\"cp --reflink=never\" makes one that does not)"
               : " is on a file system other than ext4, XFS and tmpfs";
    report("warning: " + in_quotes(path) + what + "; keep its disk from getting full");
}

} // namespace holdfast::cli
