// Making room in a full store.
#include "transaction/make_room.hpp"

#include <chrono>

#include <holdfast/error.hpp>

#include "os/failpoint.hpp"
#include "transaction/running_transaction.hpp"

namespace holdfast {

namespace {

constexpr std::chrono::seconds patience{10};

/// So many transactions, each of which reclaims what the first part of an undo log has room for.
constexpr int portions_max = 256;

/// Whether there may be more.
bool reclaim_a_portion(const std::shared_ptr<engine>& owner) {
    running_transaction portion(owner, patience);
    if (portion.reclaim_all_that_fits() == 0) {
        return false;
    }
    format::commit_slot same = portion.before();
    portion.commit(same);
    failpoint("make_room.committed");
    return true;
}

} // namespace

void make_room(const std::shared_ptr<engine>& owner) noexcept {
    try {
        owner->make_sync_point(patience);
        for (int portions = 0; portions < portions_max && reclaim_a_portion(owner); ++portions) {
        }
    } catch (const std::exception&) { // no space for that either, or a wait that was too long
    }
}

} // namespace holdfast
