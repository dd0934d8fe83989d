// What the tree needs of the world below it: memory to read, and, for a writer, memory to take and to retire.
//
// `space_view` is all that a reader has: bytes, and how many of them may be trusted to exist. Everything that
// is reached through it comes from an untrusted file: `at` checks the bounds of each access and throws
// `errc::corrupt` beyond them.
//
// Thread safety: a view is a value. A `space` belongs to one write transaction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/corrupt.hpp"
#include "base/types.hpp"

namespace holdfast {

class space_view {
public:
    constexpr space_view() noexcept = default;
    constexpr space_view(const std::byte* base, std::uint64_t begin, std::uint64_t end) noexcept
        : base_(base), begin_(begin), end_(end) {}

    /// The object at `place`, of which `size` bytes (default: all of it) must lie within the space.
    template <class T>
    [[nodiscard]] const T& at(ref place, std::uint64_t size = sizeof(T)) const {
        return *reinterpret_cast<const T*>(bytes(place, size));
    }

    [[nodiscard]] const std::byte* bytes(ref place, std::uint64_t size) const {
        const std::uint64_t offset = place.offset();
        if (offset < begin_ || offset >= end_ || end_ - offset < size) [[unlikely]] {
            throw_corrupt("a reference leads out of the store", place);
        }
        return base_ + offset;
    }

    /// Whether `size` bytes at `place` lie within the space.
    [[nodiscard]] bool contains(ref place, std::uint64_t size) const noexcept {
        const std::uint64_t offset = place.offset();
        return offset >= begin_ && offset < end_ && end_ - offset >= size;
    }

    /// The address of `place`, only to be prefetched: it may be nonsense.
    [[nodiscard]] const std::byte* hint(ref place) const noexcept {
        const std::uint64_t offset = place.offset();
        return base_ + (offset < end_ ? offset : 0);
    }

    /// The offset behind the last byte that references may reach.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    /// How many bytes references may reach.
    [[nodiscard]] std::uint64_t size() const noexcept { return end_ > begin_ ? end_ - begin_ : 0; }

private:
    const std::byte* base_ = nullptr;
    std::uint64_t begin_ = 0; ///< offset of the first byte that references may reach
    std::uint64_t end_ = 0;   ///< offset behind the last
};

class space {
public:
    space() = default;
    space(const space&) = delete;
    space& operator=(const space&) = delete;
    virtual ~space() = default;

    /// At least `size` bytes at a multiple of 16, and of 64 if `size` is one (1 KiB: of its size; 768 bytes: of 256);
    /// contents undefined.
    /// Throws no_space; then the transaction can only be aborted. May move the end of `view()`, never its base.
    [[nodiscard]] virtual ref allocate(std::uint64_t size) = 0;

    /// Gives back what `allocate(size)` returned in transaction `made`: at once if that is this transaction,
    /// otherwise as soon as no snapshot can reach it.
    virtual void release(ref place, std::uint64_t size, txn_id made) = 0;

    [[nodiscard]] virtual space_view view() const noexcept = 0;

    /// Writable access to what this transaction allocated. `place` must come from `allocate`.
    template <class T>
    [[nodiscard]] T& writable(ref place) const noexcept {
        return *reinterpret_cast<T*>(base_ + place.offset());
    }

    /// The running transaction: the `made` of all that it allocates.
    [[nodiscard]] txn_id transaction() const noexcept { return transaction_; }

protected:
    std::byte* base_ = nullptr;
    txn_id transaction_ = txn_id::none;
};

} // namespace holdfast
