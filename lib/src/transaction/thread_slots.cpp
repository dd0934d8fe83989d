// The threads' own slots and commits.
#include "transaction/thread_slots.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "transaction/held_commit.hpp"

namespace holdfast::thread_slots {

namespace {

struct entry {
    std::uint64_t engine_id = 0; ///< 0: unused
    std::weak_ptr<segment> file;
    reader_slot own; ///< empty until the first look-up
    std::array<reader_slot, 4> spare;
    std::size_t spares = 0;
    std::weak_ptr<const held_commit> held;

    void drop() noexcept {
        if (const std::shared_ptr<segment> alive = file.lock(); alive && !alive->forked()) {
            if (own) {
                alive->release_slot(own);
            }
            while (spares != 0) {
                alive->release_slot(spare[--spares]);
            }
        }
        *this = entry{};
    }
};

/// A snapshot that outlives its thread's other objects, as one of static duration does, must not look there any more.
thread_local bool ended = false;

/// Where a look-up comes even later than that. It goes back with the segment.
struct late_slot {
    std::uint64_t engine_id = 0;
    reader_slot slot;
};
thread_local late_slot late;

/// Most threads read one store; a thread that reads more than four at a time claims anew now and then.
struct thread_cache {
    std::array<entry, 4> entries;
    std::size_t next_victim = 0;

    ~thread_cache() {
        for (entry& one : entries) {
            one.drop();
        }
        ended = true;
    }
};

thread_local thread_cache cache;

[[nodiscard]] entry* find(std::uint64_t engine_id) noexcept {
    if (!ended) [[likely]] {
        for (entry& one : cache.entries) {
            if (one.engine_id == engine_id) {
                return &one;
            }
        }
    }
    return nullptr;
}

[[nodiscard]] entry& find_or_make(std::uint64_t engine_id, const std::shared_ptr<segment>& file) noexcept {
    if (entry* const found = find(engine_id)) {
        return *found;
    }
    thread_cache& own = cache;
    entry& place = own.entries[own.next_victim++ % own.entries.size()];
    place.drop();
    place.file = file;
    place.engine_id = engine_id;
    return place;
}

} // namespace

const reader_slot& mine(std::uint64_t engine_id, const std::shared_ptr<segment>& file) {
    if (ended) [[unlikely]] {
        if (late.engine_id != engine_id) {
            late = {engine_id, file->claim_slot()};
        }
        return late.slot;
    }
    entry& found = find_or_make(engine_id, file);
    if (!found.own) [[unlikely]] {
        found.own = file->claim_slot();
    }
    return found.own;
}

reader_slot take(std::uint64_t engine_id, const std::shared_ptr<segment>& file) {
    entry* const found = find(engine_id);
    return found != nullptr && found->spares != 0 ? found->spare[--found->spares] : file->claim_slot();
}

void give_back(std::uint64_t engine_id, segment& file, reader_slot slot) noexcept {
    entry* const found = find(engine_id);
    if (found != nullptr && found->spares != found->spare.size()) {
        found->spare[found->spares++] = slot;
    } else {
        file.release_slot(slot);
    }
}

std::shared_ptr<const held_commit> last_held(std::uint64_t engine_id) noexcept {
    const entry* const found = find(engine_id);
    return found != nullptr ? found->held.lock() : nullptr;
}

void note_held(std::uint64_t engine_id, const std::shared_ptr<segment>& file,
               const std::shared_ptr<const held_commit>& held) noexcept {
    if (!ended) {
        find_or_make(engine_id, file).held = held;
    }
}

void forget(std::uint64_t engine_id) noexcept {
    if (entry* const found = find(engine_id)) {
        found->drop();
    }
}

} // namespace holdfast::thread_slots
