// Reclaiming: what was retired and no snapshot can reach becomes free.
//
// An object that was made by m and retired by r may be freed when no pin lies in [m, r). Otherwise it is parked on
// the newest pin in that interval; when that pin has ended, it moves to the next older one or is freed. So a held
// snapshot costs a writer nothing beyond parking what it really holds.
//
// Pins are read seldom, since that takes a barrier. What was read stays right for everything that was retired up to
// the commit that was the newest then, the horizon: a later pin is never older than that, and a pin that has ended
// only seems to hold. What was retired later waits for the next look.
//
// Invariants
//  - Only entries that were retired up to the horizon are examined, and only parks of pins below it, against pins that
//    were read after a barrier that followed the publication of that commit.
//  - Parks are linked in strictly falling order of pins; new pins are never older than the newest commit, so an
//    entry never has to move to a newer pin.
//  - Chunks and parks that are emptied are retired, never freed: the transaction at work may yet be undone.
//  - An entry is in the list that it came from, or in its park, or freed, also where the disk is full in between.
//
// Thread and process safety: under the writer lock, within a transaction. Other processes may have reclaimed between
// two transactions of this one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/heap.hpp"
#include "segment/segment.hpp"
#include "transaction/retired_objects.hpp"

namespace holdfast {

class reclaimer {
public:
    reclaimer(heap& memory, segment& file) noexcept : memory_(&memory), file_(&file) {}

    /// A transaction begins that builds on the commit `newest`. What reclaiming itself empties goes to `retired`.
    void begin(txn_id running, txn_id newest, retired_objects& retired) noexcept;
    void committed() noexcept { parks_known_ = knows_parks() ? running_ : txn_id::none; }
    void undone() noexcept { parks_known_ = parks_known_ == newest_ ? newest_ : txn_id::none; }

    /// Reads the pins: from now on all that was retired by commits that readers see can be examined.
    void look();
    /// Whether `examine` has nothing to do before the next `look`.
    [[nodiscard]] bool is_exhausted() const noexcept { return retired_done_ && !parks_ended_; }
    /// Whether anything waits for a pin that may have ended since the last look.
    [[nodiscard]] bool has_parks() const noexcept { return memory_->header().parks != 0; }

    /// Examines up to `budget` entries: first of parks whose pins have ended, then of the retired list. Stops early
    /// where it needs space and the disk is full. Returns how many were examined.
    std::uint64_t examine(std::uint64_t budget);
    /// Frees what no pin holds where it stands in the retired list, all of it, which takes no space. For a full disk,
    /// where the objects at the front of the list can't be parked.
    void sweep();

private:
    struct known_park {
        ref place;
        std::uint64_t pin;
        bool ended;
    };
    [[nodiscard]] bool knows_parks() const noexcept {
        return parks_known_ == newest_ || parks_known_ == running_;
    }
    void load_parks();
    [[nodiscard]] bool has_ended(std::uint64_t pin) const noexcept;
    [[nodiscard]] std::uint64_t newest_pin(std::uint64_t made, std::uint64_t before) const noexcept;
    void free_or_park(const format::list_entry& entry, std::uint64_t before);
    void free(const format::list_entry& entry);
    void count_bytes();
    void park_on(std::uint64_t pin, const format::list_entry& entry, std::uint64_t bytes);
    [[nodiscard]] std::size_t park_of(std::uint64_t pin);
    void drop_park(std::size_t index);
    void set_successor(std::size_t index, ref successor);
    void drain_ended_parks(std::uint64_t budget);
    void drain_retired(std::uint64_t budget);
    template <class Drain>
    void drain_while_there_is_room(Drain&& drain);
    void retire(ref place);

    heap* memory_;
    segment* file_;
    retired_objects* retired_ = nullptr;
    txn_id running_ = txn_id::none;
    txn_id newest_ = txn_id::none;

    std::uint64_t horizon_ = 0;       ///< the newest commit that readers saw when the pins were read
    std::vector<std::uint64_t> pins_; ///< rising, each once
    bool retired_done_ = true;        ///< the front of the retired list is beyond the horizon
    bool parks_ended_ = false;        ///< there may be parks of pins that have ended

    std::vector<known_park> parks_; ///< in falling order of pins
    /// `parks_` is what the file says after this commit; the running transaction once that may have changed it.
    txn_id parks_known_ = txn_id::none;

    std::uint64_t examined_ = 0; ///< entries, by the examination at work
    std::uint64_t freed_bytes_ = 0;
    std::uint64_t parked_bytes_ = 0;   ///< that came to parks
    std::uint64_t unparked_bytes_ = 0; ///< that left them
};

} // namespace holdfast
