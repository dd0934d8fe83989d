// The two durable slots: what is known to be on the medium, and whether the file was closed cleanly.
//
// Written alternately with pwritev2(RWF_DSYNC), never through the mapping, so that a torn write leaves the other.
// Thread and process safety: writers hold the slot lock, or are alone under the gate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "format/commit.hpp"
#include "os/file.hpp"

namespace holdfast {

/// Numbers of transactions are promised in such steps, each of which is written durably once.
inline constexpr std::uint64_t versions_at_a_time = std::uint64_t{1} << 26;

using incarnation_id = std::array<std::uint8_t, 16>;

struct durable_state {
    std::optional<format::durable_slot> newest; ///< sound and of this incarnation; nothing: both are lost
    bool newest_is_a = false;
    bool other_is_damaged = false; ///< it may have been newer, so `newest` is not believed to be clean

    /// Whether the commit that was on the medium, when this was written, is `commit`.
    [[nodiscard]] bool is_at(const format::commit_slot& commit) const noexcept;
    [[nodiscard]] bool says_clean() const noexcept {
        return newest && newest->clean == 1 && !other_is_damaged;
    }
    [[nodiscard]] std::uint64_t version_limit() const noexcept { return newest ? newest->version_limit : 0; }
    [[nodiscard]] std::uint64_t next_sequence() const noexcept { return newest ? newest->sequence + 1 : 1; }
};

/// 0 or an errno.
[[nodiscard]] int read_durable(const os::file& f, const incarnation_id& incarnation,
                               durable_state& state) noexcept;

/// What a durable slot is to say.
struct durable_content {
    const format::commit_slot* commit = nullptr;
    std::uint64_t version_limit = 0;
    bool clean = false;
    std::uint64_t header_sum = 0; ///< where it is clean
    bool new_history = false;     ///< commits may have been lost
    bool guarded = true;          ///< the commit is on the medium, and reclaiming takes it for a pin
};

/// Writes the successor of `state`'s newest slot into the other place. 0 or an errno; nothing is lost by a failure.
[[nodiscard]] int write_durable(const os::file& f, const incarnation_id& incarnation,
                                const durable_state& state, const durable_content& content) noexcept;

/// Writes the newest slot again, where it is. 0 or an errno.
[[nodiscard]] int write_again(const os::file& f, const durable_state& state) noexcept;

} // namespace holdfast
