// What stands behind the memory algorithm of Boost.Interprocess: who owns an arena in this process, found by the
// address of its algorithm.
//
// Thread safety: registering and asking from any thread; ending a registration waits for the calls under way.
// Process safety: the registry is this process's own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace holdfast {

/// How many bytes an object is to have, and at a multiple of what.
struct allocation_request {
    std::size_t bytes;
    std::size_t alignment; ///< a power of two
};

/// Allocates the objects of an arena. Failures are told by the result; nothing throws.
class allocation_owner {
public:
    allocation_owner() = default;
    allocation_owner(const allocation_owner&) = delete;
    allocation_owner& operator=(const allocation_owner&) = delete;
    virtual ~allocation_owner() = default;

    /// Allocates the `count` objects that `request_at` describes and hands the places, and the bytes usable there, to
    /// `receive`; or nothing at all.
    [[nodiscard]] virtual bool allocate(std::size_t count,
                                        const std::function<allocation_request(std::size_t)>& request_at,
                                        const std::function<void(void*, std::size_t)>& receive) noexcept = 0;
    /// Frees objects until `next` returns null.
    virtual void deallocate(const std::function<void*()>& next) noexcept = 0;
    /// The bytes usable in an allocated object; 0 if there is none.
    [[nodiscard]] virtual std::size_t size_of(const void* object) noexcept = 0;
    [[nodiscard]] virtual bool is_empty() noexcept = 0;
    [[nodiscard]] virtual bool is_sound() noexcept = 0;
    virtual void zero_free() noexcept = 0;
    [[nodiscard]] virtual std::size_t size_bytes() const noexcept = 0;
    /// Of whole blocks.
    [[nodiscard]] virtual std::size_t free_bytes() const noexcept = 0;
};

/// Registers the owner of the arena whose algorithm lies at `algorithm`, as long as it exists.
class owner_registration {
public:
    owner_registration(const void* algorithm, allocation_owner& owner);
    ~owner_registration();
    owner_registration(const owner_registration&) = delete;
    owner_registration& operator=(const owner_registration&) = delete;

    struct entry;

private:
    std::shared_ptr<entry> entry_;
};

} // namespace holdfast
