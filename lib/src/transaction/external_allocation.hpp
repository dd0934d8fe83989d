// Objects that a store holds beside its maps: what Boost.Interprocess containers allocate.
//
// Within a write transaction of the calling thread they are allocated in that transaction, and freed at its commit:
// an abort must find them as they were. Elsewhere each call is a transaction of its own that publishes nothing: it
// changes the heap's accounts only, and emptying the undo log makes that permanent.
//
// Invariants
//  - deferred_ is empty while no write transaction of this process runs.
//  - A small transaction is undone or kept before the writer lock is released.
//
// Thread safety: all members of allocation_owner from any thread; the others from the thread that has the writer lock,
// except `prepare`. Process safety: by the writer lock.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "base/types.hpp"
#include "heap/boost_algorithm.hpp"
#include "heap/heap.hpp"

namespace holdfast {

class engine;

class external_allocation final : public allocation_owner {
public:
    explicit external_allocation(engine& owner);
    ~external_allocation() override = default;

    /// The address of Boost's segment manager, which is made if it is of another boot. Throws unsupported where a
    /// process with another layout uses the store now, and what locking throws.
    [[nodiscard]] void* prepare();

    // --- allocation_owner ---
    [[nodiscard]] bool writes_here() const noexcept override;
    [[nodiscard]] bool allocate(std::size_t count,
                                const std::function<allocation_request(std::size_t)>& request_at,
                                const std::function<void(void*, std::size_t)>& receive) noexcept override;
    void deallocate(const std::function<void*()>& next) noexcept override;
    [[nodiscard]] std::size_t size_of(const void* object) noexcept override;
    [[nodiscard]] bool is_empty() noexcept override;
    [[nodiscard]] bool is_sound() noexcept override;
    void zero_free() noexcept override;

    // --- For the writer ---
    void transaction_began() noexcept;
    /// Whether the running transaction allocated or freed something.
    [[nodiscard]] bool changed() const noexcept { return changed_; }
    /// Whether an allocation failed in a way that forbids the commit.
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Frees what was freed since the transaction began. The last but one step of a commit.
    void apply_frees();
    void transaction_ended() noexcept;

private:
    class small_transaction;
    using requests = std::function<allocation_request(std::size_t)>;
    using receiver = std::function<void(void*, std::size_t)>;

    void allocate_all(std::size_t count, const requests& request_at, const receiver& receive);
    void allocate_in_transaction(std::size_t count, const requests& request_at, const receiver& receive);
    void allocate_alone(std::size_t count, const requests& request_at, const receiver& receive);
    void allocate_after_reclaiming(std::size_t count, const requests& request_at, const receiver& receive);
    void free_alone(std::vector<ref>& places);
    void free_ours(const std::vector<ref>& places);
    [[nodiscard]] bool is_ours(ref place) const;
    void postpone(const std::vector<ref>& places);
    [[nodiscard]] std::vector<ref> take_postponed();
    [[nodiscard]] ref place_of(const void* object) const noexcept;
    [[nodiscard]] heap& memory() const noexcept;

    engine* engine_;
    bool in_transaction_ = false; ///< the thread with the writer lock runs a write transaction
    bool changed_ = false;
    bool failed_ = false;       ///< the accounts may be half changed: the transaction must not be committed
    std::vector<ref> deferred_; ///< to be freed when it is committed
    std::mutex postponed_mutex_;
    std::vector<ref> postponed_; ///< to be freed once the writer lock is to be had
    std::atomic<bool> prepared_{false};
    owner_registration registration_; ///< last: from here on others may call
};

} // namespace holdfast
