// What an iterator asks before it touches the file: whether what it walks is still there, and as it was.
//
// Thread safety: that of the snapshot or transaction which it belongs to. Process safety: after fork() the child finds
// out by `expect` and `expect_here`, before it touches memory that it may not have.
#pragma once

#include <cstdint>

#include <holdfast/detail/with_key.hpp>

#include "base/types.hpp"
#include "os/fork.hpp"

namespace holdfast::detail {

class walked {
public:
    virtual ~walked() = default;

    /// The map of that number, for messages.
    [[nodiscard]] virtual map_label label(map_id id) const = 0;

    /// The number of changes so far; an iterator remembers it.
    [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

    /// Throws forked in a child of the process that began.
    void expect_here() const {
        if (os::is_forked_since(generation_)) [[unlikely]] {
            throw_forked();
        }
    }
    /// Throws forked, or stale_iterator if there were changes since.
    void expect(std::uint64_t changes_then) const {
        expect_here();
        if (changes_then != changes_) [[unlikely]] {
            throw_stale();
        }
    }
    [[nodiscard]] bool is_here() const noexcept { return !os::is_forked_since(generation_); }

    void note_change() noexcept { ++changes_; }
    /// Nothing can be walked any more.
    void note_end() noexcept { changes_ = ended; }
    [[nodiscard]] bool has_ended() const noexcept { return changes_ == ended; }

protected:
    walked() = default;
    walked(const walked&) = default;
    walked& operator=(const walked&) = default;

private:
    static constexpr std::uint64_t ended = ~std::uint64_t{0};

    [[noreturn]] static void throw_forked();
    [[noreturn]] void throw_stale() const;

    std::uint64_t generation_ = os::fork_generation();
    std::uint64_t changes_ = 0;
};

} // namespace holdfast::detail
