// When a write transaction reclaims, and how much: a little with each, in proportion to what it does.
//
// A transaction examines a few entries when it begins, more while there is a backlog; as it retires objects, twice as
// many; and before the heap grows, as many as the space that is asked for is worth. Pins are looked at once a
// transaction at most: when enough waits, or before the heap grows.
//
// Thread and process safety: under the writer lock; belongs to one write transaction.
#pragma once

#include <cstdint>

#include "transaction/engine.hpp"
#include "transaction/reclaim.hpp"

namespace holdfast {

class reclaim_pace {
public:
    explicit reclaim_pace(engine& owner) noexcept : engine_(&owner) {}

    void at_begin();
    /// After each object that is retired.
    void at_release();
    /// Called by the heap when nothing is free, until it returns false: nothing more is to be had at the moment.
    [[nodiscard]] bool for_space(bool pressed);

    /// Looks, and examines all that the undo log has room for.
    std::uint64_t reclaim_all();
    [[nodiscard]] bool was_pressed() const noexcept { return pressed_; }

    /// Reclaiming failed midway: nothing of this transaction can be committed.
    [[nodiscard]] bool failed() const noexcept { return failed_; }

private:
    [[nodiscard]] bool is_look_due() const noexcept;
    void look();
    void release_durable();
    std::uint64_t examine(std::uint64_t budget);

    engine* engine_;
    std::uint64_t released_ = 0;
    bool looked_ = false;
    bool pressed_ = false; ///< looked again because the disk was full
    bool swept_ = false;
    bool failed_ = false;
};

} // namespace holdfast
