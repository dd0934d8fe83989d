// Mapping and its advice to the kernel.
#include "os/mapping.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include <boost/interprocess/exceptions.hpp>

#include "os/failpoint.hpp"

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

int map_once(const file& f, bool writable, std::uint64_t bytes, bip::mapped_region& region) noexcept {
    if (const int code = failpoint_error("os.map"); code != 0) {
        return code;
    }
    try {
        bip::mapped_region made(mappable{f.descriptor()}, writable ? bip::read_write : bip::read_only, 0,
                                static_cast<std::size_t>(bytes));
        region.swap(made);
        return 0;
    } catch (const bip::interprocess_exception& problem) {
        return problem.get_native_error() != 0 ? problem.get_native_error() : ENOMEM;
    }
}

} // namespace

int mapping::map(const file& f, bool writable, std::uint64_t wanted_bytes, std::uint64_t least_bytes,
                 std::uint64_t data_bytes) noexcept {
    file own;
    const bool independent = own.reopen(f, writable) == 0;
    const std::uint64_t least = round_up(least_bytes);
    std::uint64_t bytes = std::max(round_up(wanted_bytes), least);
    for (;;) {
        const int code = map_once(independent ? own : f, writable, bytes, region_);
        if (code == 0) {
            advise(data_bytes, independent);
            return 0;
        }
        if (bytes == least || (code != ENOMEM && code != EOVERFLOW && code != EINVAL)) {
            return code;
        }
        bytes = std::max(round_up(bytes / 2), least);
    }
}

void mapping::advise(std::uint64_t data_bytes, bool inherited) noexcept {
    if (!inherited) {
        static_cast<void>(::madvise(base(), bytes(), MADV_DONTFORK));
    }
    // Without MADV_RANDOM one dirtied page of a large folio is written back as the whole folio: megabytes a
    // transaction instead of kilobytes. All advice is best effort.
    static_cast<void>(::madvise(base(), bytes(), MADV_RANDOM));
    const std::uint64_t reserve = round_up(data_bytes);
#ifdef MADV_DONTDUMP
    if (reserve < bytes()) {
        static_cast<void>(::madvise(base() + reserve, bytes() - reserve, MADV_DONTDUMP));
    }
#endif
}

} // namespace holdfast::os
