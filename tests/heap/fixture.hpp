// A heap in plain memory, with the transactions that the layers above would give it.
//
// Thread safety: none.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "heap/heap.hpp"
#include "support/heap_checker.hpp"
#include "support/memory_backing.hpp"

namespace holdfast::test {

/// Sanitizers make everything slower; the number of repetitions follows.
#if defined(HOLDFAST_TSAN)
inline constexpr std::uint64_t effort_divisor = 50;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr std::uint64_t effort_divisor = 10;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr std::uint64_t effort_divisor = 10;
#else
inline constexpr std::uint64_t effort_divisor = 1;
#endif
#else
inline constexpr std::uint64_t effort_divisor = 1;
#endif

inline constexpr std::uint64_t initial_end_bytes = format::heap_offset + 32 * format::block_bytes;

/// The heap of one process over a backing that others may use, too.
class heap_user {
public:
    explicit heap_user(backing& memory, std::uint64_t visible = 1)
        : memory_(&memory), heap_(memory), visible_(visible) {}

    [[nodiscard]] holdfast::heap& heap() noexcept { return heap_; }
    [[nodiscard]] std::uint64_t visible() const noexcept { return visible_; }

    void begin() {
        heap_.blocks().verify_header(memory_->backed_bytes());
        running_ = std::max(visible_, raw(heap_.undo().last_begun())) + 1;
        heap_.begin(txn_id{running_});
    }
    void commit() {
        heap_.before_commit();
        visible_ = running_;
    }
    void abort() { heap_.roll_back(); }
    /// What the next writer does after a kill. Returns whether there was something to undo.
    bool recover() {
        if (!heap_.undo().active(txn_id{visible_})) {
            return false;
        }
        heap_.roll_back();
        return true;
    }

private:
    backing* memory_;
    holdfast::heap heap_;
    std::uint64_t visible_;
    std::uint64_t running_ = 0;
};

class heap_test : public testing::Test {
protected:
    explicit heap_test(std::uint64_t reserved_bytes = std::uint64_t{1} << 30)
        : memory_(reserved_bytes, initial_end_bytes) {
        heap::format(memory_, initial_end_bytes);
    }

    void expect_sound() {
        const heap_report report = check_heap(user_.heap());
        for (const std::string& finding : report.findings) {
            ADD_FAILURE() << finding;
        }
    }

    memory_backing memory_;
    heap_user user_{memory_};
};

/// The reason of the error that `work` throws; fails the test if it throws none.
template <class Work>
[[nodiscard]] errc reason_of(Work&& work) {
    try {
        work();
    } catch (const error& failure) {
        return failure.reason();
    }
    ADD_FAILURE() << "no error was thrown";
    return errc{};
}

} // namespace holdfast::test
