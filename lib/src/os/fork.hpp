// What fork() does to us: the child gets no descriptor of ours, and knows that it is a child.
//
// An inherited descriptor would keep the parent's locks after the parent's death, so the child's side of
// pthread_atfork closes every os::file. That it is a child, it learns from a word in a page that the kernel wipes in
// every child (MADV_WIPEONFORK), also where no handler runs: after a raw clone() or _Fork(). Where the kernel has no
// such pages (before 4.14), the handler changes the word.
// Thread safety: fork_mutex is held by the forking thread over fork(), so what it guards is whole in the child.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace holdfast::os {

/// Names this process among its ancestors; 0: a child that has not yet asked for its own. Moves once, to the page that
/// is wiped.
extern std::atomic<std::atomic<std::uint64_t>*> fork_word;

/// The generation of this process; never 0.
[[nodiscard]] std::uint64_t fork_generation() noexcept;

/// Whether this process is a descendant of the one that had `generation`. Two loads.
[[nodiscard]] inline bool is_forked_since(std::uint64_t generation) noexcept {
    return fork_word.load(std::memory_order_relaxed)->load(std::memory_order_relaxed) != generation;
}

/// Moves the word to a page that is wiped in children. Once a process, before the first generation is remembered.
void prepare_fork_word() noexcept;
/// In the child of a fork(): the generation is another one from here on.
void enter_child() noexcept;

/// Guards tables of this process that have to survive fork() whole. Never held while a file is opened or closed.
[[nodiscard]] std::mutex& fork_mutex() noexcept;

} // namespace holdfast::os
