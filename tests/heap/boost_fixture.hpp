// A store with its Boost segment manager, and Boost's own algorithm in plain memory, behind one interface.
//
// Thread safety: none.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <holdfast/detail/heap_algorithm.hpp>

#include "os/failpoint.hpp"
#include "support/temporary_store.hpp"
#include "transaction/engine.hpp"

namespace holdfast::test {

/// An engine on a temporary store.
class boost_store {
public:
    explicit boost_store(std::filesystem::path path) : engine_(engine::open(path, {})) {}

    [[nodiscard]] holdfast::engine& engine() noexcept { return *engine_; }
    [[nodiscard]] const std::shared_ptr<holdfast::engine>& shared() const noexcept { return engine_; }
    [[nodiscard]] boost_segment_manager* manager() {
        return static_cast<boost_segment_manager*>(engine_->external().prepare());
    }
    /// Boost 1.74 has no way to ask a segment manager for its algorithm, which is its first base.
    [[nodiscard]] heap_algorithm& algorithm() { return *reinterpret_cast<heap_algorithm*>(manager()); }
    [[nodiscard]] std::uint64_t offset_of(const void* object) const noexcept {
        return static_cast<std::uint64_t>(static_cast<const std::byte*>(object) - engine_->file().base());
    }

private:
    std::shared_ptr<holdfast::engine> engine_;
};

/// The algorithm of a store, and what makes its memory scarce.
class our_memory {
public:
    using algorithm_type = heap_algorithm;

    our_memory() : store_(folder_.path()) {}
    ~our_memory() { arm_failpoints(""); }
    [[nodiscard]] heap_algorithm& algorithm() { return store_.algorithm(); }
    void make_scarce() { arm_failpoints("segment.allocate=fail"); }

private:
    temporary_store folder_;
    boost_store store_;
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
