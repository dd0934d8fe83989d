// One mapped arena with slabs of 64 equal objects and a free list per object size: the mock-up of the store's
// heap.
//
// Not thread-safe. Memory is shared and in 4 KiB pages, as a mapped file has it. A reference counts units of
// 16 bytes and zero is none. What is freed is reused at once, last in first out, as after single-put
// transactions that no reader watches.
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace layouts {

using reference = std::uint64_t;

inline constexpr std::size_t unit_bytes = 16;
inline constexpr std::size_t object_bytes_max = 4096;

/// The slot size for a record or separator of `bytes`.
constexpr std::size_t slot_bytes(std::size_t bytes) noexcept {
    auto const round = [bytes](std::size_t step) { return (bytes + step - 1) / step * step; };
    if (bytes <= 32) {
        return 32;
    }
    if (bytes <= 256) {
        return round(16);
    }
    if (bytes <= 512) {
        return round(32);
    }
    if (bytes <= 1024) {
        return round(64);
    }
    return round(128);
}

class arena final {
public:
    arena() {
        void* const mapped = ::mmap(nullptr, reserve_bytes, PROT_READ | PROT_WRITE,
                                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) {
            throw std::bad_alloc{};
        }
        ::madvise(mapped, reserve_bytes, MADV_NOHUGEPAGE);
        base_ = static_cast<std::byte*>(mapped);
    }
    ~arena() { ::munmap(base_, reserve_bytes); }
    arena(arena const&) = delete;
    arena& operator=(arena const&) = delete;

    template <class T>
    T* at(reference object) const noexcept {
        return reinterpret_cast<T*>(base_ + object * unit_bytes);
    }

    /// `bytes` is a node size or a `slot_bytes` result: a multiple of 16, at most `object_bytes_max`.
    reference allocate(std::size_t bytes) {
        size_class& sized = classes_[bytes / unit_bytes];
        if (!sized.free.empty()) {
            reference const object = sized.free.back();
            sized.free.pop_back();
            return object;
        }
        if (sized.next == sized.end) {
            new_slab(sized, bytes);
        }
        reference const object = sized.next / unit_bytes;
        sized.next += bytes;
        return object;
    }

    void free(reference object, std::size_t bytes) { classes_[bytes / unit_bytes].free.push_back(object); }

    /// Everything ever carved into slabs: what the file would take.
    std::size_t used_bytes() const noexcept { return next_; }

private:
    static constexpr std::size_t reserve_bytes = std::size_t{16} << 30;
    static constexpr std::size_t slab_objects = 64;

    struct size_class {
        std::vector<reference> free;
        std::size_t next = 0;
        std::size_t end = 0;
    };

    void new_slab(size_class& sized, std::size_t bytes) {
        std::size_t const alignment = bytes % 4096 == 0 ? 4096 : 64;
        sized.next = (next_ + alignment - 1) / alignment * alignment;
        sized.end = sized.next + slab_objects * bytes;
        next_ = sized.end;
        if (next_ > reserve_bytes) {
            throw std::bad_alloc{};
        }
    }

    std::byte* base_ = nullptr;
    std::size_t next_ = 4096;
    std::array<size_class, object_bytes_max / unit_bytes + 1> classes_;
};

inline void prefetch_lines(void const* object, std::size_t bytes) noexcept {
    auto const* const first = static_cast<char const*>(object);
    for (std::size_t at = 0; at < bytes; at += 64) {
        __builtin_prefetch(first + at);
    }
}

} // namespace layouts
