// The heap: objects of any size in the file, crash-recoverable in the time of the interrupted transaction.
//
// Small objects (to 8 KiB) come from slabs, larger ones are runs of blocks. Nothing is kept in the process: what
// is free is found in O(1) from lists in the file, so a new process allocates as fast as an old one.
//
// Invariants
//  - Between `begin` and the publication or `roll_back`, every change of an account stands in the undo log.
//  - A slab with a free object is in the list of its class and owner; a full one is in none.
//  - All bytes of the accounts are untrusted: damage throws corrupt, never loops, never leaves the file.
//
// Thread and process safety: under the writer lock only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/types.hpp"
#include "format/heap.hpp"
#include "heap/backing.hpp"
#include "heap/block_map.hpp"
#include "heap/undo_log.hpp"

namespace holdfast {

class heap {
public:
    explicit heap(backing& memory) noexcept
        : memory_(&memory), base_(memory.base()), undo_(base_), blocks_(memory, undo_) {}
    heap(const heap&) = delete;
    heap& operator=(const heap&) = delete;

    /// Lays out the heap of a new file of `end_bytes`, with its reserve.
    static void format(backing& memory, std::uint64_t end_bytes);

    // --- The transaction in the accounts ---

    void begin(txn_id id) noexcept {
        undo_.begin(id);
        blocks_.forget_tables();
    }
    /// Frees what the log itself took, so that a void log owns nothing, and enters the sums of what was changed. The
    /// last step before publishing.
    void before_commit();
    /// Undoes everything since `begin`. Idempotent.
    void roll_back() {
        blocks_.forget_tables();
        undo_.roll_back(memory_->backed_bytes());
    }
    [[nodiscard]] const undo_log& undo() const noexcept { return undo_; }

    // --- Objects ---

    /// When the free space is used up, `reclaim` is called for portions, up to as many as the space that is asked
    /// for is
    /// worth, while it says that there may be more. Then the heap grows; when it can't, `reclaim` is called until it
    /// gives up; after that, and if `may_break_reserve`, the reserve is used.
    struct policy {
        std::function<bool(bool pressed)> reclaim; ///< pressed: the disk is full
        bool may_break_reserve = false;
    };
    [[nodiscard]] policy& allocation_policy() noexcept { return policy_; }

    /// At least `size` bytes at a multiple of 16; sizes that are powers of two from 64 to 16 KiB naturally aligned.
    /// Throws no_space or address_space and then has changed nothing but what `reclaim` did.
    [[nodiscard]] ref allocate(std::uint64_t size, block_use use = format::block_owner::tree);
    /// Frees the object that begins at `place`; throws corrupt if there is none. Returns its bytes.
    std::uint64_t free(ref place);
    /// The bytes usable at `place`; throws corrupt if no allocated object begins there.
    [[nodiscard]] std::uint64_t size_of(ref place) const;

    /// Sets the reserve aside again, if it was used and there is room without growing.
    void refill_reserve();

    // --- Lists of entries, in the file ---

    /// Adds at the back; the words of the entries are below 2^48. Never reclaims.
    void append(format::entry_list& list, const format::list_entry* entries, std::size_t count);
    /// Calls `take(entry)` for entries from the front until it returns false (that entry stays), `limit` were
    /// taken, or the undo log is full and so is the disk. Chunks that became empty go to `emptied`, to be retired.
    /// Returns how many were taken. If `take` throws, what was taken before is gone. Entries are verified before.
    std::uint64_t consume(format::entry_list& list, std::uint64_t limit,
                          const std::function<bool(const format::list_entry&)>& take,
                          const std::function<void(ref)>& emptied);

    /// Calls `see(entry)` for all entries, from the front, while it returns true and the log has room. It may change
    /// the entry.
    void visit(const format::entry_list& list, const std::function<bool(format::list_entry&)>& see);

    /// An entry of a list, verified, and without its check.
    [[nodiscard]] format::list_entry entry_at(const format::list_entry& place) const;
    /// Where the chunk behind `chunk` is, verified.
    [[nodiscard]] ref chunk_after(const format::list_chunk& chunk) const;

    // --- Parks ---

    /// Verified: throws corrupt. To be changed by what follows only.
    [[nodiscard]] format::park& park_at(ref place) const;
    [[nodiscard]] ref make_park(std::uint64_t pin, ref next);
    void set_next_park(ref place, ref next);
    /// As `append` and `consume` for its list.
    void append_to_park(ref place, const format::list_entry& entry);
    std::uint64_t consume_park(ref place, std::uint64_t limit,
                               const std::function<bool(const format::list_entry&)>& take,
                               const std::function<void(ref)>& emptied);

    [[nodiscard]] format::heap_header& header() const noexcept { return blocks_.header(); }
    [[nodiscard]] block_map& blocks() noexcept { return blocks_; }
    [[nodiscard]] const block_map& blocks() const noexcept { return blocks_; }
    [[nodiscard]] std::uint64_t end_bytes() const noexcept {
        return header().end_blocks * format::block_bytes;
    }
    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    template <class T>
    [[nodiscard]] T& object(ref place) const {
        return *reinterpret_cast<T*>(checked(place, sizeof(T)));
    }
    /// Changes a word of the accounts.
    void set(std::uint64_t& word, std::uint64_t value) {
        ensure_log(undo_log::spare_min);
        undo_.set(word, value);
    }

    /// While it exists, allocations do not reclaim.
    class busy_lists {
    public:
        explicit busy_lists(heap& owner) noexcept : owner_(&owner), before_(owner.lists_busy_) {
            owner.lists_busy_ = true;
        }
        ~busy_lists() { owner_->lists_busy_ = before_; }
        busy_lists(const busy_lists&) = delete;
        busy_lists& operator=(const busy_lists&) = delete;

    private:
        heap* owner_;
        bool before_;
    };

private:
    struct found_object {
        verified_block block;
        std::uint32_t index; ///< in the slab
        std::uint8_t size_class;
        bool in_slab;
    };
    [[nodiscard]] found_object find(ref place) const;
    [[nodiscard]] ref take_object(std::uint8_t size_class, format::block_owner owner);
    void open_slab(std::uint32_t block, std::uint8_t size_class, format::block_owner owner);
    void make_first(std::uint32_t& head, std::uint32_t number);
    void unlink_partial(const verified_block& slab);
    [[nodiscard]] std::uint32_t& partial_head(std::uint8_t size_class,
                                              format::block_owner owner) const noexcept;
    [[nodiscard]] bool reclaim(bool pressed);
    [[nodiscard]] std::optional<std::uint32_t> reclaim_blocks(std::uint32_t length, block_use use,
                                                              const std::uint32_t* alternative, bool pressed);
    [[nodiscard]] std::uint32_t take_blocks(std::uint32_t length, block_use use,
                                            const std::uint32_t* alternative);
    [[nodiscard]] std::uint32_t take_free_run(std::uint32_t length, block_use use);
    void free_in_slab(verified_block& slab, std::uint32_t index);
    static constexpr std::uint64_t reclaiming_min = 4 * undo_log::spare_min;
    /// So many entries fit into the log, and those of making it longer.
    void ensure_log(std::uint64_t entries) {
        while (undo_.spare() < entries + undo_.growth_entries()) {
            [[unlikely]] extend_log();
        }
    }
    void extend_log();
    /// Whether reclaiming may go on: what it leaves of the log is enough for erasing something.
    [[nodiscard]] bool log_has_room() {
        return undo_.spare() >= reclaiming_min + undo_.growth_entries() || make_log_room();
    }
    [[nodiscard]] bool make_log_room();
    [[nodiscard]] bool break_reserve();
    [[nodiscard]] std::byte* checked(ref place, std::uint64_t size) const;
    [[nodiscard]] std::uint64_t offset_of(const void* place) const noexcept {
        return static_cast<std::uint64_t>(static_cast<const std::byte*>(place) - base());
    }
    void set_list(format::entry_list& list, const format::entry_list& now);
    [[nodiscard]] ref add_chunk(ref last);
    [[nodiscard]] format::list_entry sealed(format::list_entry entry,
                                            const format::list_entry& place) const noexcept;
    void update_sum(format::park& park, ref place);
    [[nodiscard]] bool consume_one(format::entry_list& now,
                                   const std::function<bool(const format::list_entry&)>& take,
                                   const std::function<void(ref)>& emptied);

    backing* memory_;
    std::byte* base_;
    undo_log undo_;
    block_map blocks_;
    policy policy_;
    bool lists_busy_ = false; ///< reclaiming, or in the middle of a list: an allocation must not reclaim
};

} // namespace holdfast
