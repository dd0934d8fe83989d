// The one reader of the heap's accounts: header, directory, block tables, lists and parks, everything once.
//
// It follows only what is within the heap, and judges what the accounts alone can be judged by: lengths, counts, links,
// lists that are complete. Its visitor is told of what waits in lists and parks first, then of all blocks in their
// order,
// and may compare that with what the maps reach.
//
// Thread and process safety: under the writer lock only, or where nobody else writes.
#pragma once

#include <cstdint>
#include <string>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/heap.hpp"

namespace holdfast {

/// A slab, an allocated run, a free run, or a block of the tables.
struct account_block {
    std::uint32_t first;
    std::uint32_t length; ///< in blocks
    format::block_state state;
    block_use use;
    const format::block_descriptor* descriptor;

    [[nodiscard]] ref place() const noexcept {
        return ref::from_offset(std::uint64_t{first} * format::block_bytes);
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return length * format::block_bytes; }
};

class account_visitor {
public:
    account_visitor() = default;
    account_visitor(const account_visitor&) = delete;
    account_visitor& operator=(const account_visitor&) = delete;
    virtual ~account_visitor() = default;

    /// Each block or run of blocks once, from the beginning of the heap to its end.
    virtual void block(const account_block& /*found*/) {}
    /// Each object of the slab, or the run, that `block` was told of last.
    virtual void object(ref /*place*/, std::uint64_t /*bytes*/, bool /*allocated*/) {}
    /// A park, or a chunk of a list. Whoever was there before returns false, and the list ends here.
    virtual bool list_part(ref /*place*/, std::uint64_t /*bytes*/) { return true; }
    /// Each object in a list that waits to be freed.
    virtual void waiting(ref /*place*/) {}
    /// What can't be true.
    virtual void damage(const std::string& what) = 0;
};

/// Reads all accounts of `memory`, whose header is valid. O(n) in the size of the heap, without memory.
/// Throws corrupt where it can't go on.
void read_accounts(const heap& memory, account_visitor& visitor);

} // namespace holdfast
