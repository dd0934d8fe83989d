// What fork() does to us: the child gets no descriptor of ours, and knows that it is a child.
//
// An inherited descriptor would keep the parent's locks after the parent's death, so the child's side of
// pthread_atfork closes every os::file and raises the generation; whoever remembers an older one is forked.
// Thread safety: fork_mutex is held by the forking thread over fork(), so what it guards is whole in the child.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace holdfast::os {

/// Raised in the child of each fork().
extern std::atomic<std::uint64_t> fork_generation_word;

[[nodiscard]] inline std::uint64_t fork_generation() noexcept {
    return fork_generation_word.load(std::memory_order_relaxed);
}

/// Guards tables of this process that have to survive fork() whole. Never held while a file is opened or closed.
[[nodiscard]] std::mutex& fork_mutex() noexcept;

} // namespace holdfast::os
