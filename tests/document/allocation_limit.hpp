// Counts what is allocated, and refuses what would be more than a limit.
//
// Thread safety: each thread has a count of its own.
#pragma once

#include <cstddef>

namespace holdfast::test {

/// Within its scope `operator new` throws std::bad_alloc once more than so many bytes were asked for in all.
class allocation_limit {
public:
    explicit allocation_limit(std::size_t bytes) noexcept;
    ~allocation_limit();
    allocation_limit(const allocation_limit&) = delete;
    allocation_limit& operator=(const allocation_limit&) = delete;
};

} // namespace holdfast::test
