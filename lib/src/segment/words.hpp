// Words in shared memory, accessed atomically.
//
// Thread and process safety: as std::atomic_ref, lock-free and so also between processes.
#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast {

using shared_word = std::atomic_ref<std::uint64_t>;
static_assert(shared_word::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free);

[[nodiscard]] inline std::uint64_t load_shared(std::uint64_t& word,
                                               std::memory_order order = std::memory_order_acquire) noexcept {
    return shared_word(word).load(order);
}

inline void store_shared(std::uint64_t& word, std::uint64_t value,
                         std::memory_order order = std::memory_order_release) noexcept {
    shared_word(word).store(value, order);
}

/// Raises the word to at least `value`.
inline void raise_to(std::uint64_t& word, std::uint64_t value) noexcept {
    std::uint64_t seen = load_shared(word);
    while (seen < value && !shared_word(word).compare_exchange_weak(seen, value)) {
    }
}

} // namespace holdfast
