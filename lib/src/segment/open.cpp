// Opening: find out what the file is, pass the gate, then take over a store that nobody has, or join those who do.
//
// Whoever sees under the gate that no other process has its line's byte locked is alone: it makes the shared control
// area anew and undoes what a dead process left, before it claims a line of its own. The stamp is stored last, so that
// an opening cut by a kill is begun again by the next one.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "os/byte_lock.hpp"
#include "os/failpoint.hpp"
#include "os/system.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

namespace {

constexpr os::byte_range read_only_byte = {format::lock_byte::read_only, 1};

[[noreturn]] void fail_open(int code, const std::filesystem::path& path, bool writable) {
    switch (code) {
    case EISDIR:
        fail(errc::not_a_store, path, "it is a folder, not a Holdfast store", "name a file");
    case ENXIO:
        fail(errc::not_a_store, path, "it is a socket or device, not a Holdfast store", "name a file");
    case ENOENT:
        if (os::is_symbolic_link(path)) {
            fail(errc::not_found, path, "the symbolic link leads nowhere", "remove or correct it");
        }
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        if (writable) {
            fail_system(code, path, "can't open the store for writing",
                        "check its permissions, or open it read-only");
        }
        break;
    default:
        break;
    }
    fail_system(code, path, "can't open the store");
}

void expect_regular(const os::file_info& info, const std::filesystem::path& path) {
    const char* what = nullptr;
    switch (info.type) {
    case os::file_type::regular:
        return;
    case os::file_type::folder:
        what = "it is a folder, not a Holdfast store";
        break;
    case os::file_type::fifo:
        what = "it is a FIFO, not a Holdfast store";
        break;
    case os::file_type::socket:
        what = "it is a socket, not a Holdfast store";
        break;
    case os::file_type::device:
        what = "it is a device, not a Holdfast store";
        break;
    case os::file_type::other:
        what = "it is not a regular file";
        break;
    }
    fail(errc::not_a_store, path, what, "name a file");
}

/// A clean close says what is in front of the heap, and nothing may have changed it since.
[[noreturn]] void fail_changed_since_close(const std::filesystem::path& path) {
    fail(errc::corrupt, path, "the store's header is damaged: it is not what the last clean close left",
         "save what can be read, as 'holdfast export --all' does, or restore it from a backup");
}

/// Whether the file is the one that was stamped, in whatever boot.
[[nodiscard]] bool is_of_one_file(const format::lock_stamp& found, const format::lock_stamp& now) noexcept {
    return found.incarnation == now.incarnation && found.device == now.device && found.inode == now.inode;
}

/// Opens the file as the mode says; where it may, makes it.
os::file open_or_create(const std::filesystem::path& path, const segment_options& options,
                        bool (*create)(const std::filesystem::path&, const segment_options&)) {
    constexpr int tries_max = 100; // others may create and remove it all the time
    const bool writable = options.mode != segment_mode::read_only;
    os::file opened;
    int code = opened.open(path, writable);
    for (int tries = 0; code == ENOENT && options.mode == segment_mode::create && tries < tries_max;
         ++tries) {
        if (!create(path, options) && os::is_symbolic_link(path)) {
            break;
        }
        code = opened.open(path, writable);
    }
    if (code != 0) {
        fail_open(code, path, writable);
    }
    return opened;
}

} // namespace

std::shared_ptr<segment> segment::open(const std::filesystem::path& path, const segment_options& options) {
    const os::deadline until = os::deadline_after(options.timeout);
    os::file opened = open_or_create(path, options, &segment::create);
    os::file_info info;
    if (const int code = opened.query(info); code != 0) {
        fail_system(code, path, "can't query the file");
    }
    expect_regular(info, path);
    judge_file_system(opened, path, options.any_file_system);
    static_cast<void>(judge_file(opened, path)); // no locks on files of others

    std::shared_ptr<segment> found;
    registry_claim claim;
    const bool read_only = options.mode == segment_mode::read_only;
    if (!options.separate_mapping &&
        !registry::find_or_claim({info.device, info.inode, read_only}, until, found, claim)) {
        fail(errc::timed_out, path, "another thread is still opening or closing the store", "try again");
    }
    if (found) {
        found->expect_usable();
        return found;
    }
    found.reset(new segment(path, options, std::move(opened), std::move(claim)));
    found->attach();
    found->claim_.publish(found);
    return found;
}

void segment::attach() {
    const os::deadline until = os::deadline_after(options_.timeout);
    const gate_lock gate(gate_, file_, path_, read_only() ? os::lock_mode::shared : os::lock_mode::exclusive,
                         until);
    failpoint("segment.open.gate");
    incarnation_ = judge_file(file_, path_);
    map(query_file().bytes);
    if (read_only()) {
        attach_reader(until);
    } else {
        attach_writer(until);
    }
    attached_ = true;
    failpoint("segment.open.attached");
}

void segment::attach_writer(os::deadline until) {
    if (somebody_attached()) {
        join();
    } else {
        take_over();
    }
    if (!os::register_barrier()) {
        fence_readers();
    }
    table_->claim_process(until);
    failpoint("segment.open.claimed");
}

void segment::attach_reader(os::deadline until) {
    if (const int code = os::lock_until(file_, os::lock_mode::shared, read_only_byte, until); code != 0) {
        fail_lock(code, path_, "can't lock the store for reading");
    }
    if (somebody_attached()) {
        static_cast<void>(judge_newest(base(), file_, path_));
        return;
    }
    const durable_state state = durable();
    const format::lock_stamp found = control().stamp;
    const format::lock_stamp now = present_stamp();
    format::commit_slot newest{};
    const bool readable = commits().copy_newest(newest) && newest.end_bytes <= file_bytes();
    const bool vouched_for =
        state.says_clean() ? state.is_at(newest) : std::memcmp(&found, &now, sizeof now) == 0;
    if (!readable || !vouched_for) {
        // A clean slot that the heads contradict is not believed either.
        unrestored_ = {state, !readable || state.says_clean(),
                       is_of_one_file(found, now) && !state.says_clean(), commits().visible()};
    }
}

/// Nobody else is attached.
void segment::take_over() {
    failpoint("segment.open.alone");
    const format::lock_stamp found = control().stamp;
    const format::lock_stamp now = present_stamp();
    const bool same_file = is_of_one_file(found, now);
    const bool same = std::memcmp(&found, &now, sizeof now) == 0;
    const durable_state state = durable();
    if (state.says_clean() && !is_as_closed(state)) {
        fail_changed_since_close(path_); // before anything is believed, or even undone
    }
    if (same || (state.says_clean() && (same_file || is_whole_copy()))) {
        back_a_copy(judge_newest(base(), file_, path_).end_bytes, same_file);
        take_over_known(same, state);
    } else {
        take_over_unknown(same_file, state);
    }
    backed_end_bytes_ = judge_newest(base(), file_, path_).end_bytes;
    control().stamp = now;
    failpoint("segment.open.stamped");
}

/// What a clean close says is all that there is.
bool segment::is_as_closed(const durable_state& state) const {
    return state.is_at(judge_newest(base(), file_, path_).commit) &&
           state.newest->header_sum == header_sum(base());
}

/// A copy that was begun before somebody wrote, and ended after it, has the front of the close and what came later
/// behind it.
bool segment::is_whole_copy() {
    if (options_.hooks.verify == nullptr) {
        return true;
    }
    try {
        options_.hooks.verify(*this);
    } catch (const error& damage) {
        if (damage.reason() != errc::corrupt) {
            throw;
        }
        return false;
    }
    return true;
}

/// It was closed cleanly, or its processes died since the machine started: the page cache has all that they wrote.
void segment::take_over_known(bool same, const durable_state& state) {
    const bool clean = state.says_clean();
    reset_control(same);
    settle_heads(clean, state);
    store_shared(control().dirty, clean ? 0 : 1);
    store_shared(control().version_limit, state.version_limit());
    // A history that was lost had numbers up to the limit; the word stays until the next boot. After a clean close the
    // limit is the highest number that was given.
    const std::uint64_t floor = same && !clean ? load_shared(control().version_floor) : state.version_limit();
    store_shared(control().version_floor, std::min(floor, state.version_limit()));
    failpoint("segment.open.reset");
    if (clean) {
        return;
    }
    settle_slot(state); // "not clean" has to be on the medium before anybody writes
    if (options_.hooks.recover != nullptr) {
        options_.hooks.recover(*this);
        failpoint("segment.open.recovered");
    }
    if (commits().has_hidden()) { // whoever waited for the medium with them has died
        sync_and_show();
        failpoint("segment.open.shown");
    }
    if (state.other_is_damaged && options_.hooks.verify != nullptr) {
        options_.hooks.verify(*this);
        failpoint("segment.open.verified");
    }
}

/// After a boot, or as a copy, of a store that was not closed: only what was brought to the medium is known. Begins a
/// new history, with numbers above all that the lost one may have had.
void segment::take_over_unknown(bool same_file, const durable_state& state) {
    reset_control(false);
    store_shared(control().dirty, 1);
    store_shared(control().version_floor, state.version_limit());
    write_slot_alone([&](durable_content& next) {
        next.version_limit = state.version_limit() + versions_at_a_time;
        next.new_history = true;
    });
    failpoint("segment.open.reset");
    if (options_.hooks.restore == nullptr) {
        return;
    }
    options_.hooks.restore(*this, state, same_file);
    failpoint("segment.open.restored");
    // From here on it is like any unclean store of this boot: not even who follows one that is killed now makes the
    // accounts anew, which would free what readers still hold of the durable commit.
    commits().set_durable(state.newest ? txn_id{state.newest->commit.txn} : txn_id::none);
    commits().set_candidate(txn_id::none);
    control().stamp = present_stamp();
    failpoint("segment.open.known");
    const format::commit_slot restored = judge_newest(base(), file_, path_).commit;
    flush_up_to(restored.end_bytes);
    failpoint("segment.open.flushed");
    write_slot_alone([&](durable_content& next) { next.commit = &restored; });
    commits().set_durable(txn_id{restored.txn});
    failpoint("segment.open.durable");
}

/// A clean close says what is durable; else what was known stays, and a syncer that died is followed up.
void segment::settle_heads(bool clean, const durable_state& state) {
    if (clean) {
        commits().set_durable(txn_id{state.newest->commit.txn});
        commits().set_candidate(txn_id::none);
    } else {
        settle_candidate();
    }
}

/// Somebody is attached, so the control area is of this boot, whatever we can read of boot and device.
void segment::join() {
    failpoint("segment.open.joined");
    if (control().stamp.lock_layout != format::lock_layout) {
        fail(errc::unsupported, path_, "it is open in programs whose locks have another layout",
             "close them, or update all programs");
    }
    backed_end_bytes_ = judge_newest(base(), file_, path_).end_bytes;
}

/// Makes locks, counters and the attachment table anew. Alone only.
void segment::reset_control(bool same_stamp) {
    format::control_header& shared = control();
    if (!same_stamp) {
        shared.stamp = {};
        store_shared(shared.failed_sync, 0); // of another boot; what reached the medium is found out anew
        store_shared(shared.recoveries, 0);
        store_shared(shared.failed_syncs, 0);
        store_shared(shared.slot_on_medium, 0);
    }
    for (format::lock_line* const lock : {&shared.writer, &shared.sync, &shared.durable, &shared.log}) {
        store_shared(lock->word, 0); // nobody is attached, so nobody holds it
    }
    table_->clear(same_stamp);
    store_shared(shared.fenced, 0);
    store_shared(shared.logging, 0); // the next commit that has to be in the log begins anew
    store_shared(shared.synced_ns, 0);
}

format::lock_stamp segment::present_stamp() const {
    const os::file_info info = query_file();
    format::lock_stamp stamp{};
    stamp.boot_id = os::boot_id();
    stamp.incarnation = incarnation_;
    stamp.device = info.device;
    stamp.inode = info.inode;
    stamp.lock_layout = format::lock_layout;
    return stamp;
}

durable_state segment::durable() const {
    durable_state state;
    if (const int code = read_durable(file_, incarnation_, state); code != 0) {
        fail_system(code, path_, "can't read what is known to be on the medium");
    }
    return state;
}

bool segment::somebody_attached() const {
    bool found = false;
    if (const int code = table_->find_others(found); code != 0) {
        fail_lock(code, path_, "can't ask who has the store open");
    }
    return found;
}

} // namespace holdfast
