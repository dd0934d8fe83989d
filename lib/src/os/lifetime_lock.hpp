// An exclusive byte lock that lives exactly as long as the address space of the process that took it.
//
// An open-file-description lock is dropped when the last descriptor *and the last mapping* of its description are
// gone. So the description is mapped, a page without any access that no child inherits, and its descriptor closed: no
// child of fork() or clone() can keep the lock, no closefrom() can drop it, and while it is held some thread of the
// process may still store into shared memory. Where a mapping keeps no lock (overlayfs), the descriptor stays, and
// children close it as they do every os::file.
//
// Functions return 0 or an errno. Thread safety: taking and dropping need exclusive access.
#pragma once

#include <cstdint>

#include "os/byte_lock.hpp"
#include "os/file.hpp"

namespace holdfast::os {

class lifetime_lock {
public:
    lifetime_lock() noexcept = default;
    ~lifetime_lock() { drop(); }
    lifetime_lock(lifetime_lock&& other) noexcept;
    lifetime_lock& operator=(lifetime_lock&& other) noexcept;
    lifetime_lock(const lifetime_lock&) = delete;
    lifetime_lock& operator=(const lifetime_lock&) = delete;

    /// Locks a byte of the file that `f` has open, and that `path` leads to. EAGAIN: somebody else's lock is in the
    /// way.
    [[nodiscard]] int take(const file& f, const std::filesystem::path& path, byte_range byte) noexcept;
    void drop() noexcept;

private:
    [[nodiscard]] int keep_by_mapping() noexcept;

    file own_;                     ///< open only where the mapping keeps no lock
    void* page_ = nullptr;         ///< keeps the description
    std::uint64_t generation_ = 0; ///< of fork(): the page is not there in a child
};

} // namespace holdfast::os
