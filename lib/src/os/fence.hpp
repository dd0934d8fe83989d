// The two fences of the readers' protocol, and what ThreadSanitizer, which knows no fences, gets instead.
#pragma once

#include <atomic>
#include <cstdint>

namespace holdfast::os {

/// Stores a pin so that later loads can't be satisfied before it, provided that whoever looks for pins issues
/// `membarrier` first, or set `fenced` and waited for store buffers to drain. The flag is read after the store: read
/// before, it could be out of date by as long as the thread is kept from running in between.
inline void publish_pin(std::atomic<std::uint64_t>& pin, std::uint64_t value,
                        std::atomic_ref<std::uint64_t> fenced) noexcept {
#ifdef HOLDFAST_TSAN
    static_cast<void>(fenced);
    pin.exchange(value, std::memory_order_seq_cst);
#else
    pin.store(value, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (fenced.load(std::memory_order_relaxed) != 0) [[unlikely]] {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
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
