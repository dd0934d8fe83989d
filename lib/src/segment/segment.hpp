// The segment: one file, mapped once per process over a reserved stretch of addresses, with the protocol of
// who is attached, who is alone and who writes. Each step of its life has a file of its own: create.cpp, open.cpp,
// writer_lock.cpp, readers.cpp, sync.cpp, close.cpp; segment.cpp is the rest.
//
// Invariants
//  - A file at a store's path is complete: it is made under no name (or a temporary one) and published by link.
//  - A process maps a file once for writing (the registry); the base never moves while anybody holds the segment.
//  - All bytes below the heap's end have disk space behind them, so touching them can't raise SIGBUS.
//  - Control area locks are used only after the stamp was found to be this boot's, under the gate.
//  - Nobody truncates or re-initialises unless it is alone: under the gate, and no other process's line is locked.
//  - attached_ is set once everything is in place; without it, the destructor only unmaps and closes.
//
// Thread safety: all members may be called from any thread, except where said; attaching and detaching need exclusive
// access. Process safety: by OFD locks and the writer lock. After fork() the child's segments throw errc::forked, and
// their mapping is not there: nothing may be read through `base` before `expect_usable`.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "format/commit.hpp"
#include "format/control.hpp"
#include "os/file.hpp"
#include "os/fork.hpp"
#include "os/mapping.hpp"
#include "os/system.hpp"
#include "segment/attachments.hpp"
#include "segment/commits.hpp"
#include "segment/durable.hpp"
#include "segment/gate.hpp"
#include "segment/judge.hpp"
#include "segment/process_lock.hpp"
#include "segment/redo_log.hpp"
#include "segment/registry.hpp"
#include "segment/words.hpp"

namespace holdfast {

/// What the layers above do at the turning points of a segment's life. All may throw.
struct segment_hooks {
    /// A new file, zeroed, mapped and allocated up to `segment_initial_bytes`, known to nobody yet: write the first
    /// commit.
    void (*format_new)(segment&) = nullptr;
    /// Called with the writer lock taken over from a dead holder, or alone under the gate: roll back the transaction
    /// of a dead process, if there is one. Idempotent. Counts in control().recoveries when there was one.
    void (*recover)(segment&) = nullptr;
    /// Alone under the gate, the stamp is of another boot or another file, and the file was not closed cleanly: find
    /// the newest whole commit, make the accounts anew, publish it again above control().version_floor; throws
    /// errc::corrupt if there is none.
    void (*restore)(segment&, const durable_state&, bool same_file) = nullptr;
    /// Verify all of it; throws errc::corrupt if it is not whole. Where one of the durable slots is damaged, or a sync
    /// failed.
    void (*verify)(segment&) = nullptr;
};

/// What a reader found of a store whose newest commit nobody vouches for: after a boot or as a copy nobody has restored
/// it yet, or the heads are damaged.
struct unrestored_store {
    durable_state durable;
    bool heads_damaged = false; ///< the newest commit can't be told, or is not that of the clean close
    bool same_file = false;     ///< else the durable commit may be of another file's time
    commit_head visible{0};     ///< as it was found: whoever restores the store moves it
};

enum class segment_mode {
    create,    ///< read and write; created if there is none
    write,     ///< read and write; must exist
    read_only, ///< O_RDONLY, PROT_READ: never changes a byte
};

struct segment_options {
    segment_mode mode = segment_mode::create;
    std::chrono::milliseconds timeout{30'000};               ///< for each wait on a lock
    std::uint64_t capacity_bytes = 0;                        ///< of address space to reserve; 0: the default
    bool any_file_system = false;                            ///< also NFS, 9p, virtiofs and FUSE
    std::optional<std::uint32_t> permissions = std::nullopt; ///< of a new file, whatever the umask; else 0600
    std::optional<std::uint32_t> group = std::nullopt;       ///< of a new file
    bool separate_mapping = false;                           ///< tests only: not shared through the registry
    segment_hooks hooks{};
};

/// A commit that is to be durable: what has to have happened.
struct logged_commit {
    txn_id number = txn_id::none;
    std::uint64_t log_end = 0; ///< the log is on the medium up to there
    std::uint64_t gap = 0;     ///< and the durable commit is this one, or newer
    std::uint64_t place = 0;   ///< in the ring of slots
};

/// The redo log at a glance.
struct log_state {
    std::uint64_t bytes = 0; ///< 0: there is none
    bool in_use = false;
    std::uint64_t filled = 0;    ///< bytes that a replay would need
    std::uint64_t unflushed = 0; ///< bytes that are not on the medium
};

/// Disk space that a new file has: the heap's first table and some blocks for data.
inline constexpr std::uint64_t segment_initial_bytes = format::heap_offset + 32 * format::block_bytes;

/// A reader slot of this process. Claimed by `segment::claim_slot`; `pin` is the word that writers look at.
struct reader_slot {
    std::atomic<std::uint64_t>* pin = nullptr;
    std::atomic<std::uint64_t>* since_ns = nullptr;
    std::uint32_t line = 0;
    [[nodiscard]] explicit operator bool() const noexcept { return pin != nullptr; }
};

class segment final : public std::enable_shared_from_this<segment> {
public:
    /// Opens `path` as `options.mode` says, creating the file and (mode create) nothing else.
    /// Throws not_found, not_a_store, corrupt, newer_format, permission, timed_out, no_space, unsupported, io_error.
    [[nodiscard]] static std::shared_ptr<segment> open(const std::filesystem::path& path,
                                                       const segment_options& options);
    ~segment(); ///< detaches; whoever is the last one syncs and marks the file clean
    /// Gives up `holder`, which keeps a segment. If that was the last one of this process, throws what the close could
    /// not do: io_error, no_space, timed_out (the gate), corrupt. The segment is closed all the same, and its file is
    /// left as after a kill.
    static void close(std::shared_ptr<void> holder);

    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] bool read_only() const noexcept { return options_.mode == segment_mode::read_only; }
    [[nodiscard]] std::byte* base() const noexcept { return mapping_.base(); }
    [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return mapping_.bytes(); }
    [[nodiscard]] holdfast::commits commits() const noexcept { return holdfast::commits(base()); }
    [[nodiscard]] format::control_header& control() const noexcept {
        return *reinterpret_cast<format::control_header*>(base() + format::control_offset);
    }
    [[nodiscard]] const incarnation_id& incarnation() const noexcept { return incarnation_; }

    /// Throws forked or io_error (a failure of the system poisons the segment until all its handles are closed).
    /// Every operation begins with it; costs three loads.
    void expect_usable() const {
        if (poisoned_.load(std::memory_order_relaxed) || forked()) [[unlikely]] {
            fail_unusable();
        }
    }
    /// Whether this is a child's copy of its parent's segment: its mapping is gone.
    [[nodiscard]] bool forked() const noexcept { return os::is_forked_since(generation_); }
    void poison() noexcept { poisoned_.store(true, std::memory_order_relaxed); }

    /// Allocates disk space so that the file has at least `end_bytes` bytes, all backed. Under the writer lock or
    /// alone. Throws no_space (disk or quota full, or a file size limit), address_space, io_error.
    void ensure_allocated(std::uint64_t end_bytes);
    /// As the file system counts it.
    [[nodiscard]] std::uint64_t allocated_bytes() const { return query_file().allocated_bytes; }
    [[nodiscard]] std::uint64_t file_bytes() const { return query_file().bytes; }
    /// Has the kernel read the heap, as much as fits well into memory, without waiting for it.
    void read_ahead() const;
    /// Disk space behind every byte of the heap up to `end_bytes`, whatever is said of it. Alone.
    void back_all(std::uint64_t end_bytes) { back_a_copy(end_bytes, false); }

    /// Maps the file once more, only to be read, up to `end_bytes`, and puts `private_bytes` of this process's own
    /// memory right behind. Returns where that begins. Throws corrupt if the file is shorter; address_space, io_error.
    [[nodiscard]] std::uint64_t map_beside(os::mapping& to, std::uint64_t end_bytes,
                                           std::uint64_t private_bytes) const;

    // --- The writer lock ---

    /// Takes the writer lock, which then belongs to this process: any thread may release it. If its holder died, runs
    /// hooks.recover first. Marks the file dirty (durably) if it was clean. Throws timed_out (naming the holder),
    /// cancelled (`stop` was requested; noticed within 5 ms), nested_write (the calling thread used the open
    /// transaction last), read_only, forked, io_error, corrupt.
    void lock_writer(std::chrono::milliseconds timeout, const std::stop_token& stop = {});
    void unlock_writer() noexcept;
    /// Makes sure that a transaction may have this number, also where all after the last sync point is lost: durably
    /// promises more where it has to. Under the writer lock. Throws io_error, no_space.
    void promise_version(txn_id number) {
        if (raw(number) > load_shared(control().version_limit)) [[unlikely]] {
            raise_version_limit(number);
        }
    }
    /// The calling thread is now the one that uses the open transaction; for `lock_writer`'s nested_write.
    void note_writing_thread() noexcept {
        writer_thread_.store(os::thread_number(), std::memory_order_relaxed);
    }
    /// Whether the calling thread was the last to use this process's open transaction.
    [[nodiscard]] bool writing_here() const noexcept {
        return writer_thread_.load(std::memory_order_relaxed) == os::thread_number();
    }

    // --- Sync points ---

    /// Takes its turn to make a sync point, and settles what a dead syncer left. Never while holding the slot lock.
    /// Throws timed_out, read_only, forked, io_error, no_space, corrupt.
    void lock_sync(os::deadline until);
    void unlock_sync() noexcept;
    /// Makes the newest commit the durable one, and visible; under the sync lock. Waits for no transaction. Throws
    /// io_error, no_space, corrupt; then the durable commit is what it was.
    void make_sync_point();
    /// Whether a sync failed and nobody has followed it up: the next writer does, or writes nothing.
    [[nodiscard]] bool has_failed_sync() const noexcept { return load_shared(control().failed_sync) != 0; }
    /// The newest commit that is known to be on the medium. Throws corrupt, io_error.
    [[nodiscard]] txn_id durable_version() const;
    /// Read-only segments: what was found if the heads were not to be believed. Constant once it is open.
    [[nodiscard]] const std::optional<unrestored_store>& unrestored() const noexcept { return unrestored_; }

    // --- The redo log ---

    /// Whether each commit enters the log. Stays as it is while the caller has the writer lock, or is the only one.
    [[nodiscard]] bool logs() const noexcept { return load_shared(control().logging) != 0; }
    /// From the transaction `by` on, whose commit has a log that ends at `log_end`, commits enter it. Under the writer
    /// lock. `by` itself is a gap.
    void start_logging(std::uint64_t log_end, txn_id by);
    /// The transaction, about to be committed, does not enter the log: later ones are durable only after a sync point
    /// that has it. Under the writer lock.
    void leave_gap(txn_id by) noexcept { store_shared(control().log_gap, raw(by)); }
    [[nodiscard]] std::uint64_t log_gap() const noexcept { return load_shared(control().log_gap); }
    /// Whether a record of so many bytes of operations may enter behind that commit.
    [[nodiscard]] bool log_has_room(const format::commit_slot& before,
                                    std::uint64_t operations) const noexcept;
    /// Enters `next`, which is to follow `before` and has its log, and says in it where the log ends. Under the writer
    /// lock.
    void log_commit(const format::commit_slot& before, format::commit_slot& next,
                    std::span<const std::byte> operations) noexcept;
    /// Wipes slot and record of a transaction that built on `newest` and is about to be rolled back, durably. Under the
    /// writer lock, or alone. Throws io_error.
    void erase_undone_commit(const format::commit_slot& newest);
    /// Brings all that is in the log to the medium and shows it, unless what `waiting` is there already. False: that
    /// would not be enough, there is a gap that takes a sync point. Throws timed_out, io_error, corrupt.
    [[nodiscard]] bool flush_log(os::deadline until, const logged_commit* waiting = nullptr);
    [[nodiscard]] bool is_durable(const logged_commit& one) const;
    [[nodiscard]] bool is_durable_and_visible(const logged_commit& one) const {
        return is_durable(one) && commits().visible().number() >= one.number;
    }
    /// Whether the log has all commits behind the durable one, up to `newest`; true where it need not. Under the writer
    /// lock.
    [[nodiscard]] bool logged_since_durable(const format::commit_slot& newest) const;
    [[nodiscard]] log_state log() const;

    // --- Readers ---

    /// A slot of this process, idle; grows the table. Not for read-only segments. Lock-free unless it grows.
    [[nodiscard]] reader_slot claim_slot();
    void release_slot(reader_slot slot) noexcept;
    /// Read-only segments: pins a transaction by an OFD read lock (counted per process); the kernel drops it at death.
    void pin_by_lock(txn_id pin);
    void unpin_by_lock(txn_id pin) noexcept;
    /// Makes the pins and heads of all readers comparable: after it, a pin that is not seen will see the head.
    /// membarrier(GLOBAL_EXPEDITED), or a fence where control().fenced is set.
    void reader_barrier() const noexcept;
    /// All pins held now, in no order, single reads included. After reader_barrier.
    [[nodiscard]] std::vector<held_pin> pins() const;
    /// Clears the lines of processes that died. Returns how many there were.
    std::size_t reap();

    struct attached_process {
        std::uint64_t pid = 0;
        std::uint32_t line = 0;
        bool self = false;
    };
    [[nodiscard]] std::vector<attached_process> processes() const;
    /// Whether another process, or another mapping of this one, has the store open for writing.
    [[nodiscard]] bool somebody_attached() const;

private:
    segment(const std::filesystem::path& path, const segment_options& options, os::file&& opened,
            registry_claim&& claim);

    [[noreturn]] void fail_unusable() const;
    [[nodiscard]] os::file_info query_file() const;
    void map(std::uint64_t data_bytes);
    [[nodiscard]] int extend(std::uint64_t from, std::uint64_t needed);

    // create.cpp
    /// Makes a new file and publishes it at `path`. False: somebody else's is there already.
    [[nodiscard]] static bool create(const std::filesystem::path& path, const segment_options& options);
    [[nodiscard]] static bool create_under_temporary_name(const std::filesystem::path& path,
                                                          const segment_options& options);
    [[nodiscard]] static std::shared_ptr<segment>
    format_new(os::file&& made, const std::filesystem::path& path, const segment_options& options);
    void format();
    void write_superblocks();
    void give_to_others();

    // open.cpp
    void attach();
    void attach_writer(os::deadline until);
    void attach_reader(os::deadline until);
    void take_over();
    void take_over_known(bool same, const durable_state& state);
    void take_over_unknown(bool same_file, const durable_state& state);
    void join();
    void reset_control(bool same_stamp);
    [[nodiscard]] bool is_as_closed(const durable_state& state) const;
    [[nodiscard]] bool is_whole_copy();
    void settle_heads(bool clean, const durable_state& state);
    [[nodiscard]] format::lock_stamp present_stamp() const;
    [[nodiscard]] durable_state durable() const;

    // backing.cpp
    void back_new_file(std::uint64_t end_bytes);
    void back_a_copy(std::uint64_t end_bytes, bool same_file);

    // writer_lock.cpp
    [[noreturn]] void fail_writer_lock(lock_result result, std::chrono::milliseconds timeout) const;
    [[nodiscard]] std::string describe_holder() const;
    [[nodiscard]] process_lock writer_lock() const noexcept { return {control().writer.word, *table_}; }
    void prepare_to_write(bool left_unclean);
    void expect_in_place();

    // sync.cpp
    [[nodiscard]] process_lock sync_lock() const noexcept { return {control().sync.word, *table_}; }
    void expect_locked(lock_result result, std::string_view what) const;
    [[nodiscard]] process_lock slot_lock() const noexcept { return {control().durable.word, *table_}; }
    void choose_candidate(format::commit_slot& commit);
    void bring_newest_to_medium(bool follows_up);
    void bring_to_medium(const format::commit_slot& commit, bool follows_up);
    void expect_no_failed_sync() const;
    void settle_candidate();
    void flush_up_to(std::uint64_t end_bytes);
    void sync_file();
    void note_failed_sync() noexcept;
    void note_failed_write(int code) noexcept;
    void follow_up_failed_sync();
    void dirty_all_pages(std::uint64_t end_bytes) noexcept;
    void write_slot(const std::function<void(durable_content&)>& change);
    void write_slot_alone(const std::function<void(durable_content&)>& change);
    void write_next_slot(const durable_state& state, const durable_content& content);
    void settle_slot(const durable_state& state);
    void with_slot_lock(const std::function<void()>& work);
    void mark_dirty();
    void raise_version_limit(txn_id number);
    void promise_versions(std::uint64_t limit);

    // log.cpp
    [[nodiscard]] bool flush_log_locked();
    void flush_ranges(const std::array<os::byte_range, 2>& ranges);
    [[nodiscard]] std::uint64_t log_tail(const format::commit_slot& newest) const noexcept;

    // readers.cpp
    void grow_table(std::uint32_t lines_seen);
    void fence_readers() const noexcept;
    void collect_lock_pins(std::vector<held_pin>& pins) const;

    // close.cpp
    void detach() noexcept;
    void flush_if_last();
    void close_last();
    using change_counts = std::array<std::uint64_t, 4>;
    [[nodiscard]] change_counts changes_so_far() const noexcept;
    void sync_and_show();
    void mark_clean();
    [[nodiscard]] std::uint64_t version_limit_at_close(const format::commit_slot& newest) const noexcept;

    registry_claim claim_; // the first member: given up when all others are gone
    std::filesystem::path path_;
    std::filesystem::path absolute_path_; ///< the working folder may change
    segment_options options_;
    os::file file_;
    os::mapping mapping_;
    std::optional<attachments> table_; ///< once mapped
    incarnation_id incarnation_{};
    std::optional<unrestored_store> unrestored_;
    std::uint64_t generation_ = os::fork_generation();
    std::uint64_t file_checked_ns_ = 0;  ///< under the writer lock
    std::uint64_t backed_end_bytes_ = 0; ///< all bytes below have disk space; under the writer lock or alone
    gate_mutex gate_;
    std::atomic<bool> poisoned_{false};
    std::atomic<std::uint64_t> writer_thread_{0}; ///< the last to use the open transaction; 0: none is open
    std::mutex lock_pins_mutex_;
    std::map<txn_id, std::uint64_t> lock_pins_;     ///< how often each is pinned by this process
    std::optional<change_counts> flushed_at_close_; ///< when everything was brought to the medium
    bool attached_ = false;
};

} // namespace holdfast
