// Waiting for a process's lock, and taking it from the dead.
#include "segment/process_lock.hpp"

#include <algorithm>
#include <bit>

#include "os/failpoint.hpp"
#include "os/futex.hpp"
#include "segment/attachments.hpp"

namespace holdfast {

namespace {

constexpr int spins = 100;
/// A sleeper that is killed after it was woken takes the wake-up with it, so nobody sleeps for longer.
constexpr std::chrono::microseconds nap_first{100};
constexpr std::chrono::microseconds nap_max{5'000};

/// The half of the word that holds the flag, for the futex.
const std::uint32_t& low_half(const std::uint64_t& word) noexcept {
    static_assert(std::endian::native == std::endian::little);
    return *reinterpret_cast<const std::uint32_t*>(&word);
}

} // namespace

std::uint64_t process_lock::own() const noexcept {
    return word_of(table_->own_line(), table_->own_generation());
}

lock_holder process_lock::holder() const noexcept {
    const std::uint64_t seen = load_shared(*word_);
    return {static_cast<std::uint32_t>(seen >> 1) & line_max, seen >> 21};
}

bool process_lock::held_by_this_process() const noexcept {
    return (load_shared(*word_, std::memory_order_relaxed) & ~sleepers) == own();
}

process_lock::verdict process_lock::judge(std::uint64_t seen) const noexcept {
    const std::uint64_t who = seen & ~sleepers;
    if (who == abandoned) {
        return verdict::dead;
    }
    if (who == own()) {
        return verdict::alive;
    }
    switch (table_->find_life(static_cast<std::uint32_t>(who >> 1) & line_max, who >> 21)) {
    case attachments::life::present:
        return verdict::alive;
    case attachments::life::gone:
        return verdict::dead;
    case attachments::life::unknown:
        break;
    }
    return verdict::blind;
}

bool process_lock::spin() noexcept {
    for (int i = 0; i < spins; ++i) {
        if (load_shared(*word_, std::memory_order_relaxed) == 0 && try_lock()) {
            return true;
        }
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    return false;
}

/// Whether the nap went by without a release.
bool process_lock::sleep(std::uint64_t seen, std::chrono::microseconds nap) noexcept {
    const std::uint64_t flagged = seen | sleepers;
    if (seen != flagged &&
        !shared_word(*word_).compare_exchange_strong(seen, flagged, std::memory_order_relaxed)) {
        return false;
    }
    return os::sleep_on(low_half(*word_), static_cast<std::uint32_t>(flagged), nap);
}

lock_result process_lock::lock_unless(const std::function<bool()>& happened, os::deadline until,
                                      const std::stop_token& stop) noexcept {
    if (try_lock() || spin()) {
        return lock_result::locked;
    }
    std::uint64_t flag = 0; // others may sleep, too, once we have slept
    std::chrono::microseconds nap = nap_first;
    bool slept_through = false;
    for (;;) {
        if (happened()) {
            return lock_result::unneeded;
        }
        // Acquire: the generation of the holder's line, read below, must not be older than the word.
        std::uint64_t seen = load_shared(*word_, std::memory_order_acquire);
        if (seen == 0) {
            if (shared_word(*word_).compare_exchange_strong(seen, own() | flag, std::memory_order_acq_rel)) {
                return lock_result::locked;
            }
            continue;
        }
        const auto now = os::deadline::clock::now();
        const bool last = now >= until;
        if (slept_through || last || (seen & ~sleepers) == abandoned) {
            const verdict found = judge(seen);
            if (found == verdict::blind) {
                return lock_result::blind;
            }
            if (found == verdict::dead) {
                failpoint("lock.before_take_over");
                if (shared_word(*word_).compare_exchange_strong(seen, own() | sleepers,
                                                                std::memory_order_acq_rel)) {
                    return lock_result::owner_died;
                }
                continue;
            }
        }
        if (stop.stop_requested()) {
            return lock_result::cancelled;
        }
        if (last) {
            return lock_result::timed_out;
        }
        const auto left = std::chrono::ceil<std::chrono::microseconds>(until - now);
        slept_through = sleep(seen, std::min(nap, left));
        nap = std::min(2 * nap, nap_max);
        flag = sleepers;
    }
}

bool process_lock::leave_as(std::uint64_t left, bool wakes_all) noexcept {
    std::uint64_t seen = load_shared(*word_, std::memory_order_relaxed);
    do {
        if ((seen & ~sleepers) != own()) {
            return false;
        }
    } while (!shared_word(*word_).compare_exchange_weak(seen, left, std::memory_order_release,
                                                        std::memory_order_relaxed));
    if ((seen & sleepers) != 0) {
        wakes_all ? os::wake_all(low_half(*word_)) : os::wake_one(low_half(*word_));
    }
    return true;
}

} // namespace holdfast
