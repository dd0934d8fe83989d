// What stands behind the memory algorithm for Boost.Interprocess: who allocates in this process, found by address.
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

/// Allocates objects of a store that its trees know nothing of. Failures are told by the result; nothing throws.
class allocation_owner {
public:
    allocation_owner() = default;
    allocation_owner(const allocation_owner&) = delete;
    allocation_owner& operator=(const allocation_owner&) = delete;
    virtual ~allocation_owner() = default;

    /// Whether the calling thread runs a write transaction through this owner.
    [[nodiscard]] virtual bool writes_here() const noexcept = 0;
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
};

/// Registers an owner for the store that is mapped at `base`, as long as it exists. A store may have several, one for
/// each handle; the one that writes in the calling thread is asked first.
class owner_registration {
public:
    owner_registration(const std::byte* base, allocation_owner& owner);
    ~owner_registration();
    owner_registration(const owner_registration&) = delete;
    owner_registration& operator=(const owner_registration&) = delete;

    struct entry;

private:
    std::shared_ptr<entry> entry_;
};

} // namespace holdfast
