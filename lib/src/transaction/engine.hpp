// The engine of an open store: what all handles of a process on one file share.
//
// Readers pin a commit by one store into a reader slot of their own and one more look at the head; the writer's
// reclaiming issues the barrier for both sides (docs/design.md, "Readers"). A read-only process pins by a file
// lock instead, and for single look-ups not at all.
//
// Thread safety: all members, from any thread. Process safety: by the protocols of the segment.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "format/heap.hpp"
#include "heap/backing.hpp"
#include "heap/heap.hpp"
#include "os/fence.hpp"
#include "os/time.hpp"
#include "segment/segment.hpp"
#include "transaction/background_sync.hpp"
#include "transaction/commit_state.hpp"
#include "transaction/durability_options.hpp"
#include "transaction/operation_log.hpp"
#include "transaction/reclaim.hpp"
#include "transaction/standing_commit.hpp"

namespace holdfast {

/// The heap's memory is the segment's file.
class segment_backing final : public backing {
public:
    explicit segment_backing(segment& file) noexcept : file_(&file) {}
    [[nodiscard]] std::byte* base() const noexcept override { return file_->base(); }
    void ensure_allocated(std::uint64_t end_bytes) override { file_->ensure_allocated(end_bytes); }
    [[nodiscard]] std::uint64_t backed_bytes() const override {
        return std::min(file_->file_bytes(), file_->capacity_bytes());
    }

private:
    segment* file_;
};

class engine final : public std::enable_shared_from_this<engine> {
public:
    [[nodiscard]] static std::shared_ptr<engine> open(const std::filesystem::path& path,
                                                      segment_options options);
    explicit engine(std::shared_ptr<holdfast::segment> file);
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    [[nodiscard]] holdfast::segment& file() const noexcept { return *file_; }
    [[nodiscard]] const std::shared_ptr<holdfast::segment>& shared_file() const noexcept { return file_; }
    /// Never given twice in a process.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    /// Under the writer lock only.
    [[nodiscard]] holdfast::heap& heap() noexcept { return heap_; }
    /// What reclaiming knows from one transaction to the next. Under the writer lock only.
    [[nodiscard]] reclaimer& reclaiming() noexcept { return reclaiming_; }
    /// Whether the slot is whole. One that this engine wrote or judged before needs no second look.
    [[nodiscard]] bool is_sound(const format::commit_slot& slot) noexcept;
    void note_sound(txn_id id) noexcept { known_sound_ = id; }
    /// Throws corrupt if the heap's header, or the numbers of transactions, can't be true. Asks for the file's
    /// length only when the heap has grown.
    void verify_heap();

    /// Notices dead processes, whose snapshots hold space, if that was not done within the last second.
    void reap_if_due();

    // --- Reading ---

    /// A pinned commit. `slot` is empty where a file lock holds it.
    struct pin {
        reader_slot slot;
        txn_id locked = txn_id::none; ///< by a file lock
        commit_state state;
    };
    /// Pins the newest commit until `unpin`, which may be called by another thread. Never waits.
    [[nodiscard]] pin pin_newest();
    void unpin(const pin& held) noexcept;

    /// Runs `look(const commit_state&)` on the newest commit and returns what it returns, which must not refer
    /// into the file. It may be called several times, and see nonsense before the last of them.
    template <class Look>
    auto read(Look&& look) {
        file_->expect_usable();
        if (file_->read_only()) {
            return read_unpinned(std::forward<Look>(look));
        }
        const thread_slot guard(*this);
        commit_state state;
        pin_in(guard.slot(), state);
        return look(std::as_const(state));
    }

    // --- Durability ---

    /// How durable commits are, and who sees to it. Called once, before anybody else has the engine.
    void configure(const durability_options& options);
    [[nodiscard]] const durability_options& durable_options() const noexcept { return durability_; }
    /// Returns when all that was committed before the call is on the medium. Waits for no transaction, but
    /// to follow up a failed sync. Throws timed_out, read_only, forked, io_error, no_space, corrupt.
    void sync(std::chrono::milliseconds timeout);
    /// Makes the newest commit the durable one. Throws as `sync`.
    void make_sync_point(std::chrono::milliseconds timeout);
    /// Brings all that was committed to the medium, by the log if that will do, and lets readers see it, unless what
    /// `waiting` is there already. Throws as `sync`. The caller may have the writer lock.
    void bring_to_medium(std::chrono::milliseconds timeout, const logged_commit* waiting = nullptr);
    /// Returns when a commit is on the medium and visible. Without the writer lock. Throws io_error, timed_out,
    /// no_space, corrupt: then it is visible, but may not be on the medium.
    void wait_until_durable(const logged_commit& one, std::chrono::milliseconds timeout);
    /// Whether there is a commit behind the durable one.
    [[nodiscard]] bool has_unsynced() const {
        return file_->commits().applied().number() != file_->commits().durable();
    }
    /// After a commit, without the writer lock.
    void note_commit(durability level) noexcept;
    /// Whether a transaction of level `interval` or `commit` is to switch the log on. The first one of a handle is not:
    /// it may remain the only one, and takes a sync point anyway. Under the writer lock.
    [[nodiscard]] bool wants_log() noexcept { return std::exchange(wanted_log_, true); }
    /// What the running transaction does. Under the writer lock only.
    [[nodiscard]] operation_log& operations() noexcept { return operations_; }

    /// The newest commit that readers see.
    [[nodiscard]] txn_id visible() const noexcept { return number_read(file_->commits().visible()); }
    /// Whether readers are shown an older commit than the newest, which damaged heads have lost.
    [[nodiscard]] bool shows_older_commit() const noexcept {
        return standing_ && standing_->is_older() && standing_->stands_for(file_->commits().visible());
    }
    /// Copies the commit that `head` names; false if its slot holds another, or is damaged. Under the writer lock.
    [[nodiscard]] bool copy_commit(commit_head head, commit_state& state) const noexcept;
    /// A number never given before, also by a transaction that was undone or lost. Under the writer lock.
    [[nodiscard]] txn_id next_number() const noexcept;

private:
    void stop_background() noexcept;
    void work_in_background();
    void work_in_passing() noexcept;
    void urge_if_urgent() noexcept;
    void flush_log_if_due();
    [[nodiscard]] bool is_sync_point_due() const;
    [[nodiscard]] bool is_sync_point_urgent() const;

    /// The calling thread's own reader slot, for the time of one look-up.
    class thread_slot {
    public:
        explicit thread_slot(engine& owner);
        ~thread_slot();
        thread_slot(const thread_slot&) = delete;
        thread_slot& operator=(const thread_slot&) = delete;
        [[nodiscard]] const reader_slot& slot() const noexcept { return *slot_; }

    private:
        const reader_slot* slot_;
    };

    /// The same beside writers: `head` has to be what readers see still, or the copy may be torn.
    [[nodiscard]] bool copy_visible(commit_head head, commit_state& state) const noexcept {
        return copy_commit(head, state) && file_->commits().visible() == head;
    }
    /// The commit that readers read while `head` is the visible one: that one, unless nobody vouches for it.
    [[nodiscard]] txn_id number_read(commit_head head) const noexcept {
        return standing_ && standing_->stands_for(head) ? standing_->state().id() : head.number();
    }
    /// Copies it; false if the head has moved on, or the copy may be torn. For read-only handles.
    [[nodiscard]] bool copy_read(commit_head head, commit_state& state) const noexcept {
        if (standing_ && standing_->stands_for(head)) {
            state = standing_->state();
            return file_->commits().visible() == head;
        }
        return copy_visible(head, state);
    }
    void pin_in(const reader_slot& slot, commit_state& state) const;
    [[nodiscard]] pin pin_by_lock();
    void verify_readable(int attempt, commit_head seen) const;
    void expect_reach(const commit_state& state) const;
    void give_back(const reader_slot& slot) noexcept;

    /// How often a look-up without a pin is tried before it takes one.
    static constexpr int unpinned_tries = 8;

    template <class Look>
    auto read_unpinned(Look&& look) {
        commit_state state;
        for (int attempt = 0; attempt < unpinned_tries; ++attempt) {
            const commit_head seen = file_->commits().visible();
            if (!copy_read(seen, state)) {
                continue;
            }
            expect_reach(state);
            try {
                auto result = look(std::as_const(state));
                os::load_fence();
                if (file_->commits().visible() == seen) {
                    return result;
                }
            } catch (...) {
                if (file_->commits().visible() == seen) {
                    throw;
                }
            }
        }
        const pin held = pin_newest();
        const std::unique_ptr<const pin, unpinner> guard(&held, unpinner{this});
        return look(held.state);
    }
    struct unpinner {
        engine* owner;
        void operator()(const pin* held) const noexcept { owner->unpin(*held); }
    };

    std::shared_ptr<holdfast::segment> file_;
    segment_backing memory_;
    holdfast::heap heap_;
    reclaimer reclaiming_{heap_, *file_};
    std::uint64_t reaped_ns_ = 0;             ///< under the writer lock
    txn_id known_sound_ = txn_id::none;       ///< under the writer lock
    std::uint64_t known_bytes_ = 0;           ///< the file has at least so many; under the writer lock
    std::optional<standing_commit> standing_; ///< of read-only handles
    operation_log operations_;
    durability_options durability_;
    bool wanted_log_ = false;                  ///< under the writer lock
    std::atomic<bool> flushes_{false};         ///< some commit was of level `interval`
    std::atomic<std::uint64_t> flushed_ns_{0}; ///< when this handle last flushed the log by itself
    std::uint64_t opened_ns_ = os::boottime_ns();
    std::unique_ptr<background_sync> background_;
    std::uint64_t id_; ///< of this engine among all of the process, for the threads' caches of slots
};

/// The hooks by which the segment calls for recovery; see segment.hpp.
[[nodiscard]] segment_hooks engine_hooks() noexcept;

} // namespace holdfast
