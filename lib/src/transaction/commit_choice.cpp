// Choosing a commit.
#include "transaction/commit_choice.hpp"

#include <algorithm>
#include <utility>

namespace holdfast {

commit_choice::commit_choice(segment& file, const durable_state& found, bool same_file)
    : file_(&file),
      durable_(found.newest),
      // After a torn write the newest slot is the one before, whose commit is whole. But a newest slot that was
      // damaged later looks the same, and then what the one before reaches may have been used again.
      durable_is_whole_(durable_ && same_file && !found.other_is_damaged && durable_->root_guarded == 1) {
    // From the one that readers saw downwards; a slot above it may be of a transaction that was undone.
    const commit_head visible = file.commits().visible();
    if (visible.is_sound()) {
        later_ = slots_up_to(visible.number());
        std::erase_if(later_, [&](const auto& slot) { return durable_ && slot.txn <= durable_->commit.txn; });
    }
}

std::optional<format::commit_slot> commit_choice::newest_whole() {
    for (const format::commit_slot& later : later_) {
        if (is_whole(later, durable_is_whole_ ? txn_id{durable_->commit.txn} : txn_id::none)) {
            return later;
        }
    }
    if (durable_ && (durable_is_whole_ || is_whole(durable_->commit, txn_id::none))) {
        return durable_->commit;
    }
    return std::nullopt;
}

std::optional<format::commit_slot> commit_choice::newest_readable() {
    if (durable_is_whole_) {
        return durable_->commit;
    }
    if (const auto whole = newest_whole()) {
        return whole;
    }
    if (!later_.empty()) {
        return later_.front();
    }
    if (durable_) {
        return durable_->commit;
    }
    const std::vector<format::commit_slot> any = slots_up_to(txn_id{format::txn_limit});
    return any.empty() ? std::nullopt : std::optional(any.front());
}

/// What the ring has, newest first.
std::vector<format::commit_slot> commit_choice::slots_up_to(txn_id newest) const {
    std::vector<format::commit_slot> found;
    for (std::uint64_t place = 0; place < format::commit_slots; ++place) {
        format::commit_slot slot{};
        if (file_->commits().copy_place(place, slot) && slot.txn <= raw(newest)) {
            found.push_back(slot);
        }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.txn > b.txn; });
    return found;
}

/// Whether all is there that was made after `trusted`.
bool commit_choice::is_whole(const format::commit_slot& commit, txn_id trusted) {
    std::vector<check_finding> found =
        check_everything(*file_, check_options{.accounts = false, .commit = &commit, .trusted = trusted});
    const bool whole = found.empty();
    if (findings_.empty()) {
        findings_ = std::move(found);
    }
    return whole;
}

} // namespace holdfast
