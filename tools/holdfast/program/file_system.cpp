// Which file systems the promises hold on.
#include "program/file_system.hpp"

#include <algorithm>
#include <array>

#include <linux/magic.h>
#include <sys/statfs.h>

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

void warn_of_file_system(const std::string& path) {
    constexpr long xfs_magic = 0x58465342; // which linux/magic.h lacks
    // ext4 has the number of ext2; what lies below an overlay is not told.
    constexpr std::array<long, 4> promised{EXT4_SUPER_MAGIC, xfs_magic, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC};
    struct statfs status {};
    if (::statfs(path.c_str(), &status) != 0 ||
        std::find(promised.begin(), promised.end(), static_cast<long>(status.f_type)) != promised.end()) {
        return;
    }
    report("warning: " + in_quotes(path) +
           " is on a file system other than ext4, XFS and tmpfs; keep its disk from getting full");
}

} // namespace holdfast::cli
