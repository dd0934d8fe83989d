// The memory below the heap: a file's mapping, or plain memory in tests.
#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast {

class backing {
public:
    backing() = default;
    backing(const backing&) = delete;
    backing& operator=(const backing&) = delete;
    virtual ~backing() = default;

    /// Never moves.
    [[nodiscard]] virtual std::byte* base() const noexcept = 0;
    /// Makes [0, end_bytes) usable; throws no_space, address_space or io_error and leaves everything as it was.
    virtual void ensure_allocated(std::uint64_t end_bytes) = 0;
    /// Bytes that may be touched at least.
    [[nodiscard]] virtual std::uint64_t backed_bytes() const = 0;
};

} // namespace holdfast
