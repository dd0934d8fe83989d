// The store: a persistent ordered map in one file, shared by any number of processes.
//
//     auto store = holdfast::store::open("app.hold");
//     store.put("greeting", "hello");
//     if (auto value = store.get("greeting")) use(*value);
//     store.update([&](holdfast::write_transaction& tx) { tx.map("users").put("ada", "36"); });
//     holdfast::snapshot now = store.snapshot();
//     for (auto&& [key, value] : now.map("users").prefix("a")) use(key, value);
//
// Durability: a commit outlives the process from the moment it returns (the page cache holds it). When it outlives a
// power cut is a matter of the level: see durability.hpp and docs/guide.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/durability.hpp>
#include <holdfast/error.hpp>
#include <holdfast/key.hpp>
#include <holdfast/map.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/transaction.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

namespace detail {
/// Throws wrong_type if the map is there with other keys.
HOLDFAST_API void expect_map_keys(const store_state& owner, std::string_view map, const key_type& keys);
/// The map of that name, for messages.
[[nodiscard]] HOLDFAST_API map_label label_of(const store_state& owner, std::string_view map,
                                              const key_type& keys);
/// A copy of one value, without a lock.
[[nodiscard]] HOLDFAST_API std::optional<value> read_map(const store_state& owner, std::string_view map,
                                                         const key_type& keys, std::string_view key);
} // namespace detail

/// How a store is opened.
enum class open_mode {
    create,    ///< to read and write; created if there is none
    write,     ///< to read and write; must exist
    read_only, ///< needs only permission to read, never changes a byte; must exist
};

struct open_options {
    open_mode mode = open_mode::create;
    /// For each wait on a lock: another process that opens, or writes. Then errc::timed_out.
    std::chrono::milliseconds timeout = std::chrono::seconds(30);
    /// Address space to reserve, the limit of growth while open; 0: 1 TiB, or as much as there is.
    std::uint64_t capacity_bytes = 0;
    /// Also open on network and user-space file systems, where the promises do not hold.
    bool any_file_system = false;
    /// Permission bits of a file that is created, whatever the umask: 0660 for processes of several users. From 0600
    /// to 0777, and its owner may read and write, else invalid_argument. nullopt: 0600. All who write need both to read
    /// and to write.
    std::optional<std::uint32_t> permissions = std::nullopt;
    /// Number of the group of a file that is created; the user must be a member, or privileged, else permission is
    /// thrown and nothing created. nullopt: what the system gives it.
    std::optional<std::uint32_t> group = std::nullopt;
    /// Of the transactions of this handle that do not ask for another.
    holdfast::durability durability = holdfast::durability::process;
    /// While something was committed that is not on the medium, a sync point brings the store there after so long.
    /// 0: none is made by itself before the last close, unless a redo log runs full. See `store::sync`.
    std::chrono::milliseconds sync_interval = std::chrono::seconds(2);
    /// At level `interval`: how often the redo log is brought to the medium; 1 ms or more.
    std::chrono::milliseconds flush_interval = std::chrono::milliseconds(100);
    /// Sync points and flushes that happen by themselves are made by a thread of the library's own, which is there only
    /// while something waits, and takes no signals. False: by commits in passing.
    bool background = true;
    /// Size of the redo log in bytes, of whole blocks of 16 KiB, from 64 KiB to just below 1 GiB. It is made by the
    /// second transaction of level `interval` or `commit` of a handle, and keeps its size.
    std::uint64_t log_bytes = 16 << 20;
};

/// A commit that some thread holds by one or more snapshots.
struct held_snapshot {
    std::uint64_t pid = 0; ///< 0: a read-only process, whose id is not known
    version_number version = 0;
    std::chrono::nanoseconds age{0}; ///< since the first of them; 0: unknown
};

/// The store at a glance.
struct statistics {
    std::uint64_t maps = 0;
    std::uint64_t entries = 0;         ///< of all maps
    std::uint64_t live_bytes = 0;      ///< of keys and values
    std::uint64_t file_bytes = 0;      ///< length of the file; parts of it are holes
    std::uint64_t allocated_bytes = 0; ///< disk space it takes
    std::uint64_t free_bytes = 0;      ///< within the file, ready for use
    std::uint64_t held_back_bytes = 0; ///< replaced or deleted, waiting for snapshots or the next writer
    version_number version = 0;
    holdfast::durability durability = holdfast::durability::process; ///< of this handle
    version_number durable_version = 0;            ///< of the last sync point; the log may have later ones
    std::chrono::nanoseconds since_sync_point{-1}; ///< negative: none was made since the store was opened
    std::uint64_t failed_syncs = 0;                ///< since the last reboot
    std::uint64_t log_bytes = 0;                   ///< size of the redo log; 0: there is none
    bool logging = false;                          ///< transactions enter the log
    std::uint64_t log_filled_bytes = 0;            ///< of the log, that a replay would need
    std::uint64_t log_unflushed_bytes = 0;         ///< of the log, that are not on the medium yet
    std::uint64_t recoveries = 0; ///< transactions of killed processes rolled back since the last reboot
    std::vector<std::uint64_t> processes; ///< ids of the attached processes, this one included
    std::vector<held_snapshot> snapshots;
};

/// Something that `check` found wrong.
struct finding {
    std::string what;
    std::string map;
    std::string key; ///< where it is known
};

/// A handle to an open store. All handles of a process on one file share one mapping.
///
/// Thread safety: all members may be called from any thread at once, except moving, closing and destroying the handle.
/// A handle must outlive nothing: snapshots and transactions keep what they need. Once it was moved from, every call
/// is errc::moved_from; once it was closed, errc::closed. After fork() the child's handles throw errc::forked; the
/// child opens the store again.
class HOLDFAST_API store final {
public:
    /// Opens the store in the file `path`. O(1) in its size after a clean close or a crash of processes; read-only,
    /// also after a reboot, and as long as anything of it can be read: what is damaged is corrupt when it is asked for.
    /// Throws invalid_argument, not_found, permission, not_a_store, corrupt, newer_format, no_space, timed_out,
    /// unsupported, io_error.
    [[nodiscard]] static store open(const std::filesystem::path& path, const open_options& options = {});

    store(store&&) noexcept;
    store& operator=(store&&) noexcept;
    ~store(); ///< closes it, and is silent about what that could not do

    /// Ends this handle and the typed maps made from it: every later call of them, this one included, is errc::closed.
    /// It waits for nobody, and takes nothing from others: other handles, transactions, snapshots and ranges, those
    /// made
    /// from this handle included, go on and keep the store open. If there are none, in no process, this brings
    /// everything to the medium, and throws if it can't: io_error, no_space, timed_out, corrupt. Then the handle is
    /// closed nevertheless, what was committed is in the page cache, and the file is as after a kill: it has to be
    /// verified if a power cut follows. In a child of fork(): errc::forked. No other thread may use the handle or its
    /// typed maps meanwhile.
    void close();

    // --- Single operations: each is one transaction or one look-up, on the unnamed map ---
    // Those that write wait for their turn as `begin_write` does, and `stop` ends that wait.

    /// Stores a value of whatever type can be stored, if the condition of `options` is met: see `map_writer::put`.
    template <class T>
    put_outcome put(std::string_view key, const T& given, const put_options& options = {},
                    const std::stop_token& stop = {}) {
        return update([&](write_transaction& transaction) { return transaction.put(key, given, options); },
                      stop);
    }
    bool erase(std::string_view key, const std::stop_token& stop = {});
    /// An owning copy. Lock-free.
    [[nodiscard]] std::optional<value> get(std::string_view key) const;
    /// The value as a T. Throws wrong_type, saying which it is, and out_of_range for a number that T can't hold
    /// exactly.
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        const std::optional<value> found = get(key);
        return detail::decode_found<T>(
            found ? std::optional(found->view()) : std::nullopt,
            [&] { return detail::label_of(state(), {}, key_type()); }, key);
    }
    [[nodiscard]] bool contains(std::string_view key) const;

    // --- Typed maps ---

    /// The map of that name, with keys of type K and values of type V; made with its first entry. See map.hpp.
    /// Throws wrong_type if it is there and has keys of another type. The unnamed map has string keys.
    template <class K, class V>
    [[nodiscard]] typed_map<K, V> map(std::string name) {
        detail::expect_map_keys(state(), name, key_type_of<K>());
        return typed_map<K, V>(state_, std::move(name));
    }
    /// The same, only to be read.
    template <class K, class V>
    [[nodiscard]] typed_reader<K, V> map(std::string name) const {
        detail::expect_map_keys(state(), name, key_type_of<K>());
        return typed_reader<K, V>(state_, std::move(name));
    }

    // --- Many at once ---

    /// Runs `change(write_transaction&)` and commits; an exception rolls everything back and goes through.
    /// Returns what `change` returns. Nested in one thread: errc::nested_write. `change` can't end the transaction: a
    /// commit in it is invalid_argument; an abort, or moving it away, undoes everything and makes `update` throw.
    /// Waits for its turn as `begin_write` does.
    template <class Change>
    auto update(Change&& change, const std::stop_token& stop = {}) {
        write_transaction transaction = begin_write(stop);
        detail::update_scope scope(transaction);
        if constexpr (std::is_void_v<std::invoke_result_t<Change, write_transaction&>>) {
            std::invoke(std::forward<Change>(change), transaction);
            scope.commit();
        } else {
            auto result = std::invoke(std::forward<Change>(change), transaction);
            scope.commit();
            return result;
        }
    }
    /// Waits for its turn to write: `open_options::timeout` at most, and until `stop` is requested, which is noticed
    /// within 5 ms. Where there is nothing to wait for, `stop` is not looked at. Throws timed_out (naming the holder),
    /// cancelled, nested_write, read_only, no_space, corrupt, io_error; nothing has begun then.
    [[nodiscard]] write_transaction begin_write(const std::stop_token& stop = {});
    /// One consistent state, without locks, in nanoseconds.
    [[nodiscard]] holdfast::snapshot snapshot() const;

    // --- The store itself ---

    /// Brings everything that was committed before the call to the medium (by any process), where it outlives a power
    /// cut. Waits for no transaction and holds none up; readers go on. Costs a flush of what changed. Throws read_only,
    /// timed_out (another sync point took too long), no_space, io_error, corrupt; then what is on the medium is whole,
    /// but may be older. Any thread, also beside a transaction or within `update`: what that has done is not yet
    /// committed.
    void sync();
    [[nodiscard]] statistics stat() const;
    /// Verifies everything: structure, order, checksums, digests, and that each byte of the heap is either reachable,
    /// waiting, or free. Holds the writer lock meanwhile, unless opened for reading (then the heap's accounts are
    /// left out). `progress` is called now and then with entries done and entries in all. O(n).
    [[nodiscard]] std::vector<finding>
    check(const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {}) const;
    /// Whether what this handle shows is older than the newest commit, which can't be told any more because the store
    /// is damaged. Of handles opened for reading: others refuse such a store. O(1).
    [[nodiscard]] bool shows_older_commit() const;
    [[nodiscard]] const std::filesystem::path& path() const;
    [[nodiscard]] open_mode mode() const;

private:
    template <class K, class V>
    friend class typed_reader;
    template <class K, class V>
    friend class typed_map;
    explicit store(std::shared_ptr<detail::store_state> state) noexcept;
    [[nodiscard]] detail::store_state& state() const; ///< throws moved_from
    std::shared_ptr<detail::store_state> state_;
};

// --- typed_map, as far as it needs a whole store ---

template <class K, class V>
std::optional<V> typed_reader<K, V>::get(argument key) const {
    const detail::key_bytes<K> bytes(key);
    const std::optional<value> found = detail::read_map(*owner_, name_, key_type_of<K>(), bytes);
    return detail::decode_found<V>(
        found ? std::optional(found->view()) : std::nullopt,
        [&] { return detail::label_of(*owner_, name_, key_type_of<K>()); }, bytes);
}

template <class K, class V>
bool typed_reader<K, V>::contains(argument key) const {
    return store(owner_).snapshot().in(*this).contains(key);
}

template <class K, class V>
std::uint64_t typed_reader<K, V>::size() const {
    return store(owner_).snapshot().in(*this).size();
}

template <class K, class V>
template <class Operation>
auto typed_map<K, V>::write(Operation&& operation, const std::stop_token& stop) {
    return store(this->owner_)
        .update(
            [&](write_transaction& transaction) {
                typed_writer<K, V> map = transaction.in(*this);
                return operation(map);
            },
            stop);
}

} // namespace holdfast
