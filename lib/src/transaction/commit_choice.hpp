// Which commit counts in a store that nobody vouches for: after a boot, as a copy, or with damaged heads
// (docs/design.md, "What a store is after a boot").
//
// Thread and process safety: alone, under the gate; or by a reader, beside whoever restores the store: nothing that is
// chosen is changed before the restored commit is published.
#pragma once

#include <optional>
#include <vector>

#include "segment/segment.hpp"
#include "transaction/check.hpp"

namespace holdfast {

class commit_choice {
public:
    /// `found` is what the medium said; where `same_file`, its commit is whole.
    commit_choice(segment& file, const durable_state& found, bool same_file);

    /// The newest commit that is whole. Verifies what was made after the durable one; all, where that is not known to
    /// be whole. nullopt: there is none, and `findings` says why.
    [[nodiscard]] std::optional<format::commit_slot> newest_whole();

    /// For readers, who can't restore anything: the durable commit, in O(1), where it is known to be whole; else
    /// the newest that is whole; else the newest that there is, for what is left of it. nullopt: not even that.
    [[nodiscard]] std::optional<format::commit_slot> newest_readable();

    /// Of the newest commit, if that is not whole.
    [[nodiscard]] const std::vector<check_finding>& findings() const noexcept { return findings_; }

private:
    [[nodiscard]] std::vector<format::commit_slot> slots_up_to(txn_id newest) const;
    [[nodiscard]] bool is_whole(const format::commit_slot& commit, txn_id trusted);

    segment* file_;
    std::optional<format::durable_slot> durable_;
    bool durable_is_whole_;
    std::vector<format::commit_slot> later_; ///< than the durable one, newest first
    std::vector<check_finding> findings_;
};

} // namespace holdfast
