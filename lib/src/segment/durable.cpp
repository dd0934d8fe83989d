// Reading and writing durable slots.
#include "segment/durable.hpp"

#include <cstring>
#include <limits>

#include "os/system.hpp"

namespace holdfast {

namespace {

/// The slot at an offset, if it is sound, of this incarnation, and can have a successor. `damaged`: it is none of that,
/// and not empty either.
int read_slot(const os::file& f, std::uint64_t offset, const incarnation_id& incarnation,
              std::optional<format::durable_slot>& slot, bool& damaged) noexcept {
    format::durable_slot read{};
    constexpr format::durable_slot empty{};
    std::size_t got = 0;
    const int code = f.read_at(&read, sizeof read, offset, got);
    if (code == 0 && got == sizeof read && format::is_sound(read) && read.incarnation == incarnation &&
        read.sequence != std::numeric_limits<std::uint64_t>::max()) {
        slot = read;
    }
    damaged = !slot && std::memcmp(&read, &empty, sizeof read) != 0;
    return code;
}

} // namespace

bool durable_state::is_at(const format::commit_slot& commit) const noexcept {
    return newest && format::same_commit(newest->commit, commit);
}

int read_durable(const os::file& f, const incarnation_id& incarnation, durable_state& state) noexcept {
    std::optional<format::durable_slot> a;
    std::optional<format::durable_slot> b;
    bool a_damaged = false;
    bool b_damaged = false;
    const int code_a = read_slot(f, format::durable_slot_a_offset, incarnation, a, a_damaged);
    const int code_b = read_slot(f, format::durable_slot_b_offset, incarnation, b, b_damaged);
    state.newest_is_a = a && (!b || a->sequence > b->sequence);
    state.newest = state.newest_is_a ? a : b;
    state.other_is_damaged = a_damaged || b_damaged;
    // One unreadable place is what the other one is for.
    return code_a != 0 && code_b != 0 ? code_a : 0;
}

int write_durable(const os::file& f, const incarnation_id& incarnation, const durable_state& state,
                  const durable_content& content) noexcept {
    format::durable_slot next{};
    next.magic = format::durable_magic;
    next.sequence = state.next_sequence();
    next.clean = content.clean ? 1 : 0;
    next.root_guarded = content.guarded ? 1 : 0;
    next.version_limit = content.version_limit;
    next.header_sum = content.header_sum;
    next.incarnation = incarnation;
    if (state.newest && !content.new_history) {
        next.history = state.newest->history;
    } else {
        os::random_bytes(next.history);
    }
    next.commit = *content.commit;
    format::clear_unused(next.commit);
    next.checksum = format::checksum_of(next);
    const std::uint64_t offset =
        state.newest_is_a ? format::durable_slot_b_offset : format::durable_slot_a_offset;
    return f.write_durably_at(&next, sizeof next, offset);
}

int write_again(const os::file& f, const durable_state& state) noexcept {
    const std::uint64_t offset =
        state.newest_is_a ? format::durable_slot_a_offset : format::durable_slot_b_offset;
    return f.write_durably_at(&*state.newest, sizeof *state.newest, offset);
}

} // namespace holdfast
