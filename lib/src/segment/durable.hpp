// The two durable slots: what is known to be on the medium, and whether the file was closed cleanly.
//
// Written alternately with pwritev2(RWF_DSYNC), never through the mapping, so that a torn write leaves the other.
// Thread and process safety: writers hold the writer lock, or are alone under the gate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "format/commit.hpp"
#include "os/file.hpp"

namespace holdfast {

using incarnation_id = std::array<std::uint8_t, 16>;

struct durable_state {
    std::optional<format::durable_slot> newest; ///< sound and of this incarnation; nothing: both are lost
    bool newest_is_a = false;

    /// Whether everything up to `commit`, which the file shows now, is on the medium and nothing came after it.
    [[nodiscard]] bool clean_at(const format::commit_slot& commit) const noexcept;
    [[nodiscard]] bool says_clean() const noexcept { return newest && newest->clean == 1; }
};

/// 0 or an errno.
[[nodiscard]] int read_durable(const os::file& f, const incarnation_id& incarnation,
                               durable_state& state) noexcept;

/// Writes the successor of `state`'s newest slot into the other place. 0 or an errno; nothing is lost by a failure.
[[nodiscard]] int write_durable(const os::file& f, const incarnation_id& incarnation,
                                const durable_state& state, const format::commit_slot& commit,
                                bool clean) noexcept;

} // namespace holdfast
