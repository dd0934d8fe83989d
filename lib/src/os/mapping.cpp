// Mapping and its advice to the kernel.
#include "os/mapping.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>

#include <boost/interprocess/exceptions.hpp>

#include "os/failpoint.hpp"
#include "os/fork.hpp"

namespace holdfast::os {

namespace {

namespace bip = boost::interprocess;

/// What mapped_region asks of something mappable.
struct mappable {
    int fd;
    [[nodiscard]] bip::mapping_handle_t get_mapping_handle() const noexcept {
        bip::mapping_handle_t handle{};
        handle.handle = fd;
        return handle;
    }
};

constexpr std::uint64_t step_bytes = 64 * 1024; // a multiple of every page size we know

std::uint64_t round_up(std::uint64_t bytes) noexcept {
    return (bytes + (step_bytes - 1)) / step_bytes * step_bytes;
}

int map_once(const file& f, bool writable, std::uint64_t bytes,
             std::unique_ptr<bip::mapped_region>& region) noexcept {
    if (const int code = failpoint_error("os.map"); code != 0) {
        return code;
    }
    try {
        region = std::make_unique<bip::mapped_region>(mappable{f.descriptor()},
                                                      writable ? bip::read_write : bip::read_only, 0,
                                                      static_cast<std::size_t>(bytes));
        return 0;
    } catch (const bip::interprocess_exception& problem) {
        return problem.get_native_error() != 0 ? problem.get_native_error() : ENOMEM;
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

} // namespace

mapping::~mapping() {
    if (region_ != nullptr && is_forked_since(generation_)) {
        static_cast<void>(region_.release()); // it would unmap what the child has there now
    }
}

int mapping::map(const file& f, bool writable, std::uint64_t wanted_bytes, std::uint64_t least_bytes,
                 std::uint64_t data_bytes) noexcept {
    const std::uint64_t least = round_up(least_bytes);
    std::uint64_t bytes = std::max(round_up(wanted_bytes), least);
    generation_ = fork_generation();
    const std::lock_guard no_fork(fork_mutex()); // a child in between would inherit it
    for (;;) {
        const int code = map_once(f, writable, bytes, region_);
        if (code == 0) {
            base_ = static_cast<std::byte*>(region_->get_address());
            bytes_ = region_->get_size();
            return advise(data_bytes);
        }
        if (bytes == least || (code != ENOMEM && code != EOVERFLOW && code != EINVAL)) {
            return code;
        }
        bytes = std::max(round_up(bytes / 2), least);
    }
}

std::uint64_t mapping::page_behind(std::uint64_t offset) noexcept {
    static const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return (offset + (page_bytes - 1)) / page_bytes * page_bytes;
}

int mapping::make_private(byte_range range) noexcept {
    const std::lock_guard no_fork(fork_mutex()); // a child in between would inherit it
    void* const place = ::mmap(base() + range.start, range.bytes, PROT_READ | PROT_WRITE,
                               MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED || ::madvise(place, range.bytes, MADV_DONTFORK) != 0) {
        return errno;
    }
    return 0;
}

int mapping::flush(byte_range range) const noexcept {
    if (const int code = failpoint_error("os.flush"); code != 0) {
        return code;
    }
    while (::msync(base() + range.start, range.bytes, MS_SYNC) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return reached_medium(0, range.start, range.bytes);
}

void mapping::read_ahead(byte_range range) const noexcept {
    constexpr std::uint64_t window_bytes =
        256 * 1024; // the kernel silently drops what is beyond its own limit
    for (std::uint64_t done = 0; done < range.bytes; done += window_bytes) {
        const std::uint64_t bytes = std::min(window_bytes, range.bytes - done);
        static_cast<void>(::madvise(base() + range.start + done, bytes, MADV_WILLNEED));
    }
}

int mapping::advise(std::uint64_t data_bytes) const noexcept {
    if (::madvise(base(), bytes(), MADV_DONTFORK) != 0) {
        return errno; // a promise, not advice
    }
    // Without MADV_RANDOM one dirtied page of a large folio is written back as the whole folio: megabytes a
    // transaction instead of kilobytes. All advice is best effort.
    static_cast<void>(::madvise(base(), bytes(), MADV_RANDOM));
#ifdef MADV_DONTDUMP
    const std::uint64_t reserve = round_up(data_bytes);
    if (reserve < bytes()) {
        static_cast<void>(::madvise(base() + reserve, bytes() - reserve, MADV_DONTDUMP));
    }
#endif
    return 0;
}

} // namespace holdfast::os
