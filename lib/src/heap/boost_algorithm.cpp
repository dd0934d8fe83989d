// The memory algorithm for Boost.Interprocess: from the address of the algorithm to whoever allocates.
#include "heap/boost_algorithm.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <limits>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include <holdfast/detail/heap_algorithm.hpp>

#include "base/assert.hpp"
#include "format/heap.hpp"
#include "segment/mutex_family.hpp"

namespace holdfast {

struct owner_registration::entry {
    const std::byte* base;
    allocation_owner* owner;
    std::shared_mutex calls; ///< shared by those who call the owner
};

namespace {

/// All stores that this process has open for writing. Few, so a search is as good as a table.
struct registry {
    std::mutex mutex;
    std::vector<std::shared_ptr<owner_registration::entry>> entries;
};

registry& owners() {
    static auto* const all = new registry; // never destroyed: containers may outlive static destruction
    return *all;
}

const std::byte* base_of(const void* where) noexcept {
    return static_cast<const std::byte*>(where) - format::boost_segment_offset;
}

/// Calls `use(owner)` where the store is open in this process; otherwise returns `otherwise`.
template <class Result, class Use>
Result with_owner(const void* where, Result otherwise, Use&& use) noexcept {
    std::shared_ptr<owner_registration::entry> found;
    std::shared_lock<std::shared_mutex> call;
    {
        registry& all = owners();
        const std::lock_guard guard(all.mutex);
        for (const auto& entry : all.entries) {
            if (entry->base == base_of(where) && (!found || entry->owner->writes_here()))
                found = entry;
        }
        if (!found)
            return otherwise;
        call = std::shared_lock(found->calls); // the owner is still there, since its entry is
    }
    return use(*found->owner);
}

[[nodiscard]] std::uint64_t header_word(const void* where, std::size_t offset) noexcept {
    const std::byte* const header = base_of(where) + format::heap_header_offset;
    auto* const word = reinterpret_cast<std::uint64_t*>(const_cast<std::byte*>(header + offset));
    return std::atomic_ref(*word).load(std::memory_order_relaxed);
}

family_mutex& as_mutex(void* mutex) noexcept { return *static_cast<family_mutex*>(mutex); }
static_assert(sizeof(family_mutex) <= sizeof(segment_mutex) &&
              alignof(family_mutex) <= alignof(segment_mutex));

} // namespace

owner_registration::owner_registration(const std::byte* base, allocation_owner& owner)
    : entry_(new entry{base, &owner, {}}) {
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

void* external_allocate(const void* where, std::size_t bytes, std::size_t alignment,
                        std::size_t* usable) noexcept {
    if (!std::has_single_bit(alignment))
        return nullptr;
    return with_owner(where, static_cast<void*>(nullptr), [&](allocation_owner& owner) {
        void* place = nullptr;
        const auto receive = [&](void* object, std::size_t usable_bytes) {
            place = object;
            if (usable != nullptr)
                *usable = usable_bytes;
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

bool external_allocate_many(const void* where, const std::size_t* sizes, std::size_t count, std::size_t unit,
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

void external_deallocate_many(const void* where, void* (*next)(void*), void* context) noexcept {
    static_cast<void>(with_owner(where, false, [&](allocation_owner& owner) {
        owner.deallocate([&] { return next(context); });
        return true;
    }));
}

void external_deallocate(const void* where, void* object) noexcept {
    const auto once = [](void* context) {
        void*& left = *static_cast<void**>(context);
        return std::exchange(left, nullptr);
    };
    external_deallocate_many(where, once, &object);
}

std::size_t external_size(const void* where, const void* object) noexcept {
    return with_owner(where, std::size_t{0}, [&](allocation_owner& owner) { return owner.size_of(object); });
}

std::size_t external_segment_bytes(const void* where) noexcept {
    return header_word(where, offsetof(format::heap_header, end_blocks)) * format::block_bytes -
           format::boost_segment_offset;
}

std::size_t external_free_bytes(const void* where) noexcept {
    return header_word(where, offsetof(format::heap_header, free_blocks)) * format::block_bytes;
}

bool external_is_empty(const void* where) noexcept {
    return with_owner(where, false, [](allocation_owner& owner) { return owner.is_empty(); });
}

bool external_is_sound(const void* where) noexcept {
    // Who has no part in the store can't walk it, and takes the header's word.
    const bool marked = header_word(where, offsetof(format::heap_header, magic)) ==
                        std::bit_cast<std::uint64_t>(format::heap_magic);
    return marked && with_owner(where, true, [](allocation_owner& owner) { return owner.is_sound(); });
}

void external_zero_free(const void* where) noexcept {
    static_cast<void>(with_owner(where, false, [](allocation_owner& owner) {
        owner.zero_free();
        return true;
    }));
}

void segment_mutex_construct(void* mutex) { new (mutex) family_mutex; }
void segment_mutex_lock(void* mutex) { as_mutex(mutex).lock(); }
bool segment_mutex_lock_for(void* mutex, std::chrono::milliseconds patience) {
    using clock = std::chrono::steady_clock;
    const bool forever = patience > std::chrono::hours(24 * 365);
    return as_mutex(mutex).timed_lock(forever ? clock::now() + std::chrono::hours(24 * 365)
                                              : clock::now() + patience);
}
bool segment_mutex_try_lock(void* mutex) { return as_mutex(mutex).try_lock(); }
void segment_mutex_unlock(void* mutex) noexcept { as_mutex(mutex).unlock(); }

} // namespace detail
} // namespace holdfast
