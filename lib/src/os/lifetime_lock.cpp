// Byte locks kept by a mapping.
#include "os/lifetime_lock.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

#include "os/failpoint.hpp"
#include "os/fork.hpp"

namespace holdfast::os {

namespace {

constexpr std::size_t page_bytes = 4096;

/// Whether `f`, another description, sees the byte locked.
int is_locked(const file& f, byte_range byte, bool& locked) noexcept {
    std::optional<byte_range> holder;
    const int code = find_lock(f, lock_mode::shared, byte, holder);
    locked = holder.has_value();
    return code;
}

} // namespace

lifetime_lock::lifetime_lock(lifetime_lock&& other) noexcept { *this = std::move(other); }

lifetime_lock& lifetime_lock::operator=(lifetime_lock&& other) noexcept {
    if (this != &other) {
        drop();
        own_ = std::move(other.own_);
        page_ = std::exchange(other.page_, nullptr);
        generation_ = other.generation_;
    }
    return *this;
}

int lifetime_lock::take(const file& f, const std::filesystem::path& path, byte_range byte) noexcept {
    drop();
    generation_ = fork_generation();
    int code = own_.reopen(f, path, true);
    code = code != 0 ? code : try_lock(own_, lock_mode::exclusive, byte);
    if (code != 0) {
        own_.close();
        return code;
    }
    bool kept = false;
    if (keep_by_mapping() == 0) {
        own_.close();
        if (code = is_locked(f, byte, kept); code != 0 || kept) {
            return code;
        }
        drop();
        code = own_.reopen(f, path, true);
        code = code != 0 ? code : try_lock(own_, lock_mode::exclusive, byte);
    }
    if (code != 0) {
        own_.close();
    }
    return code;
}

int lifetime_lock::keep_by_mapping() noexcept {
    if (const int code = failpoint_error("os.keep_by_mapping"); code != 0) {
        return code;
    }
    const std::lock_guard no_fork(fork_mutex()); // a child in between would inherit it
    void* const page = ::mmap(nullptr, page_bytes, PROT_NONE, MAP_SHARED, own_.descriptor(), 0);
    if (page == MAP_FAILED) {
        return errno;
    }
    if (::madvise(page, page_bytes, MADV_DONTFORK) != 0) {
        const int code = errno;
        ::munmap(page, page_bytes);
        return code;
    }
    page_ = page;
    return 0;
}

void lifetime_lock::drop() noexcept {
    own_.close();
    if (page_ != nullptr && !is_forked_since(generation_)) {
        ::munmap(page_, page_bytes); // in a child something else may be there
    }
    page_ = nullptr;
}

} // namespace holdfast::os
