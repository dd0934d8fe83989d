// What a process can learn of its machine and itself: boot, namespace, randomness, barriers between processes.
//
// Thread and process safety: all functions may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace holdfast::os {

/// Names this boot of this kernel. Where the kernel does not tell, 16 random bytes: equal to nobody's.
/// Failpoint builds take a fingerprint of the environment variable HOLDFAST_TEST_BOOT_ID instead, if it is set.
[[nodiscard]] std::array<std::uint8_t, 16> boot_id() noexcept;

[[nodiscard]] std::uint64_t process_id() noexcept;
/// Inode of the PID namespace that process_id() belongs to; 0: unknown.
[[nodiscard]] std::uint64_t pid_namespace() noexcept;
/// A number of the calling thread that no other thread of this process ever has; never 0.
[[nodiscard]] std::uint64_t thread_number() noexcept;

/// Memory that nobody uses, not even for caches; 0: unknown.
[[nodiscard]] std::uint64_t free_memory_bytes() noexcept;

void random_bytes(std::span<std::uint8_t> bytes) noexcept;

/// Makes this process one that `issue_barrier` reaches. False: the kernel refuses.
[[nodiscard]] bool register_barrier() noexcept;
/// A full fence in every running thread of all registered processes. False: the kernel refuses.
[[nodiscard]] bool issue_barrier() noexcept;
/// A full fence in this thread, in a form that ThreadSanitizer understands.
void full_fence() noexcept;

/// The message of an errno.
[[nodiscard]] std::string error_text(int code);

} // namespace holdfast::os
