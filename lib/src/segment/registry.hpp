// The segments that this process has open: at most one mapping of a file for writing and one for reading.
//
// Thread safety: all members. Process safety: of one process; after fork() the child's table counts as empty.
// Invariant: while a claim on a key lives, no other can be had; it lives until its segment has detached and
// unmapped, so nobody opens a file that another thread of this process is still closing.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>

#include "os/time.hpp"

namespace holdfast {

class segment;

struct registry_key {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool read_only = false;
    friend auto operator<=>(const registry_key&, const registry_key&) = default;
};

/// The right to have the segment of a file; given up at destruction.
class registry_claim final {
public:
    registry_claim() noexcept = default;
    ~registry_claim();
    registry_claim(registry_claim&& other) noexcept;
    registry_claim& operator=(registry_claim&& other) noexcept;
    registry_claim(const registry_claim&) = delete;
    registry_claim& operator=(const registry_claim&) = delete;

    /// From now on others get this segment.
    void publish(const std::shared_ptr<segment>& opened) noexcept;

private:
    friend struct registry;
    registry_key key_;
    std::uint64_t generation_ = 0; ///< of fork(); 0: no claim
};

struct registry {
    /// The open segment of a file; or null, and then `claim` is the caller's. Waits while another thread opens or
    /// closes it. False: the time is up.
    [[nodiscard]] static bool find_or_claim(const registry_key& key, os::deadline until,
                                            std::shared_ptr<segment>& found, registry_claim& claim);
};

} // namespace holdfast
