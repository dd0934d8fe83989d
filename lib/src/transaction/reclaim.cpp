// Reclaiming.
#include "transaction/reclaim.hpp"

#include <algorithm>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "os/failpoint.hpp"

namespace holdfast {

using format::entry_kind;
using format::list_entry;

namespace {

constexpr std::size_t parks_max = 1 << 20;

[[nodiscard]] bool is_full(const error& failure) noexcept {
    return failure.reason() == errc::no_space || failure.reason() == errc::address_space;
}

/// While it exists, the reserve is not for parking, but for what an erasing transaction itself takes.
class without_reserve {
public:
    explicit without_reserve(heap& memory) noexcept
        : allowed_(&memory.allocation_policy().may_break_reserve), before_(*allowed_) {
        *allowed_ = false;
    }
    ~without_reserve() { *allowed_ = before_; }
    without_reserve(const without_reserve&) = delete;
    without_reserve& operator=(const without_reserve&) = delete;

private:
    bool* allowed_;
    bool before_;
};

} // namespace

void reclaimer::begin(txn_id running, txn_id newest, retired_objects& retired) noexcept {
    running_ = running;
    newest_ = newest;
    retired_ = &retired;
}

void reclaimer::retire(ref place) { retired_->add(place, memory_->size_of(place), running_); }

// --- Pins -------------------------------------------------------------------------------------------------

void reclaimer::look() {
    // What a commit retired that readers do not see yet is not looked at: they may still pin the one before.
    const commits heads = file_->commits();
    horizon_ = raw(heads.visible().number());
    if (protocol_order("reclaim.barrier")) {
        file_->reader_barrier();
    }
    pins_.clear();
    for (const held_pin& held : file_->pins()) {
        pins_.push_back(raw(held.pin));
    }
    if (protocol_order("reclaim.durable")) {
        // In this order, the reverse of that in which a sync point stores them: its commit is in one of the three.
        for (const txn_id head : {heads.candidate(), heads.durable()}) {
            if (head != txn_id::none) {
                pins_.push_back(raw(head));
            }
        }
    }
    std::sort(pins_.begin(), pins_.end());
    pins_.erase(std::unique(pins_.begin(), pins_.end()), pins_.end());
    failpoint("reclaim.pins_read");
    retired_done_ = false;
    parks_ended_ = true;
    for (known_park& park : parks_) {
        park.ended = has_ended(park.pin);
    }
}

bool reclaimer::has_ended(std::uint64_t pin) const noexcept {
    return pin < horizon_ && !std::binary_search(pins_.begin(), pins_.end(), pin);
}

/// The newest pin p with made <= p < before, or 0.
std::uint64_t reclaimer::newest_pin(std::uint64_t made, std::uint64_t before) const noexcept {
    const auto above = std::lower_bound(pins_.begin(), pins_.end(), before);
    if (above == pins_.begin()) {
        return 0;
    }
    const std::uint64_t pin = *(above - 1);
    return pin >= made ? pin : 0;
}

// --- Parks ------------------------------------------------------------------------------------------------

/// Reads the list of parks, unless it is known as this transaction found it, or has left it since.
void reclaimer::load_parks() {
    const bool known = knows_parks();
    parks_known_ = running_;
    if (known) {
        return;
    }
    parks_.clear();
    for (std::uint64_t units = memory_->header().parks; units != 0;) {
        const ref place = ref::from_units(units);
        const format::park& park = memory_->park_at(place);
        if (parks_.size() == parks_max || (!parks_.empty() && park.pin >= parks_.back().pin)) {
            throw_corrupt("the list of parks is damaged", place);
        }
        parks_.push_back({place, park.pin, has_ended(park.pin)});
        units = park.next;
    }
}

void reclaimer::set_successor(std::size_t index, ref successor) {
    if (index == 0) {
        return memory_->set(memory_->header().parks, successor.units());
    }
    memory_->set_next_park(parks_[index - 1].place, successor);
}

/// The park of that pin, made if there is none.
std::size_t reclaimer::park_of(std::uint64_t pin) {
    load_parks();
    const auto place =
        std::lower_bound(parks_.begin(), parks_.end(), pin,
                         [](const known_park& park, std::uint64_t sought) { return park.pin > sought; });
    const auto index = static_cast<std::size_t>(place - parks_.begin());
    if (place != parks_.end() && place->pin == pin) {
        return index;
    }
    const ref made = memory_->make_park(pin, place == parks_.end() ? ref{} : place->place);
    parks_.insert(place, {made, pin, has_ended(pin)});
    set_successor(index, made);
    return index;
}

void reclaimer::drop_park(std::size_t index) {
    const bool last = index + 1 == parks_.size();
    set_successor(index, last ? ref{} : parks_[index + 1].place);
    retire(parks_[index].place);
    parks_.erase(parks_.begin() + static_cast<std::ptrdiff_t>(index));
}

// --- Entries ----------------------------------------------------------------------------------------------

void reclaimer::free_or_park(const list_entry& entry, std::uint64_t before) {
    const std::uint64_t pin = protocol_order("reclaim.pins") ? newest_pin(format::txn_of(entry), before) : 0;
    if (pin == 0) {
        return free(entry);
    }
    const std::uint64_t bytes = memory_->size_of(ref::from_units(format::units_of(entry)));
    memory_->append_to_park(parks_[park_of(pin)].place, entry);
    parked_bytes_ += bytes;
}

void reclaimer::free(const list_entry& entry) {
    failpoint("reclaim.before_free");
    freed_bytes_ += memory_->free(ref::from_units(format::units_of(entry)));
    failpoint("reclaim.after_free");
}

void reclaimer::drain_ended_parks(std::uint64_t budget) {
    load_parks();
    // Parks that come to be meanwhile are those of older pins, which are behind.
    for (std::size_t i = 0; i < parks_.size();) {
        if (!parks_[i].ended) {
            ++i;
            continue;
        }
        const std::uint64_t pin = parks_[i].pin;
        const ref place = parks_[i].place;
        examined_ += memory_->consume_park(
            place, budget - examined_,
            [&](const list_entry& entry) {
                const std::uint64_t bytes = memory_->size_of(ref::from_units(format::units_of(entry)));
                free_or_park(entry, pin);
                unparked_bytes_ += bytes;
                return true;
            },
            [this](ref chunk) { retire(chunk); });
        if (memory_->park_at(place).list.entries != 0) {
            return;
        }
        drop_park(i);
    }
    parks_ended_ = false;
}

void reclaimer::drain_retired(std::uint64_t budget) {
    format::heap_header& header = memory_->header();
    std::uint64_t retired_by = header.front_retired;
    const auto take = [&](const list_entry& entry) {
        if (format::kind_of(entry) == entry_kind::object) {
            free_or_park(entry, retired_by);
            return true;
        }
        if (format::kind_of(entry) == entry_kind::freed) {
            return true;
        }
        if (format::kind_of(entry) != entry_kind::marker) {
            throw_corrupt("an entry of the retired list is damaged", ref{});
        }
        retired_done_ = format::txn_of(entry) > horizon_;
        if (!retired_done_) {
            retired_by = format::txn_of(entry);
        }
        return !retired_done_;
    };
    const auto note_front = [&] {
        if (header.front_retired != retired_by) {
            memory_->set(header.front_retired, retired_by);
        }
    };
    retired_done_ = retired_done_ || header.front_retired > horizon_;
    if (retired_done_) {
        return;
    }
    try {
        examined_ += memory_->consume(header.retired, budget, take, [this](ref chunk) { retire(chunk); });
    } catch (...) {
        note_front();
        throw;
    }
    note_front();
    retired_done_ = retired_done_ || header.retired.entries == 0;
}

/// Where the disk is full what can't be parked stays where it is, and this look is at its end.
template <class Drain>
void reclaimer::drain_while_there_is_room(Drain&& drain) {
    try {
        drain();
    } catch (const error& failure) {
        if (!is_full(failure)) {
            throw;
        }
        parks_ended_ = false;
        retired_done_ = true;
    }
}

std::uint64_t reclaimer::examine(std::uint64_t budget) {
    examined_ = 0;
    const heap::busy_lists guard(*memory_);
    const without_reserve parking(*memory_);
    // Half of it for the list first: it has the chunks that parks emptied, and in a full store those are what is short.
    drain_while_there_is_room([&] { drain_retired(parks_ended_ ? budget / 2 : budget); });
    if (parks_ended_ && examined_ < budget) {
        drain_while_there_is_room([&] { drain_ended_parks(budget); });
        drain_while_there_is_room([&] { drain_retired(budget - examined_); });
    }
    count_bytes();
    failpoint("reclaim.done");
    return examined_;
}

void reclaimer::sweep() {
    const heap::busy_lists guard(*memory_);
    std::uint64_t retired_by = memory_->header().front_retired;
    memory_->visit(memory_->header().retired, [&](list_entry& entry) {
        if (format::kind_of(entry) == entry_kind::marker) {
            retired_by = format::txn_of(entry);
        }
        if (retired_by > horizon_) {
            return false;
        }
        if (format::kind_of(entry) == entry_kind::object &&
            newest_pin(format::txn_of(entry), retired_by) == 0) {
            free(entry);
            entry = format::freed_entry();
        }
        return true;
    });
    count_bytes();
}

/// Enters into the header what was freed and what came to parks and left them.
void reclaimer::count_bytes() {
    format::heap_header& header = memory_->header();
    if (freed_bytes_ != 0) {
        memory_->set(header.held_back_bytes,
                     header.held_back_bytes - std::min(header.held_back_bytes, freed_bytes_));
    }
    if (parked_bytes_ != unparked_bytes_) {
        const std::uint64_t before = header.parked_bytes + parked_bytes_;
        memory_->set(header.parked_bytes, before - std::min(before, unparked_bytes_));
    }
    freed_bytes_ = parked_bytes_ = unparked_bytes_ = 0;
}

} // namespace holdfast
