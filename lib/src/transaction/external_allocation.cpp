// Allocating and freeing what Boost.Interprocess asks for.
#include "transaction/external_allocation.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <utility>

#include <holdfast/error.hpp>

#include "heap/boost_page.hpp"
#include "heap/walk.hpp"
#include "os/failpoint.hpp"
#include "transaction/engine.hpp"
#include "transaction/writer.hpp"

namespace holdfast {

namespace {

constexpr std::chrono::milliseconds patience = std::chrono::seconds(30);

/// No object is aligned to more: the file may be mapped at any page.
constexpr std::size_t alignment_max = 4096;

/// For whom the caller has the writer lock, in or for the time of a scope.
class writer_lock {
public:
    explicit writer_lock(segment& file) : file_(&file), taken_(!file.writing_here()) {
        if (taken_)
            file.lock_writer(patience);
    }
    ~writer_lock() {
        if (taken_)
            file_->unlock_writer();
    }
    writer_lock(const writer_lock&) = delete;
    writer_lock& operator=(const writer_lock&) = delete;

private:
    segment* file_;
    bool taken_;
};

/// While it exists, allocations neither reclaim nor break open the reserve; both are for the maps.
class plain_policy {
public:
    explicit plain_policy(heap& memory) noexcept
        : memory_(&memory), may_break_(memory.allocation_policy().may_break_reserve) {
        memory.allocation_policy().may_break_reserve = false;
    }
    ~plain_policy() { memory_->allocation_policy().may_break_reserve = may_break_; }
    plain_policy(const plain_policy&) = delete;
    plain_policy& operator=(const plain_policy&) = delete;

private:
    heap* memory_;
    bool may_break_;
};

/// What to ask the heap for: slabs of a power of two align their objects, and runs begin at a block.
[[nodiscard]] std::uint64_t bytes_for(const allocation_request& request) noexcept {
    if (request.alignment <= ref::unit_bytes || request.bytes > format::slab_bytes_max)
        return request.bytes;
    return std::bit_ceil(std::max<std::uint64_t>({request.bytes, request.alignment, 64}));
}

void zero_free_objects(std::byte* begin, const format::block_descriptor& slab) noexcept {
    const std::uint64_t size = format::slab_sizes[slab.size_class];
    for (std::uint32_t object = 0; object < objects_per_slab(slab.size_class); ++object) {
        if (!is_used(slab, object))
            std::memset(begin + object * size, 0, size);
    }
}

} // namespace

// --- The small transaction --------------------------------------------------------------------------------

/// Has the writer lock and a transaction of its own; undone unless it is kept.
class external_allocation::small_transaction {
public:
    explicit small_transaction(engine& owner) : engine_(&owner), lock_(owner.file()) {
        owner.validate_heap();
        heap& memory = owner.heap();
        memory.begin(next(std::max(owner.visible(), memory.undo().last_begun())));
        open_ = true;
        failpoint("external.begun");
    }
    ~small_transaction() {
        if (!open_)
            return;
        try {
            engine_->heap().roll_back();
        } catch (...) {
            engine_->file().poison();
        }
    }
    small_transaction(const small_transaction&) = delete;
    small_transaction& operator=(const small_transaction&) = delete;

    void keep() {
        engine_->heap().keep();
        open_ = false;
    }

private:
    engine* engine_;
    writer_lock lock_;
    bool open_ = false;
};

external_allocation::external_allocation(engine& owner)
    : engine_(&owner), registration_(owner.file().base(), *this) {}

heap& external_allocation::memory() const noexcept { return engine_->heap(); }

/// The null reference for what can't be an object.
ref external_allocation::place_of(const void* object) const noexcept {
    const auto offset = static_cast<std::uint64_t>(static_cast<const std::byte*>(object) - memory().base());
    return offset % ref::unit_bytes == 0 && offset < format::file_bytes_max ? ref::from_offset(offset)
                                                                            : ref{};
}

bool external_allocation::is_ours(ref place) const {
    try {
        return memory().owner_of(place) == format::block_owner::external;
    } catch (const error& failure) {
        if (failure.reason() != errc::corrupt)
            throw;
        return false;
    }
}

bool external_allocation::writes_here() const noexcept {
    return engine_->file().writing_here() && in_transaction_;
}

void* external_allocation::prepare() {
    segment& file = engine_->file();
    file.check_usable();
    void* const page = file.base() + format::boost_segment_offset;
    if (file.read_only() || prepared_.load(std::memory_order_acquire))
        return page;
    const writer_lock lock(file);
    const boost_page_state found = judge_boost_page(file);
    if (found == boost_page_state::foreign) {
        file.reap();
        if (file.processes().size() > 1) {
            throw error(errc::unsupported,
                        file.path().string() +
                            ": another process uses the store's objects with another layout of "
                            "Boost.Interprocess; build both with the same version of Boost");
        }
    }
    if (found != boost_page_state::usable) {
        engine_->validate_heap();
        format_boost_page(file);
    }
    prepared_.store(true, std::memory_order_release);
    return page;
}

// --- Allocating -------------------------------------------------------------------------------------------

void external_allocation::allocate_all(std::size_t count, const requests& request_at,
                                       const receiver& receive) {
    heap& heap = memory();
    std::vector<ref> made;
    made.reserve(count);
    try {
        for (std::size_t i = 0; i < count; ++i) {
            made.push_back(heap.allocate(bytes_for(request_at(i)), format::block_owner::external));
        }
    } catch (const error& failure) {
        // What is full can be left as it was; after anything else the accounts are not to be trusted.
        const bool failed = failed_ || failure.reason() == errc::corrupt;
        failed_ = true;
        for (const ref place : made)
            heap.free(place);
        failed_ = failed;
        throw;
    } catch (...) { // out of memory, midway
        failed_ = true;
        throw;
    }
    for (const ref place : made)
        receive(heap.base() + place.offset(), heap.size_of(place));
}

void external_allocation::allocate_in_transaction(std::size_t count, const requests& request_at,
                                                  const receiver& receive) {
    if (!in_transaction_)
        throw error(errc::nested_write, "the store is being checked by this thread");
    if (failed_)
        throw error(errc::transaction_failed, "an earlier failure in this transaction forbids its commit");
    const plain_policy policy(memory());
    changed_ = true;
    allocate_all(count, request_at, receive);
}

void external_allocation::allocate_alone(std::size_t count, const requests& request_at,
                                         const receiver& receive) {
    std::vector<ref> waiting = take_postponed();
    try {
        small_transaction own(*engine_);
        free_ours(waiting);
        allocate_all(count, request_at, receive);
        own.keep();
    } catch (...) {
        postpone(waiting);
        throw;
    }
}

/// An ordinary transaction, which frees what no snapshot holds any more.
void external_allocation::allocate_after_reclaiming(std::size_t count, const requests& request_at,
                                                    const receiver& receive) {
    writer transaction(engine_->shared_from_this(), patience);
    allocate_in_transaction(count, request_at, receive);
    transaction.commit(transaction.before());
}

bool external_allocation::allocate(std::size_t count, const requests& request_at,
                                   const receiver& receive) noexcept {
    try {
        for (std::size_t i = 0; i < count; ++i) {
            const allocation_request request = request_at(i);
            if (request.alignment > alignment_max || request.bytes > format::file_bytes_max)
                return false;
        }
        if (engine_->file().writing_here()) {
            allocate_in_transaction(count, request_at, receive);
            return true;
        }
        try {
            allocate_alone(count, request_at, receive);
        } catch (const error& failure) {
            if (failure.reason() != errc::no_space)
                throw;
            allocate_after_reclaiming(count, request_at, receive);
        }
        return true;
    } catch (const std::exception&) {
        return false; // the caller's interface knows no reasons
    }
}

// --- Freeing ----------------------------------------------------------------------------------------------

void external_allocation::free_ours(const std::vector<ref>& places) {
    for (const ref place : places) {
        if (is_ours(place))
            memory().free(place);
    }
}

void external_allocation::postpone(const std::vector<ref>& places) {
    const std::lock_guard guard(postponed_mutex_);
    postponed_.insert(postponed_.end(), places.begin(), places.end());
}

std::vector<ref> external_allocation::take_postponed() {
    const std::lock_guard guard(postponed_mutex_);
    return std::exchange(postponed_, {});
}

void external_allocation::free_alone(std::vector<ref>& places) {
    const std::vector<ref> waiting = take_postponed();
    places.insert(places.end(), waiting.begin(), waiting.end());
    try {
        small_transaction own(*engine_);
        free_ours(places);
        own.keep();
    } catch (const std::exception&) {
        postpone(places); // somebody holds the lock for too long, or there is no space for the log
    }
}

void external_allocation::deallocate(const std::function<void*()>& next) noexcept {
    try {
        std::vector<ref> places;
        while (const void* const object = next())
            places.push_back(place_of(object));
        segment& file = engine_->file();
        file.check_usable();
        if (!file.writing_here()) {
            free_alone(places);
        } else if (in_transaction_) {
            changed_ = true;
            deferred_.insert(deferred_.end(), places.begin(), places.end());
        } else {
            postpone(places);
        }
    } catch (const std::exception&) {
        // Out of memory, or the store is unusable: the objects stay allocated.
    }
}

// --- The writer's transaction -----------------------------------------------------------------------------

void external_allocation::transaction_began() noexcept {
    in_transaction_ = true;
    changed_ = false;
    failed_ = false;
}

void external_allocation::apply_frees() {
    if (deferred_.empty())
        return;
    // Were the log to grow among the frees, it could take a buffer that was just freed, and write into it; but an undone
    // transaction has to give it back intact.
    memory().reserve_log(32 * deferred_.size());
    free_ours(deferred_);
}

void external_allocation::transaction_ended() noexcept {
    in_transaction_ = false;
    deferred_.clear();
}

// --- Questions --------------------------------------------------------------------------------------------

std::size_t external_allocation::size_of(const void* object) noexcept {
    try {
        const writer_lock lock(engine_->file());
        engine_->validate_heap();
        return memory().size_of(place_of(object));
    } catch (const std::exception&) {
        return 0;
    }
}

bool external_allocation::is_empty() noexcept {
    try {
        const writer_lock lock(engine_->file());
        engine_->validate_heap();
        bool empty = true;
        walk_blocks(memory().blocks(),
                    [&](std::uint32_t, const format::block_descriptor& block, std::uint32_t) {
                        if (block.owner != static_cast<std::uint8_t>(format::block_owner::external))
                            return true;
                        const bool slab = block.state == static_cast<std::uint8_t>(format::block_state::slab);
                        empty = slab && count_used(block) == 0;
                        return empty;
                    });
        return empty;
    } catch (const std::exception&) {
        return false;
    }
}

bool external_allocation::is_sound() noexcept {
    try {
        const writer_lock lock(engine_->file());
        engine_->validate_heap();
        std::uint64_t free_blocks = 0;
        bool sound = true;
        walk_blocks(memory().blocks(),
                    [&](std::uint32_t, const format::block_descriptor& block, std::uint32_t length) {
                        const auto state = static_cast<format::block_state>(block.state);
                        if (state == format::block_state::free_run)
                            free_blocks += length;
                        if (state == format::block_state::slab) {
                            sound &= block.free == objects_per_slab(block.size_class) - count_used(block);
                        }
                        return sound;
                    });
        return sound && free_blocks == memory().header().free_blocks;
    } catch (const std::exception&) {
        return false;
    }
}

void external_allocation::zero_free() noexcept {
    try {
        segment& file = engine_->file();
        if (file.writing_here())
            return; // what the running transaction freed may come back
        const writer_lock lock(file);
        engine_->validate_heap();
        std::byte* const base = memory().base();
        walk_blocks(memory().blocks(),
                    [&](std::uint32_t first, const format::block_descriptor& block, std::uint32_t length) {
                        std::byte* const begin = base + std::uint64_t{first} * format::block_bytes;
                        const auto state = static_cast<format::block_state>(block.state);
                        if (state == format::block_state::free_run)
                            std::memset(begin, 0, length * format::block_bytes);
                        if (state == format::block_state::slab)
                            zero_free_objects(begin, block);
                        return true;
                    });
    } catch (const std::exception&) {
        // Nothing depends on it.
    }
}

} // namespace holdfast
