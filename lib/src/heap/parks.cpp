// Parks in the file. Each change of one ends with its sum, for which the list's own change has left room in the log.
#include "base/corrupt.hpp"
#include "heap/heap.hpp"

namespace holdfast {

format::park& heap::park_at(ref place) const {
    auto& park = object<format::park>(place);
    if (park.check != park_sum(park, place.offset())) {
        throw_corrupt("a park is damaged", place);
    }
    return park;
}

void heap::update_sum(format::park& park, ref place) {
    undo_.set(park.check, park_sum(park, place.offset()));
}

ref heap::make_park(std::uint64_t pin, ref next) {
    const ref place = allocate(sizeof(format::park));
    auto& fresh = object<format::park>(place);
    fresh = format::park{};
    fresh.next = next.units();
    fresh.pin = pin;
    fresh.check = park_sum(fresh, place.offset());
    return place;
}

void heap::set_next_park(ref place, ref next) {
    format::park& park = park_at(place);
    set(park.next, next.units());
    update_sum(park, place);
}

void heap::append_to_park(ref place, const format::list_entry& entry) {
    format::park& park = park_at(place);
    append(park.list, &entry, 1);
    update_sum(park, place);
}

std::uint64_t heap::consume_park(ref place, std::uint64_t limit,
                                 const std::function<bool(const format::list_entry&)>& take,
                                 const std::function<void(ref)>& emptied) {
    format::park& park = park_at(place);
    try {
        const std::uint64_t taken = consume(park.list, limit, take, emptied);
        update_sum(park, place);
        return taken;
    } catch (...) {
        update_sum(park, place);
        throw;
    }
}

} // namespace holdfast
