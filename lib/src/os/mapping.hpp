// A file mapped over a reserved stretch of addresses, far longer than the file, so that the file can grow in place.
//
// Children of a fork() do not inherit it: a pointer into it that is used there faults instead of touching the file, and
// no child keeps the file's open description, with its locks, alive.
//
// Built on Boost.Interprocess's mapped_region. Thread safety: mapping needs exclusive access; the memory is shared
// with every process that maps the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <boost/interprocess/mapped_region.hpp>

#include "os/file.hpp"

namespace holdfast::os {

class mapping {
public:
    mapping() noexcept = default;
    ~mapping();
    mapping(const mapping&) = delete;
    mapping& operator=(const mapping&) = delete;

    /// Maps [0, wanted_bytes) of the file; where addresses are short, half of it, and so on down to `least_bytes`.
    /// `data_bytes` are in use: what is beyond stays out of core dumps. Once. 0 or an errno.
    [[nodiscard]] int map(const file& f, bool writable, std::uint64_t wanted_bytes, std::uint64_t least_bytes,
                          std::uint64_t data_bytes) noexcept;

    /// The first beginning of a page that is not below `offset`.
    [[nodiscard]] static std::uint64_t page_behind(std::uint64_t offset) noexcept;
    /// Puts memory of this process's own, zeroed, in place of a range of it; `start` at the beginning of a page. Memory
    /// is taken as it is used. Children do not inherit it. 0 or an errno; after a failure nothing of it may be used.
    [[nodiscard]] int make_private(byte_range range) noexcept;

    /// Brings the pages of a range to the medium, with whoever's changes; `start` at the beginning of a page. Waits for
    /// them. 0 or an errno: then the kernel may have given up pages for good.
    [[nodiscard]] int flush(byte_range range) const noexcept;
    /// Has the kernel read a range that will be needed, without waiting for it.
    void read_ahead(byte_range range) const noexcept;

    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    [[nodiscard]] int advise(std::uint64_t data_bytes) const noexcept;

    std::byte* base_ = nullptr;
    std::uint64_t bytes_ = 0;
    std::uint64_t generation_ = 0; ///< of fork(): what is at these addresses in a child is not ours to unmap
    std::unique_ptr<boost::interprocess::mapped_region> region_;
};

} // namespace holdfast::os
