// Which file systems the promises hold on.
#pragma once

#include <string>

namespace holdfast::cli {

/// Warns on standard error if a store lies where a full disk may end processes instead of being `no_space`: on a file
/// system other than ext4, XFS and tmpfs, or on XFS with extents that a copy of the file shares. Said once in the
/// life of
/// the file, of which its extended attribute "user.holdfast.warned" keeps track; where there are none, when it is made.
void warn_of_file_system(const std::string& path, bool is_new);

} // namespace holdfast::cli
