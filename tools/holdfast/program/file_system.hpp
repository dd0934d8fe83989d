// Which file systems the promises hold on.
#pragma once

#include <string>

namespace holdfast::cli {

/// Warns on standard error if a store that was just made lies on a file system other than ext4, XFS and tmpfs, where a
/// full disk may end processes instead of being `no_space`. Said once in the life of a store.
void warn_of_file_system(const std::string& path);

} // namespace holdfast::cli
