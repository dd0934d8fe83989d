// The store handle: opening, single operations, statistics, checking.
#include <holdfast/store.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "os/time.hpp"
#include "segment/heap_totals.hpp"
#include "segment/words.hpp"
#include "store/states.hpp"
#include "store/stored_value.hpp"
#include "store/transaction_state.hpp"
#include "transaction/check.hpp"
#include "tree/reader.hpp"

namespace holdfast {

namespace {

[[nodiscard]] segment_options to_segment_options(const open_options& options) {
    segment_options converted;
    switch (options.mode) {
    case open_mode::create:
        converted.mode = segment_mode::create;
        break;
    case open_mode::write:
        converted.mode = segment_mode::write;
        break;
    case open_mode::read_only:
        converted.mode = segment_mode::read_only;
        break;
    }
    converted.timeout = options.timeout;
    converted.capacity_bytes = options.capacity_bytes;
    converted.any_file_system = options.any_file_system;
    if (options.permissions && ((*options.permissions & 0600U) != 0600U || *options.permissions > 0777U)) {
        throw error(
            errc::invalid_argument,
            "the permissions of a new store have to be from 0600 to 0777, to be read and written by its "
            "owner");
    }
    if (options.group == std::numeric_limits<std::uint32_t>::max()) { // to the system: leave it as it is
        throw error(errc::invalid_argument, "no group has the number 4294967295");
    }
    converted.permissions = options.permissions;
    converted.group = options.group;
    return converted;
}

void add_durability(segment& file, statistics& total) {
    const log_state log = file.log();
    if (file.read_only() && !file.somebody_attached()) { // what is shared is of processes that are gone
        total.log_bytes = log.bytes;
        return;
    }
    total.log_bytes = log.bytes;
    total.logging = log.in_use;
    total.log_filled_bytes = log.filled;
    total.log_unflushed_bytes = log.unflushed;
    total.failed_syncs = load_shared(file.control().failed_syncs);
    const std::uint64_t synced_ns = load_shared(file.control().synced_ns);
    const std::uint64_t now_ns = os::boottime_ns();
    if (synced_ns != 0 && synced_ns <= now_ns) {
        total.since_sync_point = std::chrono::nanoseconds(now_ns - synced_ns);
    }
}

void add_maps(const snapshot& now, statistics& total) {
    for (const map_information& map : now.maps()) {
        total.maps += 1;
        total.entries += map.entries;
        total.live_bytes += map.bytes;
    }
}

} // namespace

void detail::store_state::close() {
    if (shared()->file().forked()) {
        shared()->file().expect_usable();
    }
    closed_path_ = engine_->file().path().string();
    leases_ = {};
    segment::close(std::exchange(engine_, nullptr));
}

store::store(std::shared_ptr<detail::store_state> state) noexcept : state_(std::move(state)) {}
store::store(store&&) noexcept = default;
store& store::operator=(store&&) noexcept = default;
store::~store() = default;

detail::store_state& store::state() const { return detail::held_by(state_, "store"); }

namespace {

[[nodiscard]] durability_options to_durability_options(const open_options& options) {
    if (options.durability > durability::commit) {
        throw error(errc::invalid_argument, "there is no such level of durability");
    }
    if (options.flush_interval < std::chrono::milliseconds(1)) {
        throw error(errc::invalid_argument, "the flush interval is shorter than 1 ms");
    }
    constexpr std::uint64_t log_bytes_min = format::log_blocks_min * format::block_bytes;
    constexpr std::uint64_t log_bytes_max = format::log_blocks_max * format::block_bytes;
    if (options.log_bytes < log_bytes_min || options.log_bytes > log_bytes_max) {
        throw error(errc::invalid_argument, "the redo log takes from 64 KiB to 1 GiB less 16 KiB");
    }
    return {options.durability, options.sync_interval, options.flush_interval, options.log_bytes,
            options.background};
}

} // namespace

store store::open(const std::filesystem::path& path, const open_options& options) {
    std::shared_ptr<engine> opened = engine::open(path, to_segment_options(options));
    if (options.mode != open_mode::read_only) {
        opened->configure(to_durability_options(options));
    }
    return store(std::make_shared<detail::store_state>(std::move(opened), options));
}

void store::close() { state().close(); }

void store::sync() { state().shared()->sync(state().options().timeout); }

const std::filesystem::path& store::path() const { return state().shared()->file().path(); }

open_mode store::mode() const { return state().options().mode; }

bool store::erase(std::string_view key, const std::stop_token& stop) {
    return update([&](write_transaction& transaction) { return transaction.erase(key); }, stop);
}

std::optional<value> store::get(std::string_view key) const {
    return state().shared()->read([&](const commit_state& commit) -> std::optional<value> {
        const auto found = tree_find(commit.view, commit.unnamed(), key);
        if (!found) {
            return std::nullopt;
        }
        return detail::copy_of(*found, {});
    });
}

bool store::contains(std::string_view key) const {
    return state().shared()->read([&](const commit_state& commit) {
        return tree_find(commit.view, commit.unnamed(), key).has_value();
    });
}

namespace detail {

void expect_map_keys(const store_state& owner, std::string_view map, const key_type& keys) {
    owner.shared()->read([&](const commit_state& commit) {
        const std::optional<format::map_root> found = commit.find(map);
        if (found) {
            expect_keys(owner, map, keys_of(*found), keys);
        }
        return true;
    });
}

map_label label_of(const store_state& owner, std::string_view map, const key_type& keys) {
    return owner.label(map, keys);
}

std::optional<value> read_map(const store_state& owner, std::string_view map, const key_type& keys,
                              std::string_view key) {
    return owner.shared()->read([&](const commit_state& commit) -> std::optional<value> {
        const std::optional<format::map_root> root = commit.find(map);
        if (!root) {
            return std::nullopt;
        }
        expect_keys(owner, map, keys_of(*root), keys);
        const auto found = tree_find(commit.view, to_tree_root(*root), key);
        if (!found) {
            return std::nullopt;
        }
        return copy_of(*found, map);
    });
}

} // namespace detail

write_transaction store::begin_write(const std::stop_token& stop) {
    return write_transaction(
        std::make_shared<detail::transaction_state>(state().shared(), state().options().timeout, stop));
}

holdfast::snapshot store::snapshot() const {
    return holdfast::snapshot(
        std::make_shared<const detail::snapshot_state>(held_commit::newest(state().lease())));
}

bool store::shows_older_commit() const { return state().shared()->shows_older_commit(); }

statistics store::stat() const {
    segment& file = state().shared()->file();
    statistics total;
    // Before our own snapshot, which is not worth mentioning.
    const std::uint64_t now_ns = os::boottime_ns();
    for (const held_pin& held : file.pins()) {
        const std::uint64_t age_ns =
            held.since_ns == 0 || held.since_ns > now_ns ? 0 : now_ns - held.since_ns;
        total.snapshots.push_back({held.pid, raw(held.pin), std::chrono::nanoseconds(age_ns)});
    }
    for (const segment::attached_process& process : file.processes()) {
        total.processes.push_back(process.pid);
    }
    const holdfast::snapshot now = snapshot();
    total.version = now.version();
    total.durable_version = raw(file.durable_version());
    add_maps(now, total);
    total.file_bytes = file.file_bytes();
    total.allocated_bytes = file.allocated_bytes();
    const heap_totals heap = read_heap_totals(file.base());
    total.free_bytes = heap.free_blocks * format::block_bytes;
    total.held_back_bytes = heap.held_back_bytes;
    total.recoveries = load_shared(file.control().recoveries);
    total.durability = state().options().durability;
    add_durability(file, total);
    return total;
}

std::vector<finding> store::check(const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
    const std::shared_ptr<engine>& shared = state().shared();
    segment& file = shared->file();
    std::vector<check_finding> found;
    if (file.read_only()) {
        const held_commit held(shared); // what is walked must not be freed meanwhile
        found = check_everything(file, {.accounts = false,
                                        .commit = &held.state().slot,
                                        .view = &held.state().view,
                                        .progress = progress});
        if (shared->shows_older_commit()) {
            found.push_back({"the newest commit can't be told, or read; this is an older one, of version " +
                                 std::to_string(raw(held.state().id())),
                             "", ""});
        }
    } else {
        file.expect_usable();
        file.lock_writer(state().options().timeout);
        const std::unique_ptr<segment, void (*)(segment*)> guard(
            &file, [](segment* locked) { locked->unlock_writer(); });
        if (file.commits().has_hidden()) {
            shared->bring_to_medium(state().options().timeout);
        }
        found = check_everything(file, {.accounts = true, .progress = progress});
    }
    std::vector<finding> findings;
    findings.reserve(found.size());
    for (check_finding& one : found) {
        findings.push_back({std::move(one.what), std::move(one.map), std::move(one.key)});
    }
    return findings;
}

} // namespace holdfast
