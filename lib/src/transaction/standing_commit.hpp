// The commit that a read-only process reads in place of the one that the heads name, while nobody vouches for these.
//
// It stands for every visible head of the history that was lost, so also for those that come and go while somebody
// restores the store: what was restored has a number above all that were promised. Whoever restores it publishes that
// before anything is reclaimed, and holds back until the next sync point what the durable commit reaches; so a reader
// that has pinned its commit, and then still finds such a head, keeps what it reads, and one that finds another head
// reads what was restored.
//
// What the redo log has behind that commit is replayed into private memory, so that whoever may only read sees all that
// was acknowledged as durable. The pin is that of the commit in the file, on which the private one stands.
//
// Thread safety: constant. Process safety: by the pin, as with any commit.
#pragma once

#include <memory>

#include "segment/segment.hpp"
#include "transaction/commit_state.hpp"
#include "transaction/private_space.hpp"

namespace holdfast {

class standing_commit {
public:
    /// Of a segment that is `unrestored`. Takes the time of replaying the log where the durable commit is known to be
    /// whole; else O(n). Throws corrupt if there is no commit at all; address_space, io_error.
    explicit standing_commit(segment& file);

    /// The commit in the file that has to be pinned.
    [[nodiscard]] txn_id pinned() const noexcept { return pinned_; }
    [[nodiscard]] const commit_state& state() const noexcept { return state_; }
    [[nodiscard]] bool stands_for(commit_head head) const noexcept {
        return head == visible_ || head.number() <= promised_;
    }
    /// Whether there was a newer commit, which damage has lost.
    [[nodiscard]] bool is_older() const noexcept { return older_; }

private:
    void replay_log(segment& file);
    void replay_records(segment& file);

    commit_state state_; ///< its view ends where the file does, or what was replayed
    txn_id pinned_ = txn_id::none;
    std::unique_ptr<private_space> replayed_; ///< null: nothing was
    commit_head visible_{0};                  ///< as it was found
    txn_id promised_ = txn_id::none;          ///< the highest number that the lost history may have had
    bool older_ = false;
};

} // namespace holdfast
