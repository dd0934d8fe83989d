// Choosing the commit that is read.
#include "transaction/standing_commit.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "segment/redo_log.hpp"
#include "transaction/commit_choice.hpp"
#include "transaction/replay.hpp"

namespace holdfast {

namespace {

/// Of addresses: the shortest operation copies a path.
constexpr std::uint64_t space_per_logged_byte = 512;

} // namespace

standing_commit::standing_commit(segment& file) {
    const unrestored_store& found = *file.unrestored();
    const auto chosen = commit_choice(file, found.durable, found.same_file).newest_readable();
    if (!chosen) {
        throw error(errc::corrupt,
                    file.path().string() + ": no commit of the store can be read; restore it from a backup");
    }
    state_.slot = *chosen;
    state_.view =
        space_view(file.base(), format::heap_offset, std::min(chosen->end_bytes, file.file_bytes()));
    visible_ = found.visible;
    pinned_ = state_.id();
    promised_ = txn_id{found.durable.version_limit()};
    older_ = found.heads_damaged;
    if (state_.slot.log_block != 0 && state_.view.end() == state_.slot.end_bytes) {
        replay_log(file);
    }
}

void standing_commit::replay_log(segment& file) {
    struct pin {
        segment* file;
        txn_id number;
        ~pin() { file->unpin_by_lock(number); }
    };
    file.pin_by_lock(pinned_); // somebody may restore the store meanwhile, and go on
    const pin guard{&file, pinned_};
    try {
        replay_records(file);
    } catch (const error& failure) {
        if (failure.reason() != errc::corrupt && failure.reason() != errc::address_space &&
            failure.reason() != errc::no_space) {
            throw;
        }
        older_ = true; // what was replayed before stays
    }
}

void standing_commit::replay_records(segment& file) {
    const redo_log log(file.base(), state_.slot);
    if (format::log_offset(state_.slot) + log.bytes() > state_.slot.end_bytes) {
        throw_corrupt("the redo log lies outside of the store",
                      ref::from_offset(format::commit_slots_offset));
    }
    while (const auto record = log.read(state_.slot.log_end, state_.id())) {
        if (!replayed_) {
            replayed_ = std::make_unique<private_space>(file, state_.slot.end_bytes,
                                                        log.bytes() * space_per_logged_byte);
        }
        replayed_->begin(txn_id{record->header.txn});
        format::commit_slot next = replay(*replayed_, state_.slot, record->operations);
        next.txn = record->header.txn;
        next.time_ns = record->header.time_ns;
        next.log_end = record->end;
        next.end_bytes = replayed_->view().end();
        state_.slot = next;
        state_.view = replayed_->view();
    }
}

} // namespace holdfast
