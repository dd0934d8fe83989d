// What the running transaction unlinked from its trees, kept in the process until it is appended to the file's list.
//
// Thread safety: belongs to one write transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/heap.hpp"

namespace holdfast {

class retired_objects {
public:
    /// `bytes`: what was asked for when it was allocated.
    void add(ref place, std::uint64_t bytes, txn_id made);
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Appends all to the heap's retired list as retired by `by`. May allocate, which may reclaim.
    void flush(heap& memory, txn_id by);

private:
    std::vector<format::list_entry> entries_; ///< the first is kept for the marker
    std::uint64_t bytes_ = 0;
};

} // namespace holdfast
