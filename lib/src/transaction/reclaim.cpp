// Reclaiming.
#include "transaction/reclaim.hpp"

#include <algorithm>
#include <atomic>

#include "base/corrupt.hpp"
#include "heap/size_class.hpp"
#include "os/failpoint.hpp"

namespace holdfast {

using format::entry_kind;
using format::list_entry;

namespace {

[[nodiscard]] list_entry object_entry(ref place, txn_id made) noexcept {
    return {place.units() | static_cast<std::uint64_t>(entry_kind::object) << 56, raw(made)};
}
[[nodiscard]] list_entry marker_entry(txn_id by) noexcept {
    return {static_cast<std::uint64_t>(entry_kind::marker) << 56, raw(by)};
}
[[nodiscard]] entry_kind kind_of(const list_entry& entry) noexcept {
    return static_cast<entry_kind>(entry.tagged >> 56);
}
[[nodiscard]] ref place_of(const list_entry& entry) noexcept {
    return ref::from_units(entry.tagged & ref::units_max);
}

/// What the heap gives for a request of `bytes`.
[[nodiscard]] std::uint64_t allocated_for(std::uint64_t bytes) noexcept {
    return bytes <= format::slab_bytes_max ? format::slab_sizes[class_of(bytes)]
                                           : std::uint64_t{blocks_for(bytes)} * format::block_bytes;
}

constexpr std::size_t parks_max = 1 << 20;

} // namespace

void retired_objects::add(ref place, std::uint64_t bytes, txn_id made) {
    entries_.push_back(object_entry(place, made));
    bytes_ += allocated_for(bytes);
}

void retired_objects::flush(heap& memory, txn_id by) {
    if (entries_.empty())
        return;
    const list_entry marker = marker_entry(by);
    format::heap_header& header = memory.header();
    memory.append(header.retired, &marker, 1);
    memory.append(header.retired, entries_.data(), entries_.size());
    memory.set(header.held_back_bytes, header.held_back_bytes + bytes_);
    entries_.clear();
    bytes_ = 0;
}

void reclaimer::retire(ref place) { retired_->add(place, memory_->size_of(place), running_); }

bool reclaimer::is_pinned(std::uint64_t pin) const noexcept {
    return std::binary_search(pins_.begin(), pins_.end(), pin);
}

/// The newest pin p with made <= p < before, or 0.
std::uint64_t reclaimer::newest_pin(std::uint64_t made, std::uint64_t before) const noexcept {
    const auto above = std::lower_bound(pins_.begin(), pins_.end(), before);
    if (above == pins_.begin())
        return 0;
    const std::uint64_t pin = *(above - 1);
    return pin >= made ? pin : 0;
}

void reclaimer::load_parks() {
    const format::heap_header& header = memory_->header();
    for (std::uint64_t units = header.parks; units != 0;) {
        const ref place = ref::from_units(units);
        const auto& park = memory_->object<format::park>(place);
        if (parks_.size() == parks_max || (!parks_.empty() && park.pin >= parks_.back().pin)) {
            throw_corrupt("the list of parks is damaged", place);
        }
        parks_.push_back({place, park.pin, {}});
        units = park.next;
    }
}

void reclaimer::free_or_park(const list_entry& entry, std::uint64_t before) {
    const std::uint64_t pin = protocol_order("reclaim.pins") ? newest_pin(entry.word, before) : 0;
    if (pin == 0) {
        failpoint("reclaim.before_free");
        freed_bytes_ += memory_->free(place_of(entry));
        failpoint("reclaim.after_free");
        return;
    }
    const auto place =
        std::lower_bound(parks_.begin(), parks_.end(), pin,
                         [](const parked& park, std::uint64_t sought) { return park.pin > sought; });
    if (place != parks_.end() && place->pin == pin) {
        place->arriving.push_back(entry);
    } else {
        parks_.insert(place, parked{ref{}, pin, {entry}});
    }
}

void reclaimer::drain_ended_parks(std::uint64_t budget) {
    // By index: free_or_park inserts parks of older pins, which come behind.
    for (std::size_t i = 0; i < parks_.size() && budget != 0; ++i) {
        const ref place = parks_[i].place;
        const std::uint64_t pin = parks_[i].pin;
        if (!place || is_pinned(pin))
            continue;
        budget -= memory_->consume(
            memory_->object<format::park>(place).list, budget,
            [&](const list_entry& entry) {
                free_or_park(entry, pin);
                return true;
            },
            [this](ref chunk) { retire(chunk); });
    }
}

void reclaimer::drain_retired(std::uint64_t budget) {
    format::heap_header& header = memory_->header();
    std::uint64_t retired_by = header.front_retired;
    memory_->consume(
        header.retired, budget,
        [&](const list_entry& entry) {
            if (kind_of(entry) == entry_kind::marker) {
                if (entry.word >= raw(running_))
                    return false; // of this very transaction: not yet committed
                retired_by = entry.word;
            } else {
                free_or_park(entry, retired_by);
            }
            return true;
        },
        [this](ref chunk) { retire(chunk); });
    if (header.front_retired != retired_by)
        memory_->set(header.front_retired, retired_by);
}

void reclaimer::add_park(parked& target, ref following) {
    target.place = memory_->allocate(sizeof(format::park));
    auto& park = memory_->object<format::park>(target.place);
    park = format::park{};
    park.pin = target.pin;
    park.next = following.units();
}

/// Parks in the file take what arrived for them; new ones are linked in. From the oldest pin to the newest, so
/// that each knows its successor.
void reclaimer::deliver_arrivals() {
    ref following;
    for (auto park = parks_.rbegin(); park != parks_.rend(); ++park) {
        if (!park->place)
            add_park(*park, following);
        auto& stored = memory_->object<format::park>(park->place);
        if (stored.next != following.units())
            memory_->set(stored.next, following.units());
        if (!park->arriving.empty())
            memory_->append(stored.list, park->arriving.data(), park->arriving.size());
        following = park->place;
    }
    if (memory_->header().parks != following.units())
        memory_->set(memory_->header().parks, following.units());
}

void reclaimer::drop_empty_parks() {
    std::erase_if(parks_, [this](const parked& park) {
        if (!park.place || !park.arriving.empty() || is_pinned(park.pin))
            return false;
        if (memory_->object<format::park>(park.place).list.entries != 0)
            return false;
        retire(park.place);
        return true;
    });
}

bool reclaimer::run(std::uint64_t budget) {
    if (protocol_order("reclaim.barrier"))
        file_->reader_barrier();
    for (const held_pin& held : file_->pins())
        pins_.push_back(raw(held.pin));
    std::sort(pins_.begin(), pins_.end());
    pins_.erase(std::unique(pins_.begin(), pins_.end()), pins_.end());
    failpoint("reclaim.pins_read");
    load_parks();
    drain_ended_parks(budget);
    drain_retired(budget);
    drop_empty_parks();
    deliver_arrivals();
    format::heap_header& header = memory_->header();
    if (freed_bytes_ != 0) {
        memory_->set(header.held_back_bytes,
                     header.held_back_bytes - std::min(header.held_back_bytes, freed_bytes_));
    }
    failpoint("reclaim.done");
    return freed_bytes_ != 0;
}

} // namespace holdfast
