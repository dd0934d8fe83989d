// The hooks of the segment: the first commit of a new file, rolling back a dead writer, verifying after a reboot.
#include <atomic>

#include <holdfast/error.hpp>
#include <holdfast/key.hpp>

#include "base/corrupt.hpp"
#include "os/failpoint.hpp"
#include "os/time.hpp"
#include "transaction/check.hpp"
#include "transaction/damage_report.hpp"
#include "transaction/engine.hpp"
#include "transaction/restore.hpp"

namespace holdfast {

namespace {

void format_new(segment& file) {
    segment_backing memory(file);
    heap::format(memory, segment_initial_bytes);
    format::commit_slot first{};
    first.txn = 1;
    first.end_bytes = segment_initial_bytes;
    first.time_ns = os::realtime_ns();
    first.next_map_id = format::map_number::first_named;
    first.unnamed.id = format::map_number::unnamed;
    first.catalogue.id = format::map_number::catalogue;
    first.system.id = format::map_number::system;
    for (format::map_root* const map : {&first.unnamed, &first.catalogue, &first.system}) {
        map->key_type = static_cast<std::uint8_t>(key_part::string);
    }
    file.commits().format(first);
}

void recover(segment& file) {
    segment_backing memory(file);
    heap damaged(memory);
    const commits all = file.commits();
    format::commit_slot applied{};
    if (!all.copy_sound(all.applied(), applied)) {
        throw_corrupt("the commit to build on is damaged", ref::from_offset(format::heads_offset));
    }
    if (!damaged.undo().active(txn_id{applied.txn})) {
        return;
    }
    if (damaged.end_bytes() > file.capacity_bytes()) {
        throw error(errc::address_space,
                    file.path().string() + ": a dead process's transaction reaches beyond the " +
                        std::to_string(file.capacity_bytes()) +
                        " bytes of addresses reserved for the store; open it again with more capacity");
    }
    failpoint("recover.begin");
    file.erase_undone_commit(applied);
    damaged.roll_back();
    std::atomic_ref(file.control().recoveries).fetch_add(1, std::memory_order_relaxed);
    failpoint("recover.done");
}

void verify(segment& file) {
    const std::vector<check_finding> findings = check_everything(file, {});
    if (findings.empty()) {
        return;
    }
    throw_damaged(file.path(), "the store is damaged", findings);
}

} // namespace

segment_hooks engine_hooks() noexcept {
    return {.format_new = format_new, .recover = recover, .restore = restore, .verify = verify};
}

} // namespace holdfast
