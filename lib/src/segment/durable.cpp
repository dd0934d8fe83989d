// Reading and writing durable slots.
#include "segment/durable.hpp"

#include <algorithm>
#include <limits>

namespace holdfast {

namespace {

/// The slot at an offset, if it is sound, of this incarnation, and can have a successor.
int read_slot(const os::file& f, std::uint64_t offset, const incarnation_id& incarnation,
              std::optional<format::durable_slot>& slot) noexcept {
    format::durable_slot read{};
    std::size_t got = 0;
    const int code = f.read_at(&read, sizeof read, offset, got);
    if (code == 0 && got == sizeof read && format::is_sound(read) && read.incarnation == incarnation &&
        read.sequence != std::numeric_limits<std::uint64_t>::max()) {
        slot = read;
    }
    return code;
}

} // namespace

bool durable_state::clean_at(const format::commit_slot& commit) const noexcept {
    return says_clean() && format::same_commit(newest->commit, commit);
}

int read_durable(const os::file& f, const incarnation_id& incarnation, durable_state& state) noexcept {
    std::optional<format::durable_slot> a;
    std::optional<format::durable_slot> b;
    const int code_a = read_slot(f, format::durable_slot_a_offset, incarnation, a);
    const int code_b = read_slot(f, format::durable_slot_b_offset, incarnation, b);
    state.newest_is_a = a && (!b || a->sequence > b->sequence);
    state.newest = state.newest_is_a ? a : b;
    // One unreadable place is what the other one is for.
    return code_a != 0 && code_b != 0 ? code_a : 0;
}

int write_durable(const os::file& f, const incarnation_id& incarnation, const durable_state& state,
                  const format::commit_slot& commit, bool clean) noexcept {
    format::durable_slot next{};
    next.magic = format::durable_magic;
    next.sequence = state.newest ? state.newest->sequence + 1 : 1;
    next.clean = clean ? 1 : 0;
    next.version_limit = std::max(commit.txn, state.newest ? state.newest->version_limit : 0);
    next.incarnation = incarnation;
    next.commit = commit;
    next.checksum = format::checksum_of(next);
    const std::uint64_t offset =
        state.newest_is_a ? format::durable_slot_b_offset : format::durable_slot_a_offset;
    return f.write_durably_at(&next, sizeof next, offset);
}

} // namespace holdfast
