// The memory algorithm of Boost.Interprocess: from the address of the algorithm to whoever allocates.
#include "heap/boost_algorithm.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include <holdfast/detail/heap_algorithm.hpp>

namespace holdfast {

struct owner_registration::entry {
    const void* algorithm;
    allocation_owner* owner;
    std::shared_mutex calls; ///< shared by those who call the owner
};

namespace {

/// All arenas that this process uses. Few, so a search is as good as a table.
struct registry {
    std::mutex mutex;
    std::vector<std::shared_ptr<owner_registration::entry>> entries;
};

registry& owners() {
    static auto* const all = new registry; // never destroyed: containers may outlive static destruction
    return *all;
}

/// Calls `use(owner)` where this process uses the arena; otherwise returns `otherwise`.
template <class Result, class Use>
Result with_owner(const void* where, Result otherwise, Use&& use) noexcept {
    std::shared_ptr<owner_registration::entry> found;
    std::shared_lock<std::shared_mutex> call;
    {
        registry& all = owners();
        const std::lock_guard guard(all.mutex);
        const auto known = std::find_if(all.entries.begin(), all.entries.end(),
                                        [&](const auto& entry) { return entry->algorithm == where; });
        if (known == all.entries.end()) {
            return otherwise;
        }
        found = *known;
        call = std::shared_lock(found->calls); // the owner is still there, since its entry is
    }
    return use(*found->owner);
}

} // namespace

owner_registration::owner_registration(const void* algorithm, allocation_owner& owner)
    : entry_(new entry{algorithm, &owner, {}}) {
    registry& all = owners();
    const std::lock_guard guard(all.mutex);
    all.entries.push_back(entry_);
}

owner_registration::~owner_registration() {
    {
        registry& all = owners();
        const std::lock_guard guard(all.mutex);
        std::erase(all.entries, entry_);
    }
    const std::unique_lock until_calls_ended(entry_->calls);
}

namespace detail {

void* arena_allocate(const void* where, std::size_t bytes, std::size_t alignment,
                     std::size_t* usable) noexcept {
    if (!std::has_single_bit(alignment)) {
        return nullptr;
    }
    return with_owner(where, static_cast<void*>(nullptr), [&](allocation_owner& owner) {
        void* place = nullptr;
        const auto receive = [&](void* object, std::size_t usable_bytes) {
            place = object;
            if (usable != nullptr) {
                *usable = usable_bytes;
            }
        };
        const bool done = owner.allocate(
            1,
            [&](std::size_t) {
                return allocation_request{bytes, alignment};
            },
            receive);
        return done ? place : nullptr;
    });
}

bool arena_allocate_many(const void* where, const std::size_t* sizes, std::size_t count, std::size_t unit,
                         bool one_size, void (*receive)(void*, void*), void* context) noexcept {
    const std::size_t bytes_max = std::numeric_limits<std::size_t>::max();
    const std::size_t sizes_given = one_size ? std::min<std::size_t>(count, 1) : count;
    const bool fits = unit != 0 && std::all_of(sizes, sizes + sizes_given,
                                               [&](std::size_t size) { return size <= bytes_max / unit; });
    return fits && with_owner(where, false, [&](allocation_owner& owner) {
               return owner.allocate(
                   count,
                   [&](std::size_t i) {
                       return allocation_request{sizes[one_size ? 0 : i] * unit, 1};
                   },
                   [&](void* object, std::size_t) { receive(context, object); });
           });
}

void arena_deallocate_many(const void* where, void* (*next)(void*), void* context) noexcept {
    static_cast<void>(with_owner(where, false, [&](allocation_owner& owner) {
        owner.deallocate([&] { return next(context); });
        return true;
    }));
}

void arena_deallocate(const void* where, void* object) noexcept {
    const auto once = [](void* context) {
        void*& left = *static_cast<void**>(context);
        return std::exchange(left, nullptr);
    };
    arena_deallocate_many(where, once, &object);
}

std::size_t arena_size(const void* where, const void* object) noexcept {
    return with_owner(where, std::size_t{0}, [&](allocation_owner& owner) { return owner.size_of(object); });
}

std::size_t arena_segment_bytes(const void* where) noexcept {
    return with_owner(where, std::size_t{0}, [](allocation_owner& owner) { return owner.size_bytes(); });
}

std::size_t arena_free_bytes(const void* where) noexcept {
    return with_owner(where, std::size_t{0}, [](allocation_owner& owner) { return owner.free_bytes(); });
}

bool arena_is_empty(const void* where) noexcept {
    return with_owner(where, false, [](allocation_owner& owner) { return owner.is_empty(); });
}

bool arena_is_sound(const void* where) noexcept {
    // Who does not use the arena can't walk it.
    return with_owner(where, true, [](allocation_owner& owner) { return owner.is_sound(); });
}

void arena_zero_free(const void* where) noexcept {
    static_cast<void>(with_owner(where, false, [](allocation_owner& owner) {
        owner.zero_free();
        return true;
    }));
}

} // namespace detail
} // namespace holdfast
