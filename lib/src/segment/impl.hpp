// The state of an attached segment, and the steps of its life; each step has a file of its own:
// create.cpp, open.cpp, writer.cpp, readers.cpp, close.cpp. segment.cpp is the rest of the public interface.
//
// Thread safety: as segment's; attaching and detaching need exclusive access.
// Invariants
//  - attached_ is set once everything is in place; without it, the destructor only unmaps and closes.
//  - writer_thread_ is the thread that holds the writer mutex through this segment, or 0.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "os/file.hpp"
#include "os/fork.hpp"
#include "os/mapping.hpp"
#include "os/system.hpp"
#include "segment/attachments.hpp"
#include "segment/durable.hpp"
#include "segment/gate.hpp"
#include "segment/judge.hpp"
#include "segment/registry.hpp"
#include "segment/segment.hpp"

namespace holdfast {

class segment::impl final {
public:
    impl(const std::filesystem::path& path, const segment_options& options, os::file&& opened,
         registry_claim&& claim);

    /// Makes a new file and publishes it at `path`. False: somebody else's is there already.
    [[nodiscard]] static bool create(const std::filesystem::path& path, const segment_options& options);
    void attach(segment& self);
    void detach(segment& self) noexcept;
    [[nodiscard]] registry_claim& claim() noexcept { return claim_; }

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] bool read_only() const noexcept { return options_.mode == segment_mode::read_only; }
    [[nodiscard]] std::byte* base() const noexcept { return mapping_.base(); }
    [[nodiscard]] std::uint64_t capacity_bytes() const noexcept { return mapping_.bytes(); }
    [[nodiscard]] format::head& head() const noexcept;
    [[nodiscard]] format::control_header& control() const noexcept;
    [[nodiscard]] const incarnation_id& incarnation() const noexcept { return incarnation_; }
    [[nodiscard]] os::file_info query_file() const;

    [[nodiscard]] bool forked() const noexcept { return generation_ != os::fork_generation(); }
    void check_usable() const {
        if (poisoned_.load(std::memory_order_relaxed) || forked()) [[unlikely]] {
            fail_unusable();
        }
    }
    void poison() noexcept { poisoned_.store(true, std::memory_order_relaxed); }
    void ensure_allocated(std::uint64_t end_bytes);

    void lock_writer(segment& self, std::chrono::milliseconds timeout);
    void unlock_writer() noexcept;
    [[nodiscard]] bool writing_here() const noexcept;

    [[nodiscard]] reader_slot claim_slot();
    void release_slot(reader_slot slot) noexcept;
    void pin_by_lock(txn_id pin);
    void unpin_by_lock(txn_id pin) noexcept;
    void reader_barrier() const noexcept;
    [[nodiscard]] std::vector<held_pin> pins() const;
    std::size_t reap();
    [[nodiscard]] std::vector<attached_process> processes() const;

private:
    [[noreturn]] void fail_unusable() const;
    void map(std::uint64_t data_bytes);
    [[nodiscard]] int extend(std::uint64_t from, std::uint64_t needed);
    [[nodiscard]] format::commit_slot visible_commit() const noexcept;

    // create.cpp
    [[nodiscard]] static bool create_under_temporary_name(const std::filesystem::path& path,
                                                          const segment_options& options);
    [[nodiscard]] static std::shared_ptr<segment>
    format_new(os::file&& made, const std::filesystem::path& path, const segment_options& options);
    void format(segment& self);
    void write_superblocks();
    void back_with_space(std::uint64_t end_bytes);

    // open.cpp
    void attach_writer(segment& self, os::deadline until);
    void attach_reader(segment& self, os::deadline until);
    void take_over(segment& self);
    void join(os::deadline until);
    void reset_control(bool same_stamp);
    void back_a_copy(std::uint64_t end_bytes);
    [[nodiscard]] format::lock_stamp present_stamp() const;
    [[nodiscard]] durable_state durable() const;
    [[nodiscard]] bool somebody_attached() const;

    // writer.cpp
    [[noreturn]] void fail_writer_lock(bool timed_out, std::chrono::milliseconds timeout) const;
    [[nodiscard]] bool acquire_writer(std::chrono::milliseconds timeout);
    void release_writer(bool consistent) noexcept;
    [[nodiscard]] std::string describe_holder() const;
    void hand_on_unrepaired(std::chrono::milliseconds timeout);
    void prepare_to_write(segment& self, bool left_unclean);
    void mark_dirty();

    // readers.cpp
    void grow_table(std::uint32_t lines_seen);
    void fence_readers() const noexcept;
    void collect_lock_pins(std::vector<held_pin>& pins) const;

    // close.cpp
    void flush_if_last();
    void close_last(segment& self);
    void mark_clean();

    registry_claim claim_; // the first member: given up when all others are gone
    std::filesystem::path path_;
    segment_options options_;
    os::file file_;
    os::mapping mapping_;
    std::optional<attachments> table_; ///< once mapped
    incarnation_id incarnation_{};
    std::uint64_t generation_ = os::fork_generation();
    std::uint64_t pid_ = os::process_id(); ///< asking for it would be most of the price of the writer lock
    std::uint64_t backed_end_bytes_ = 0; ///< all bytes below have disk space; under the writer lock or alone
    gate_mutex gate_;
    std::atomic<bool> poisoned_{false};
    std::atomic<std::uint64_t> writer_thread_{0};
    std::mutex lock_pins_mutex_;
    std::map<txn_id, std::uint64_t> lock_pins_; ///< how often each is pinned by this process
    bool attached_ = false;
};

} // namespace holdfast
