// Cold files: what a store finds after a reboot.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace compare {

/// Something can't be measured here, and why; the row is left out.
class not_here : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Writes all files of the folder to the medium and drops them from the page cache. Nobody may have them open. Throws
/// not_here if they stay: on tmpfs, or where others map them.
void drop_page_cache(const std::filesystem::path& folder);

} // namespace compare
