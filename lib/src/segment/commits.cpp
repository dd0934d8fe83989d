// Reading and publishing commits.
#include "segment/commits.hpp"

#include <algorithm>
#include <cstring>

#include "os/failpoint.hpp"
#include "os/in_order.hpp"
#include "os/time.hpp"

namespace holdfast {

namespace {

/// Word by word, so that a writer may be overwriting it: the caller finds that out and throws the copy away.
void copy_words(std::byte* to, const format::commit_slot& from, std::size_t begin, std::size_t end) noexcept {
    auto* const source = reinterpret_cast<std::uint64_t*>(const_cast<format::commit_slot*>(&from));
    for (std::size_t at = begin; at < end; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = load_shared(source[at / sizeof(std::uint64_t)]);
        std::memcpy(to + at, &word, sizeof word);
    }
}

void store_words(format::commit_slot& to, const format::commit_slot& from) noexcept {
    auto* const target = reinterpret_cast<std::uint64_t*>(&to);
    const std::size_t words = format::used_bytes(from) / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < words; ++i) {
        std::uint64_t word = 0;
        std::memcpy(&word, reinterpret_cast<const std::byte*>(&from) + i * sizeof word, sizeof word);
        store_shared(target[i], word, std::memory_order_relaxed);
        if (i == words / 2) {
            failpoint("commit.half_slot");
        }
    }
}

} // namespace

bool commits::copy(commit_head head, format::commit_slot& to) const noexcept {
    if (!head.is_sound()) {
        return false;
    }
    constexpr std::size_t fixed = offsetof(format::commit_slot, direct);
    const format::commit_slot& slot = slot_of(head);
    auto* const bytes = reinterpret_cast<std::byte*>(&to);
    copy_words(bytes, slot, 0, fixed);
    copy_words(bytes, slot, fixed, format::used_bytes(to));
    return to.txn == raw(head.number());
}

bool commits::copy_sound(commit_head head, format::commit_slot& to) const noexcept {
    return copy(head, to) && format::is_sound(to) && to.sequence % format::commit_slots == head.tag();
}

bool commits::copy_newest(format::commit_slot& to) const noexcept {
    constexpr int patience = 8;
    constexpr int tries_max = 1000;
    int unmoved = 0;
    commit_head seen = visible();
    for (int tries = 0; !copy_sound(seen, to); ++tries) {
        if (unmoved == patience || tries == tries_max) {
            return false;
        }
        os::sleep_for(std::chrono::microseconds(unmoved * 10));
        const commit_head before = seen;
        seen = visible();
        unmoved = seen == before ? unmoved + 1 : 0;
    }
    return true;
}

void commits::publish_at(std::size_t place, const format::commit_slot& next) noexcept {
    const commit_head head(txn_id{next.txn}, place);
    failpoint("commit.before_slot");
    in_order(
        "commit.slot_first", "commit.before_publish", [&] { store_words(slots_[place], next); },
        [&] { store_shared(heads_->visible.word, head.raw()); });
    failpoint("commit.published");
}

void commits::publish(format::commit_slot& next) noexcept {
    const commit_head before = applied();
    next.sequence = slot_of(before).sequence + 1;
    next.checksum = format::checksum_of(next);
    publish_at(next.sequence % format::commit_slots, next);
}

void commits::format(format::commit_slot& first) noexcept {
    first.checksum = format::checksum_of(first);
    publish_at(first.sequence % format::commit_slots, first);
}

} // namespace holdfast
