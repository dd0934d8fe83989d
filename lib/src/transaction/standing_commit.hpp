// The commit that a read-only process reads in place of the one that the heads name, while nobody vouches for these.
//
// It stands for one value of the visible head. Whoever restores the store publishes a commit before it reclaims
// anything, and holds back until the next sync point what the durable commit reaches; so a reader that has pinned its
// commit, and then still finds that head, keeps what it reads, and one that finds another head reads what was restored.
//
// Thread safety: constant. Process safety: by the pin, as with any commit.
#pragma once

#include <cstdint>

#include "segment/segment.hpp"
#include "transaction/commit_state.hpp"

namespace holdfast {

class standing_commit {
public:
    /// Of a segment that is `unrestored`. O(1) where the durable commit is known to be whole; else O(n). Throws corrupt
    /// if there is no commit at all.
    explicit standing_commit(segment& file);

    [[nodiscard]] txn_id id() const noexcept { return txn_id{slot_.txn}; }
    [[nodiscard]] bool stands_for(commit_head head) const noexcept { return head == visible_; }
    void copy_to(commit_state& state, const std::byte* base) const noexcept {
        state.slot = slot_;
        state.view = space_view(base, format::heap_offset, end_bytes_);
    }

private:
    format::commit_slot slot_{};
    commit_head visible_{0};
    std::uint64_t end_bytes_ = 0; ///< of what references may reach: the file may be cut short
};

} // namespace holdfast
