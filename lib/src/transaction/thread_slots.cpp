// The threads' caches of reader slots.
#include "transaction/thread_slots.hpp"

#include <array>
#include <cstddef>

namespace holdfast::thread_slots {

namespace {

struct cached_slot {
    std::uint64_t engine_id = 0; ///< 0: unused
    std::weak_ptr<segment> file;
    reader_slot slot;

    void drop() noexcept {
        if (const std::shared_ptr<segment> alive = file.lock(); alive && slot) {
            if (!alive->forked()) {
                alive->release_slot(slot);
            }
        }
        *this = cached_slot{};
    }
};

/// Most threads read one store; a thread that reads more than four at a time claims anew now and then.
struct thread_cache {
    std::array<cached_slot, 4> slots;
    std::size_t next_victim = 0;

    ~thread_cache() {
        for (cached_slot& cached : slots) {
            cached.drop();
        }
    }
};

thread_local thread_cache cache;

} // namespace

const reader_slot& mine(std::uint64_t engine_id, const std::shared_ptr<segment>& file) {
    thread_cache& own = cache;
    for (cached_slot& cached : own.slots) {
        if (cached.engine_id == engine_id) {
            return cached.slot;
        }
    }
    cached_slot& place = own.slots[own.next_victim++ % own.slots.size()];
    place.drop();
    place.slot = file->claim_slot();
    place.slot.since_ns->store(0, std::memory_order_relaxed);
    place.file = file;
    place.engine_id = engine_id;
    return place.slot;
}

void forget(std::uint64_t engine_id) noexcept {
    for (cached_slot& cached : cache.slots) {
        if (cached.engine_id == engine_id) {
            cached.drop();
        }
    }
}

} // namespace holdfast::thread_slots
