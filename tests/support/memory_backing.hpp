// Plain memory below a heap: reserved addresses of which only what was allocated can be touched.
//
// Whatever a heap reads or writes beyond its end is a fault at once. The memory is shared with forked children,
// and so is its length, so that a child may die in the middle of something and its parent looks at what is left.
//
// Thread safety: none.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include <holdfast/error.hpp>

#include "format/geometry.hpp"
#include "heap/backing.hpp"

namespace holdfast::test {

class memory_backing final : public backing {
public:
    explicit memory_backing(std::uint64_t reserved_bytes, std::uint64_t backed_bytes = format::heap_offset)
        : reserved_(reserved_bytes), limit_(reserved_bytes) {
        base_ = map(reserved_, PROT_NONE);
        shared_length_ = new (map(4096, PROT_READ | PROT_WRITE)) std::atomic<std::uint64_t>(0);
        memory_backing::ensure_allocated(backed_bytes);
        growths_ = 0;
    }
    ~memory_backing() override {
        ::munmap(base_, reserved_);
        ::munmap(shared_length_, 4096);
    }

    [[nodiscard]] std::byte* base() const noexcept override { return base_; }

    void ensure_allocated(std::uint64_t end_bytes) override {
        if (end_bytes <= backed_bytes()) {
            return;
        }
        ++growths_;
        if (end_bytes > limit_ || (growth_to_fail_ != 0 && growths_ >= growth_to_fail_)) {
            throw error(errc::no_space, "the test's memory is used up");
        }
        shared_length_->store(end_bytes);
        unprotect();
    }

    [[nodiscard]] std::uint64_t backed_bytes() const override {
        unprotect();
        return shared_length_->load();
    }

    /// Growth beyond that many bytes fails.
    void set_limit(std::uint64_t limit_bytes) noexcept { limit_ = limit_bytes; }
    /// Touching these pages is a fault from now on.
    void forbid(std::uint64_t offset, std::uint64_t bytes) { protect(offset, bytes, PROT_NONE); }
    /// The Nth growth from now and all later ones fail; 0: none.
    void fail_growth(std::uint64_t nth) noexcept {
        growths_ = 0;
        growth_to_fail_ = nth;
    }
    [[nodiscard]] std::uint64_t growths() const noexcept { return growths_; }

private:
    [[nodiscard]] static std::byte* map(std::uint64_t bytes, int protection) {
        void* const mapped =
            ::mmap(nullptr, bytes, protection, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) {
            throw std::bad_alloc();
        }
        return static_cast<std::byte*>(mapped);
    }

    void protect(std::uint64_t offset, std::uint64_t bytes, int protection) const {
        if (::mprotect(base_ + offset, bytes, protection) != 0) {
            throw std::bad_alloc();
        }
    }

    /// A child may have made the memory longer.
    void unprotect() const {
        const std::uint64_t length = shared_length_->load();
        if (length <= unprotected_) {
            return;
        }
        protect(unprotected_, length - unprotected_, PROT_READ | PROT_WRITE);
        unprotected_ = length;
    }

    std::byte* base_ = nullptr;
    std::uint64_t reserved_;
    std::uint64_t limit_;
    std::uint64_t growths_ = 0;
    std::uint64_t growth_to_fail_ = 0;
    std::atomic<std::uint64_t>* shared_length_ = nullptr;
    mutable std::uint64_t unprotected_ = 0;
};

} // namespace holdfast::test
