// Reclaiming: what was retired and no snapshot can reach becomes free.
//
// An object that was made by m and retired by r may be freed when no pin lies in [m, r). Otherwise it is parked on
// the newest pin in that interval; when that pin has ended, it moves to the next older one or is freed. So a held
// snapshot costs a writer nothing beyond parking what it really holds.
//
// Invariants
//  - Only entries of committed transactions are examined, against pins that were read after a barrier that
//    followed the publication of those commits.
//  - Parks are linked in strictly falling order of pins; new pins are never older than the newest commit, so an
//    entry never has to move to a newer pin.
//  - Chunks and parks that are emptied are retired, never freed: the transaction at work may yet be undone.
//
// Thread and process safety: under the writer lock, within a transaction.
#pragma once

#include <cstdint>
#include <vector>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/heap.hpp"
#include "segment/segment.hpp"

namespace holdfast {

/// Objects retired by the running transaction, kept in the process until they are flushed to the list in the file.
class retired_objects {
public:
    void add(ref place, std::uint64_t bytes, txn_id made);
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    void clear() noexcept {
        entries_.clear();
        bytes_ = 0;
    }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Appends all to the heap's retired list as retired by `by`.
    void flush(heap& memory, txn_id by);

private:
    std::vector<format::list_entry> entries_;
    std::uint64_t bytes_ = 0;
};

class reclaimer {
public:
    reclaimer(heap& memory, segment& file, txn_id running, retired_objects& retired) noexcept
        : memory_(&memory), file_(&file), running_(running), retired_(&retired) {}

    /// Examines up to `budget` entries of the parks whose pins ended, and as many of the retired list.
    /// Returns whether anything was freed.
    bool run(std::uint64_t budget);

private:
    struct parked {
        ref place;
        std::uint64_t pin;
        std::vector<format::list_entry> arriving;
    };
    void load_parks();
    [[nodiscard]] bool is_pinned(std::uint64_t pin) const noexcept;
    [[nodiscard]] std::uint64_t newest_pin(std::uint64_t made, std::uint64_t before) const noexcept;
    void free_or_park(const format::list_entry& entry, std::uint64_t before);
    void drain_ended_parks(std::uint64_t budget);
    void drain_retired(std::uint64_t budget);
    void deliver_arrivals();
    void add_park(parked& target, ref following);
    void drop_empty_parks();
    void retire(ref place);

    heap* memory_;
    segment* file_;
    txn_id running_;
    retired_objects* retired_;
    std::vector<std::uint64_t> pins_; ///< rising, each once
    std::vector<parked> parks_;       ///< in falling order of pins
    std::uint64_t freed_bytes_ = 0;
};

} // namespace holdfast
