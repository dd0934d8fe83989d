// An arena over a heap in plain memory, and Boost's own algorithm in a buffer, behind one interface.
//
// Thread safety: none.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <holdfast/detail/heap_algorithm.hpp>

#include "fixture.hpp"
#include "heap/account_reader.hpp"
#include "heap/boost_algorithm.hpp"

namespace holdfast::test {

/// Overwrites what is free.
class free_eraser final : public account_visitor {
public:
    explicit free_eraser(std::byte* base) noexcept : base_(base) {}
    void block(const account_block& found) override {
        if (found.state == format::block_state::free_run) {
            std::memset(base_ + found.place().offset(), 0, found.bytes());
        }
    }
    void object(ref place, std::uint64_t bytes, bool allocated) override {
        if (!allocated) {
            std::memset(base_ + place.offset(), 0, bytes);
        }
    }
    void damage(const std::string& what) override { ADD_FAILURE() << what; }

private:
    std::byte* base_;
};

/// Each call is a transaction of its own, which is undone where it fails.
class arena_owner final : public allocation_owner {
public:
    explicit arena_owner(memory_backing& memory) : memory_(&memory), user_(memory) {}

    [[nodiscard]] bool allocate(std::size_t count,
                                const std::function<allocation_request(std::size_t)>& request_at,
                                const std::function<void(void*, std::size_t)>& receive) noexcept override {
        user_.begin();
        try {
            std::vector<ref> made;
            for (std::size_t i = 0; i < count; ++i) {
                made.push_back(make(request_at(i)));
            }
            user_.commit();
            for (const ref place : made) {
                receive(user_.heap().base() + place.offset(), user_.heap().size_of(place));
            }
            return true;
        } catch (const std::exception&) {
            user_.abort();
            return false;
        }
    }

    void deallocate(const std::function<void*()>& next) noexcept override {
        user_.begin();
        while (const void* const object = next()) {
            user_.heap().free(place_of(object));
        }
        user_.commit();
    }

    [[nodiscard]] std::size_t size_of(const void* object) noexcept override {
        return user_.heap().size_of(place_of(object));
    }

    [[nodiscard]] bool is_empty() noexcept override {
        const auto objects = check_heap(user_.heap()).objects;
        return std::none_of(objects.begin(), objects.end(), [](const auto& object) {
            return object.second.owner == format::block_owner::arena;
        });
    }
    [[nodiscard]] bool is_sound() noexcept override { return check_heap(user_.heap()).findings.empty(); }

    void zero_free() noexcept override {
        free_eraser eraser(user_.heap().base());
        read_accounts(user_.heap(), eraser);
    }

    [[nodiscard]] std::size_t size_bytes() const noexcept override { return memory_->backed_bytes(); }
    [[nodiscard]] std::size_t free_bytes() const noexcept override {
        return const_cast<heap_user&>(user_).heap().header().free_blocks * format::block_bytes;
    }

private:
    /// Slabs of a power of two align their objects, and runs begin at a block.
    [[nodiscard]] ref make(const allocation_request& request) {
        constexpr std::size_t alignment_max = 4096;
        if (request.alignment > alignment_max || request.bytes > format::file_bytes_max) {
            throw error(errc::no_space, "not to be had");
        }
        std::uint64_t bytes = request.bytes;
        if (request.alignment > ref::unit_bytes && bytes <= format::slab_bytes_max) {
            bytes = std::bit_ceil(std::max<std::uint64_t>({bytes, request.alignment, 64}));
        }
        return user_.heap().allocate(bytes, format::block_owner::arena);
    }
    [[nodiscard]] ref place_of(const void* object) noexcept {
        const auto* const place = static_cast<const std::byte*>(object);
        return ref::from_offset(static_cast<std::uint64_t>(place - user_.heap().base()));
    }

    memory_backing* memory_;
    heap_user user_;
};

/// The algorithm of an arena, and what makes its memory scarce.
class our_memory {
public:
    using algorithm_type = heap_algorithm;

    our_memory() : memory_(std::uint64_t{1} << 30, initial_end_bytes) {
        heap::format(memory_, initial_end_bytes);
    }
    [[nodiscard]] heap_algorithm& algorithm() { return algorithm_; }
    void make_scarce() { memory_.fail_growth(1); }

private:
    memory_backing memory_;
    arena_owner owner_{memory_};
    heap_algorithm algorithm_{0, 0};
    owner_registration registration_{&algorithm_, owner_};
};

/// Boost's algorithm in a buffer.
class rbtree_memory {
public:
    using algorithm_type = boost::interprocess::rbtree_best_fit<boost::interprocess::mutex_family>;

    rbtree_memory()
        : buffer_(std::aligned_alloc(4096, bytes)), algorithm_(new (buffer_) algorithm_type(bytes, 0)) {}
    ~rbtree_memory() {
        algorithm_->~algorithm_type();
        std::free(buffer_);
    }
    rbtree_memory(const rbtree_memory&) = delete;
    rbtree_memory& operator=(const rbtree_memory&) = delete;
    [[nodiscard]] algorithm_type& algorithm() { return *algorithm_; }
    void make_scarce() {}

private:
    static constexpr std::size_t bytes = std::size_t{16} << 20;
    void* buffer_;
    algorithm_type* algorithm_;
};

} // namespace holdfast::test
