// A file mapped over a reserved stretch of addresses, far longer than the file, so that the file can grow in place.
//
// A mapping keeps its open file alive, and with it that file's OFD locks, in every child of a fork() that inherits
// the mapping. So the file is opened once more for it; where that is impossible, children do not inherit it.
//
// Built on Boost.Interprocess's mapped_region. Thread safety: mapping needs exclusive access; the memory is shared
// with every process that maps the file.
#pragma once

#include <cstddef>
#include <cstdint>

#include <boost/interprocess/mapped_region.hpp>

#include "os/file.hpp"

namespace holdfast::os {

class mapping {
public:
    /// Maps [0, wanted_bytes) of the file; where addresses are short, half of it, and so on down to `least_bytes`.
    /// `data_bytes` are in use: what is beyond stays out of core dumps. 0 or an errno.
    [[nodiscard]] int map(const file& f, bool writable, std::uint64_t wanted_bytes, std::uint64_t least_bytes,
                          std::uint64_t data_bytes) noexcept;

    [[nodiscard]] std::byte* base() const noexcept { return static_cast<std::byte*>(region_.get_address()); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return region_.get_size(); }

private:
    void advise(std::uint64_t data_bytes, bool inherited) noexcept;

    boost::interprocess::mapped_region region_;
};

} // namespace holdfast::os
