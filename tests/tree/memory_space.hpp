// A space in plain memory, with exact accounting: every allocation is known by place, size and transaction.
//
// What is released though older snapshots may reach it stays readable until `drop_old_snapshots`. Freed memory
// is overwritten, so that a use after release shows. Misuse by the tree (double release, wrong size, wrong
// transaction) throws std::logic_error, or errc::corrupt where the bytes are forged on purpose. Under
// AddressSanitizer all that is not allocated is poisoned; among forged bytes only what is beyond the end.
//
// Thread safety: none.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <random>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include <holdfast/error.hpp>

#include "tree/space.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define HOLDFAST_TEST_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HOLDFAST_TEST_ASAN 1
#endif
#endif
#ifdef HOLDFAST_TEST_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace holdfast::test {

class memory_space final : public space {
public:
    struct object {
        std::uint64_t size;
        txn_id made;
        friend bool operator==(const object&, const object&) = default;
    };

    explicit memory_space(std::uint64_t capacity = std::uint64_t{4} << 30) : capacity_(capacity) {
        void* mapped = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED) {
            throw std::bad_alloc();
        }
        base_ = static_cast<std::byte*>(mapped);
        transaction_ = txn_id{1};
        poison(0, guard_bytes);
    }
    ~memory_space() override {
        unpoison(0, std::min(capacity_, end_ + guard_bytes));
        ::munmap(base_, capacity_);
    }

    // --- The space ---

    ref allocate(std::uint64_t size) override {
        ++allocations_;
        if (fail_at_ != 0 && allocations_ >= fail_at_) {
            throw error(errc::no_space, "the test allows no more allocations");
        }
        if (misleading_ != nullptr && (*misleading_)() % 4 == 0) {
            return anywhere(size);
        }
        const std::uint64_t offset = find_room(size);
        unpoison(offset, rounded(size));
        live_.emplace(offset, object{size, transaction_});
        std::memset(base_ + offset, 0xAA, std::min<std::uint64_t>(size, 4096));
        return ref::from_offset(offset);
    }

    void release(ref place, std::uint64_t size, txn_id made) override {
        const auto found = live_.find(place.offset());
        if (found == live_.end() || found->second != object{size, made}) {
            refuse_release(place);
            return;
        }
        if (made == transaction_) {
            make_free(found->first, size);
        } else {
            retired_.push_back({found->first, found->second});
        }
        live_.erase(found);
    }

    space_view view() const noexcept override { return {base_, begin, end_}; }

    // --- Transactions ---

    /// Begins the next transaction; what the last one made is committed.
    void commit() {
        transaction_ = next(transaction_);
        retired_kept_ = retired_.size();
    }

    /// Undoes the running transaction and begins the next.
    void abort() {
        for (auto at = live_.begin(); at != live_.end();) {
            const auto here = at++;
            if (here->second.made == transaction_) {
                make_free(here->first, here->second.size);
                live_.erase(here);
            }
        }
        for (; retired_.size() > retired_kept_; retired_.pop_back()) {
            live_.insert(retired_.back());
        }
        transaction_ = next(transaction_);
    }

    /// Frees what no state but the newest reaches. Only between transactions.
    void drop_old_snapshots() {
        for (const auto& [offset, gone] : retired_) {
            make_free(offset, gone.size);
        }
        retired_.clear();
        retired_kept_ = 0;
    }

    // --- What tests ask and set ---

    [[nodiscard]] const std::unordered_map<std::uint64_t, object>& live() const noexcept { return live_; }
    [[nodiscard]] std::uint64_t allocations() const noexcept { return allocations_; }

    /// The nth allocation from now on throws no_space, and all after it; 0: none does.
    void fail_from(std::uint64_t nth) noexcept { fail_at_ = nth == 0 ? 0 : allocations_ + nth; }

    /// From now on misuse is taken for a consequence of forged bytes: errc::corrupt.
    void expect_forgery() noexcept {
        forged_ = true;
        unpoison(begin, end_ - begin);
    }

    /// From now on misuse is not even noticed.
    void ignore_misuse() noexcept { ignore_misuse_ = true; }

    /// From now on some allocations are of memory that is in use, as a damaged heap would hand it out.
    void mislead(std::mt19937_64* random) noexcept { misleading_ = random; }

    /// Any byte, to be forged.
    [[nodiscard]] std::byte* bytes(ref place) noexcept { return base_ + place.offset(); }

    static constexpr std::uint64_t begin = 4096;

private:
    [[nodiscard]] static std::uint64_t rounded(std::uint64_t size) noexcept { return (size + 15) / 16 * 16; }

    static constexpr std::uint64_t guard_bytes = 64 * 1024;

    void poison([[maybe_unused]] std::uint64_t offset, [[maybe_unused]] std::uint64_t size) noexcept {
#ifdef HOLDFAST_TEST_ASAN
        ASAN_POISON_MEMORY_REGION(base_ + offset, size);
#endif
    }
    void unpoison([[maybe_unused]] std::uint64_t offset, [[maybe_unused]] std::uint64_t size) noexcept {
#ifdef HOLDFAST_TEST_ASAN
        ASAN_UNPOISON_MEMORY_REGION(base_ + offset, size);
#endif
    }

    void grow(std::uint64_t end) noexcept {
        if (forged_) {
            unpoison(end_, end - end_);
        }
        poison(end, guard_bytes);
        end_ = end;
    }

    /// Of what has room for so many bytes, since it is reused for any of the same room.
    [[nodiscard]] static std::uint64_t alignment_of(std::uint64_t bytes) noexcept {
        const std::uint64_t size = rounded(bytes);
        return size == 1024 ? 1024 : size == 768 ? 256 : size % 64 == 0 ? 64 : 16;
    }

    std::uint64_t find_room(std::uint64_t size) {
        auto& free = free_[rounded(size)];
        if (!free.empty()) {
            const std::uint64_t offset = free.back();
            free.pop_back();
            return offset;
        }
        const std::uint64_t alignment = alignment_of(size);
        const std::uint64_t offset = (end_ + alignment - 1) / alignment * alignment;
        if (offset > capacity_ || capacity_ - offset < rounded(size) + guard_bytes) {
            throw error(errc::no_space, "the test's memory is exhausted");
        }
        grow(offset + rounded(size));
        return offset;
    }

    ref anywhere(std::uint64_t size) {
        const std::uint64_t alignment = alignment_of(size);
        const std::uint64_t room = end_ > begin + size ? end_ - size : begin;
        const std::uint64_t offset = begin + (*misleading_)() % (room - begin + 1);
        const std::uint64_t aligned = std::max(begin, offset / alignment * alignment);
        if (capacity_ - aligned < rounded(size) + guard_bytes) {
            throw error(errc::no_space, "the test's memory is exhausted");
        }
        grow(std::max(end_, aligned + rounded(size)));
        return ref::from_offset(aligned);
    }

    void make_free(std::uint64_t offset, std::uint64_t size) {
        std::memset(base_ + offset, 0xDD, std::min<std::uint64_t>(size, 4096));
        if (!forged_) {
            poison(offset, rounded(size));
        }
        free_[rounded(size)].push_back(offset);
    }

    void refuse_release(ref place) const {
        if (ignore_misuse_) {
            return;
        }
        if (forged_) {
            throw error(errc::corrupt, "released what is not allocated");
        }
        throw std::logic_error("release of " + std::to_string(place.offset()) +
                               ": not live, or of another size or transaction");
    }

    std::uint64_t capacity_;
    std::uint64_t end_ = begin;
    std::unordered_map<std::uint64_t, object> live_;
    std::map<std::uint64_t, std::vector<std::uint64_t>> free_;
    std::vector<std::pair<std::uint64_t, object>> retired_;
    std::size_t retired_kept_ = 0; ///< those before it were retired by committed transactions
    std::uint64_t allocations_ = 0;
    std::uint64_t fail_at_ = 0;
    bool forged_ = false;
    bool ignore_misuse_ = false;
    std::mt19937_64* misleading_ = nullptr;
};

} // namespace holdfast::test
