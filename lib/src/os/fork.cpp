// The word that tells a forked child from its parent.
#include "os/fork.hpp"

#include <sys/mman.h>

#include <new>

namespace holdfast::os {

namespace {

/// Where the kernel wipes no pages, and until the page is there.
constinit std::atomic<std::uint64_t> plain_word{1};
/// Of this process and its ancestors; ordinary memory, which children inherit.
constinit std::atomic<std::uint64_t> last_generation{1};

/// A page that is zero in every child, or null.
void* map_wiped_page() noexcept {
#ifdef MADV_WIPEONFORK
    constexpr std::size_t page_bytes = 64 * 1024; // a multiple of every page size we know
    void* const page =
        ::mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return nullptr;
    }
    if (::madvise(page, page_bytes, MADV_WIPEONFORK) == 0) {
        return page;
    }
    ::munmap(page, page_bytes);
#endif
    return nullptr;
}

} // namespace

constinit std::atomic<std::atomic<std::uint64_t>*> fork_word{&plain_word};

std::mutex& fork_mutex() noexcept {
    static std::mutex instance;
    return instance;
}

std::uint64_t fork_generation() noexcept {
    std::atomic<std::uint64_t>& word = *fork_word.load(std::memory_order_relaxed);
    std::uint64_t found = word.load(std::memory_order_relaxed);
    if (found == 0) {
        const std::uint64_t fresh = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
        found = word.compare_exchange_strong(found, fresh, std::memory_order_relaxed) ? fresh : found;
    }
    return found;
}

void prepare_fork_word() noexcept {
    void* const page = map_wiped_page();
    if (page == nullptr) {
        return;
    }
    auto* const word = new (page) std::atomic<std::uint64_t>(fork_generation());
    fork_word.store(word, std::memory_order_relaxed);
}

void enter_child() noexcept {
    if (fork_word.load(std::memory_order_relaxed) == &plain_word) {
        plain_word.store(last_generation.fetch_add(1, std::memory_order_relaxed) + 1,
                         std::memory_order_relaxed);
    }
    static_cast<void>(fork_generation());
}

} // namespace holdfast::os
