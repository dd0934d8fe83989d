// The two fences of the readers' protocol, and what ThreadSanitizer, which knows no fences, gets instead.
#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::os {

/// Stores a pin so that later loads can't be satisfied before it, provided that whoever looks for pins issues
/// `membarrier` first, or that `fenced` is set.
inline void publish_pin(std::atomic<std::uint64_t>& pin, std::uint64_t value, bool fenced) noexcept {
#ifdef HOLDFAST_TSAN
    static_cast<void>(fenced);
    pin.exchange(value, std::memory_order_seq_cst);
#else
    pin.store(value, std::memory_order_relaxed);
    if (fenced) [[unlikely]]
        std::atomic_thread_fence(std::memory_order_seq_cst);
    std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

/// Loads before it come before loads after it.
inline void load_fence() noexcept {
#ifndef HOLDFAST_TSAN
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
}

} // namespace holdfast::os
