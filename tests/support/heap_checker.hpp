// Everything that must be true of a heap at rest, checked by a walk over all of its blocks and lists.
//
// Thread safety: none; nobody may change the heap meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "heap/heap.hpp"

namespace holdfast::test {

struct heap_object {
    std::uint64_t bytes;
    format::block_owner owner;
    friend bool operator==(const heap_object&, const heap_object&) = default;
};

struct heap_report {
    std::vector<std::string> findings;
    std::map<std::uint64_t, heap_object> objects; ///< all that are allocated, by offset
    std::uint64_t free_blocks = 0;
    std::uint64_t largest_free_run = 0;
    std::uint64_t table_blocks = 0;
    std::uint64_t slab_blocks = 0;
};

/// Walks the heap. The reserve is reported as an object.
[[nodiscard]] heap_report check_heap(heap& checked);

/// Gives header, directory and descriptors of a heap of so many bytes the checks of what they say: damage that is
/// meant,
/// which what lies behind the checks has to notice.
void seal_accounts(std::byte* base, std::uint64_t end_bytes);

/// A copy of the accounts: the header, the directory, all block tables, and the words of the accounts that are objects.
class account_image {
public:
    explicit account_image(heap& source, std::span<const ref> account_objects = {});

    /// The offset of the first byte that differs now, or 0.
    [[nodiscard]] std::uint64_t first_difference() const;
    /// Copies everything back.
    void restore() const;

private:
    void keep(std::uint64_t offset, std::uint64_t bytes);

    struct part {
        std::uint64_t offset;
        std::vector<std::byte> bytes;
    };
    std::byte* base_;
    std::vector<part> parts_;
};

} // namespace holdfast::test
