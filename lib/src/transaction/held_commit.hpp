// A commit that is held for a snapshot.
//
// Snapshots that one thread takes of the same commit share one of these, and so one reader slot: a process may hold as
// many as memory allows. Those of several threads don't, so that threads never wait for each other's cache lines.
//
// Thread safety: constant; may end on any thread. Process safety: by the reader slots.
#pragma once

#include <memory>
#include <utility>

#include "transaction/engine.hpp"

namespace holdfast {

class held_commit final {
public:
    /// The newest commit. `owner` lives as long as it is held. Never waits. Throws no_space, where all slots of the
    /// store are taken; forked, io_error, corrupt, address_space.
    [[nodiscard]] static std::shared_ptr<const held_commit> newest(std::shared_ptr<engine> owner);

    explicit held_commit(std::shared_ptr<engine> owner)
        : owner_(std::move(owner)), pin_(owner_->pin_newest()) {}
    ~held_commit() { owner_->unpin(pin_); }
    held_commit(const held_commit&) = delete;
    held_commit& operator=(const held_commit&) = delete;

    [[nodiscard]] const commit_state& state() const noexcept { return pin_.state; }
    [[nodiscard]] engine& owner() const noexcept { return *owner_; }

private:
    std::shared_ptr<engine> owner_;
    engine::pin pin_;
};

} // namespace holdfast
