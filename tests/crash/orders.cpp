// Which ordering is removed where.
#include "orders.hpp"

namespace holdfast::crash {

const std::vector<proof>& proofs() {
    static const std::vector<proof> all = {
        // The bitmap says an object is taken, and nothing says that it was not.
        {{.order = "undo.log_first", .point = "undo.before_change", .parts = {part::mixed}}, 200},
        // The log of a commit that stands is taken for that of the transaction that had only begun.
        {{.order = "undo.reset_first",
          .point = "undo.begin.reset",
          .passage_max = 50,
          .parts = {part::mixed}},
         200},
        // Readers are sent to a slot that holds an older commit, or half of one.
        {{.order = "commit.slot_first",
          .point = "commit.before_publish",
          .passage_max = 50,
          .parts = {part::mixed}},
         200},
        // A snapshot is overwritten while it is read.
        {{.order = "reclaim.pins", .point = "", .parts = {part::mixed, part::hold, part::hold}}, 1'000},
        // Somebody writes on top of half a transaction.
        {{.order = "lock.repair_first",
          .point = "undo.begin.done",
          .in_recovery = true,
          .parts = {part::mixed}},
         500},
    };
    return all;
}

campaign_result run_without(const proof& one, const campaign_settings& settings) {
    campaign_settings chosen = settings;
    chosen.without = one.without;
    chosen.kills = one.kills_max;
    chosen.seconds_max = 60;
    const campaign_result result = run_campaign(chosen);
    if (!result.folder.empty()) {
        std::filesystem::remove_all(result.folder); // it is broken because we broke it
    }
    return result;
}

} // namespace holdfast::crash
