// The memory algorithm of Boost.Interprocess over an arena, so that its allocators and containers live in a store.
//
// The object holds a mark only. What it is asked goes to the process's owner of the arena, which is found by the
// address of the algorithm; where the file is mapped by other means the containers can be read, and nothing can be
// allocated. What the objects hold is outside of transactions.
//
// Thread and process safety: the owner's. Nothing throws.
// This header needs Boost 1.74 or newer; the functions that the library exports for it do not depend on Boost.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <boost/container/detail/multiallocation_chain.hpp>
#include <boost/interprocess/containers/allocation_type.hpp>
#include <boost/interprocess/indexes/null_index.hpp>
#include <boost/interprocess/offset_ptr.hpp>
#include <boost/interprocess/segment_manager.hpp>
#include <boost/interprocess/sync/null_mutex.hpp>

#include <holdfast/detail/export.hpp>

namespace holdfast {

namespace detail {

// `where` is the address of the algorithm object.

/// Null if there is no space, if the alignment (a power of two) is above a page, or if nobody owns the arena.
/// `usable` takes the bytes that can be used; it may be null.
[[nodiscard]] HOLDFAST_API void* arena_allocate(const void* where, std::size_t bytes, std::size_t alignment,
                                                std::size_t* usable) noexcept;
/// Allocates `count` objects, of sizes[i] * unit bytes (`one_size`: all of sizes[0] * unit), and hands each to
/// `receive`. False if they are not to be had; then none of them is allocated, whatever `receive` has seen.
[[nodiscard]] HOLDFAST_API bool arena_allocate_many(const void* where, const std::size_t* sizes,
                                                    std::size_t count, std::size_t unit, bool one_size,
                                                    void (*receive)(void* context, void* object),
                                                    void* context) noexcept;
/// Frees what `next` returns, until that is null.
HOLDFAST_API void arena_deallocate_many(const void* where, void* (*next)(void* context),
                                        void* context) noexcept;
HOLDFAST_API void arena_deallocate(const void* where, void* object) noexcept;
/// The bytes usable in an allocated object; 0 if there is none.
[[nodiscard]] HOLDFAST_API std::size_t arena_size(const void* where, const void* object) noexcept;
[[nodiscard]] HOLDFAST_API std::size_t arena_segment_bytes(const void* where) noexcept;
[[nodiscard]] HOLDFAST_API std::size_t arena_free_bytes(const void* where) noexcept;
[[nodiscard]] HOLDFAST_API bool arena_is_empty(const void* where) noexcept;
[[nodiscard]] HOLDFAST_API bool arena_is_sound(const void* where) noexcept;
HOLDFAST_API void arena_zero_free(const void* where) noexcept;

} // namespace detail

/// Locks nothing. Boost's null_mutex would do, if the header of a segment manager need not be aligned as pointers are.
struct alignas(8) no_mutex : boost::interprocess::null_mutex {};

/// Boost's MemoryAlgorithm concept.
class heap_algorithm {
public:
    /// Boost's own mutexes do not survive their owner: whoever owns the arena has a lock that does.
    struct mutex_family {
        using mutex_type = no_mutex;
        using recursive_mutex_type = no_mutex;
    };
    using void_pointer = boost::interprocess::offset_ptr<void>;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using multiallocation_chain = boost::container::dtl::basic_multiallocation_chain<void_pointer>;

    /// Of the segment manager. Objects are aligned to 16 bytes, and to their size where that is a power of two from
    /// 64 bytes to a page.
    static constexpr size_type Alignment = 4096;         // NOLINT: Boost's name
    static constexpr size_type PayloadPerAllocation = 0; // NOLINT: Boost's name

    heap_algorithm(size_type /*segment_bytes*/, size_type /*extra_header_bytes*/) noexcept {}
    heap_algorithm(const heap_algorithm&) = delete;
    heap_algorithm& operator=(const heap_algorithm&) = delete;

    [[nodiscard]] static constexpr size_type get_min_size(size_type extra_header_bytes) noexcept {
        return sizeof(heap_algorithm) + extra_header_bytes;
    }

    // --- Single objects ---

    [[nodiscard]] void* allocate(size_type bytes) noexcept {
        return detail::arena_allocate(this, bytes, 1, nullptr);
    }
    [[nodiscard]] void* allocate_aligned(size_type bytes, size_type alignment) noexcept {
        return detail::arena_allocate(this, bytes, alignment, nullptr);
    }
    void deallocate(void* object) noexcept { detail::arena_deallocate(this, object); }
    [[nodiscard]] size_type size(const void* object) const noexcept {
        return detail::arena_size(this, object);
    }

    /// Objects are never moved, and never change their size: to expand or to shrink one succeeds where its size is
    /// already within what was asked for.
    template <class T>
    T* allocation_command(boost::interprocess::allocation_type command, size_type limit,
                          size_type& prefer_and_received, T*& reuse) noexcept {
        void* raw_reuse = const_cast<void*>(static_cast<const volatile void*>(reuse));
        void* const result =
            raw_allocation_command(command, limit, prefer_and_received, raw_reuse, sizeof(T));
        reuse = static_cast<T*>(raw_reuse);
        return static_cast<T*>(result);
    }
    void* raw_allocation_command(boost::interprocess::allocation_type command, size_type limit,
                                 size_type& prefer_and_received, void*& reuse,
                                 size_type object_bytes = 1) noexcept;

    // --- Many at once: all of them or none ---

    void allocate_many(size_type bytes, size_type count, multiallocation_chain& chain) noexcept {
        add_many(&bytes, count, 1, true, chain);
    }
    void allocate_many(const size_type* sizes, size_type count, size_type unit,
                       multiallocation_chain& chain) noexcept {
        add_many(sizes, count, unit, false, chain);
    }
    void deallocate_many(multiallocation_chain& chain) noexcept {
        const auto next = [](void* context) -> void* {
            auto& left = *static_cast<multiallocation_chain*>(context);
            return left.empty() ? nullptr : boost::interprocess::ipcdetail::to_raw_pointer(left.pop_front());
        };
        detail::arena_deallocate_many(this, next, &chain);
    }

    // --- The segment ---

    /// Bytes of the arena.
    [[nodiscard]] size_type get_size() const noexcept { return detail::arena_segment_bytes(this); }
    /// Of whole blocks; free objects in slabs come on top.
    [[nodiscard]] size_type get_free_memory() const noexcept { return detail::arena_free_bytes(this); }
    /// Do nothing: an arena grows by itself, and gives back by itself.
    void grow(size_type /*bytes*/) noexcept {}
    void shrink_to_fit() noexcept {}
    /// Overwrites all that is free by zeros.
    void zero_free_memory() noexcept { detail::arena_zero_free(this); }
    /// Whether nothing is allocated.
    [[nodiscard]] bool all_memory_deallocated() noexcept { return detail::arena_is_empty(this); }
    /// Walks the accounts.
    [[nodiscard]] bool check_sanity() noexcept { return words_[0] == mark && detail::arena_is_sound(this); }

private:
    static constexpr std::uint64_t mark = 0x3130'4F47'4C41'4648; ///< "HFALGO01"

    void add_many(const size_type* sizes, size_type count, size_type unit, bool one_size,
                  multiallocation_chain& chain) noexcept {
        multiallocation_chain fresh;
        const auto receive = [](void* context, void* object) {
            static_cast<multiallocation_chain*>(context)->push_back(void_pointer(object));
        };
        if (detail::arena_allocate_many(this, sizes, count, unit, one_size, receive, &fresh)) {
            chain.splice_after(chain.last(), fresh);
        } else {
            fresh.clear();
        }
    }

    std::array<std::uint64_t, 2> words_ = {mark, 0};
};
static_assert(sizeof(heap_algorithm) == 16, "it is a part of the file");

inline void* heap_algorithm::raw_allocation_command(boost::interprocess::allocation_type command,
                                                    size_type limit, size_type& prefer_and_received,
                                                    void*& reuse, size_type object_bytes) noexcept {
    namespace bi = boost::interprocess;
    const size_type preferred = prefer_and_received;
    const bool shrinks = (command & (bi::shrink_in_place | bi::try_shrink_in_place)) != 0;
    const size_type present = reuse != nullptr && object_bytes != 0 ? size(reuse) / object_bytes : 0;
    if (shrinks) {
        // Here the limit is the upper one.
        if (reuse == nullptr || object_bytes == 0) {
            return nullptr;
        }
        prefer_and_received = present;
        return preferred <= present && present <= limit ? reuse : nullptr;
    }
    void* result = nullptr;
    prefer_and_received = 0;
    const bool possible = object_bytes != 0 && limit <= preferred &&
                          preferred <= std::numeric_limits<size_type>::max() / object_bytes;
    if (possible && reuse != nullptr && (command & bi::expand_fwd) != 0 && limit <= present) {
        prefer_and_received = present;
        return reuse;
    }
    reuse = nullptr;
    if (possible && (command & bi::allocate_new) != 0) {
        size_type usable = 0;
        result = detail::arena_allocate(this, preferred * object_bytes, 1, &usable);
        if (result == nullptr && limit < preferred) {
            result = detail::arena_allocate(this, limit * object_bytes, 1, &usable);
        }
        if (result != nullptr) {
            prefer_and_received = usable / object_bytes;
        }
    }
    return result;
}

/// It has no index of names: a store's catalogue is its own.
using boost_segment_manager =
    boost::interprocess::segment_manager<char, heap_algorithm, boost::interprocess::null_index>;

} // namespace holdfast
