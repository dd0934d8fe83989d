// Restoring a store after a boot.
#include "transaction/restore.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "heap/account_builder.hpp"
#include "os/failpoint.hpp"
#include "os/time.hpp"
#include "transaction/catalogue.hpp"
#include "transaction/check.hpp"
#include "transaction/commit_choice.hpp"
#include "transaction/damage_report.hpp"
#include "transaction/engine.hpp"
#include "transaction/object_marks.hpp"
#include "transaction/replay.hpp"
#include "transaction/retired_objects.hpp"
#include "tree/objects.hpp"

namespace holdfast {

namespace {

// --- The accounts -----------------------------------------------------------------------------------------

/// Tells the builder of the objects of commits, each once. Those of the first commit are in use; what only later ones
/// reach is retired.
class object_census final : public object_visitor {
public:
    object_census(const segment& file, account_builder& builder, std::uint64_t end_bytes, txn_id described)
        : base_(file.base()), builder_(&builder), marks_(end_bytes), described_(described) {}

    void count(const format::commit_slot& commit) {
        view_ = space_view(base_, format::heap_offset, commit.end_bytes);
        for (const format::map_root* map : {&commit.unnamed, &commit.catalogue, &commit.system}) {
            visit_objects(view_, to_tree_root(*map), *this);
        }
        const auto visit = [&](std::string_view, const format::map_root& map) {
            visit_objects(view_, to_tree_root(map), *this);
        };
        const auto miss = [&](std::string_view, const error& damage) { damaged(damage); };
        map_catalogue(view_, commit).for_each(visit, miss);
        map_catalogue::system(view_, commit).for_each(visit, miss);
    }
    void retire_the_rest() noexcept { retiring_ = true; }
    void damaged(const error& damage) override {
        if (!retiring_ || damage.reason() != errc::corrupt) {
            throw;
        }
    }
    [[nodiscard]] retired_objects& retired() noexcept { return retired_; }

    bool node(ref place, std::uint64_t bytes) override { return note(place, bytes); }
    void separator(ref place, std::uint64_t bytes) override { note(place, bytes); }
    void record(ref place, txn_id leaf) override {
        if (!is_new(place)) {
            return;
        }
        // Its block was on the medium with the commit and can't have changed its class since.
        const auto described = leaf <= described_ ? builder_->add_as_described(place) : std::nullopt;
        retire(place, described ? *described : builder_->add(place, read_record(view_, place).bytes));
    }

private:
    [[nodiscard]] bool is_new(ref place) {
        if (!marks_.covers(place)) {
            throw_corrupt("a reference leads out of the store", place);
        }
        return marks_.mark(place);
    }
    bool note(ref place, std::uint64_t bytes) {
        const bool fresh = is_new(place);
        if (fresh) {
            retire(place, builder_->add(place, bytes));
        }
        return fresh;
    }
    void retire(ref place, std::uint64_t bytes) {
        if (retiring_) {
            retired_.add(place, bytes, txn_id{1}); // no reader is there whom that could hold up
        }
    }

    const std::byte* base_;
    account_builder* builder_;
    object_marks marks_;
    txn_id described_;
    space_view view_;
    bool retiring_ = false;
    retired_objects retired_;
};

/// A commit whose parts that have to be there are.
[[nodiscard]] format::commit_slot choose(segment& file, const durable_state& found, bool same_file) {
    commit_choice choice(file, found, same_file);
    if (const auto whole = choice.newest_whole()) {
        return *whole;
    }
    throw_damaged(file.path(), "no commit is whole after a reboot", choice.findings());
}

/// What has to be there.
void count_all(object_census& census, segment& file, const format::commit_slot& commit) {
    try {
        census.count(commit);
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt) {
            throw;
        }
        std::vector<check_finding> findings =
            check_everything(file, check_options{.accounts = false, .commit = &commit});
        if (findings.empty()) {
            throw;
        }
        throw_damaged(file.path(), "the commit that is on the medium is damaged", findings);
    }
}

/// A damaged part of the durable commit is only lost for a second cut, and for those who read that commit.
void count_what_can_be_read(object_census& census, const format::commit_slot& commit) {
    try {
        census.count(commit);
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt) {
            throw;
        }
    }
}

/// The number of what restoring commits: above all that were given, or promised.
[[nodiscard]] txn_id number_above(segment& file, const format::commit_slot& taken) {
    const std::uint64_t floor = std::atomic_ref(file.control().version_floor).load(std::memory_order_relaxed);
    return next(txn_id{std::max(taken.txn, floor)});
}

void publish_again(segment& file, const format::commit_slot& taken, retired_objects& retired) {
    segment_backing memory(file);
    heap accounts(memory);
    format::commit_slot next = taken;
    next.txn = raw(number_above(file, taken));
    accounts.begin(txn_id{next.txn});
    accounts.refill_reserve();
    retired.flush(accounts, txn_id{next.txn});
    accounts.before_commit();
    next.end_bytes = accounts.end_bytes();
    next.time_ns = os::realtime_ns();
    failpoint("restore.before_publish");
    file.commits().publish(next);
}

} // namespace

void restore(segment& file, const durable_state& found, bool same_file) {
    failpoint("restore.begin");
    file.read_ahead();
    const format::commit_slot taken = choose(file, found, same_file);
    const bool beside = found.newest && found.newest->commit.txn != taken.txn &&
                        found.newest->commit.end_bytes <= file.file_bytes();
    const std::uint64_t end_bytes =
        beside ? std::max(taken.end_bytes, found.newest->commit.end_bytes) : taken.end_bytes;
    if (end_bytes > file.capacity_bytes()) {
        throw error(errc::address_space,
                    file.path().string() + ": the store has outgrown the " +
                        std::to_string(file.capacity_bytes()) +
                        " bytes of addresses reserved for it; open it again with more capacity");
    }
    file.back_all(end_bytes);
    segment_backing memory(file);
    account_builder builder(memory, end_bytes);
    object_census census(file, builder, end_bytes,
                         found.newest ? txn_id{found.newest->commit.txn} : txn_id::none);
    if (taken.log_block != 0) {
        builder.add_log(taken.log_block, taken.log_blocks);
    }
    count_all(census, file, taken);
    census.retire_the_rest();
    if (beside) {
        count_what_can_be_read(census, found.newest->commit);
    }
    failpoint("restore.counted");
    builder.write();
    failpoint("restore.written");
    file.commits().restart(taken);
    const format::commit_slot newest = replay_log(file, taken, census.retired());
    publish_again(file, newest, census.retired());
    failpoint("restore.done");
}

} // namespace holdfast
