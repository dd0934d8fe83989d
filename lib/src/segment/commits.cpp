// Reading and publishing commits.
#include "segment/commits.hpp"

#include <algorithm>
#include <utility>

#include "base/corrupt.hpp"
#include "os/failpoint.hpp"
#include "os/in_order.hpp"
#include "os/time.hpp"

namespace holdfast {

namespace {

/// Slots are copied by lines of eight words each.
constexpr std::size_t line_bytes = 64;
constexpr auto line_words = std::make_index_sequence<line_bytes / sizeof(std::uint64_t)>();
static_assert(offsetof(format::commit_slot, direct) % line_bytes == 0 &&
              sizeof(format::map_root) == line_bytes);

[[nodiscard]] std::uint64_t* words_at(const format::commit_slot& slot, std::size_t at) noexcept {
    return reinterpret_cast<std::uint64_t*>(const_cast<format::commit_slot*>(&slot)) +
           at / sizeof(std::uint64_t);
}

/// Word by word, so that a writer may be overwriting it: the caller finds that out and throws the copy away.
void copy_lines(format::commit_slot& to, const format::commit_slot& from, std::size_t begin,
                std::size_t end) noexcept {
    const auto copy_line = []<std::size_t... Word>(std::uint64_t * target, std::uint64_t * source,
                                                   std::index_sequence<Word...>) {
        ((target[Word] = load_shared(source[Word])), ...);
    };
    for (std::size_t at = begin; at < end; at += line_bytes) {
        copy_line(words_at(to, at), words_at(from, at), line_words);
    }
}

void store_lines(format::commit_slot& to, const format::commit_slot& from) noexcept {
    const auto store_line = []<std::size_t... Word>(std::uint64_t * target, const std::uint64_t* source,
                                                    std::index_sequence<Word...>) {
        (store_shared(target[Word], source[Word], std::memory_order_relaxed), ...);
    };
    const std::size_t bytes = format::used_bytes(from);
    for (std::size_t at = 0; at < bytes; at += line_bytes) {
        store_line(words_at(to, at), words_at(from, at), line_words);
        if (at == 2 * line_bytes) {
            failpoint("commit.half_slot");
        }
    }
}

} // namespace

txn_id commits::number_in(format::head_line& head) {
    const commit_head found(load_shared(head.word));
    if (!found.is_sound()) {
        throw_corrupt("a head is damaged", ref::from_offset(format::heads_offset));
    }
    return found.number();
}

bool commits::copy(commit_head head, format::commit_slot& to) const noexcept {
    if (!head.is_sound()) {
        return false;
    }
    constexpr std::size_t fixed = offsetof(format::commit_slot, direct);
    const format::commit_slot& slot = slot_of(head);
    copy_lines(to, slot, 0, fixed);
    copy_lines(to, slot, fixed, format::used_bytes(to));
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

void commits::publish_at(format::head_line& line, const format::commit_slot& next) noexcept {
    const std::size_t place = next.sequence % format::commit_slots;
    const commit_head head(txn_id{next.txn}, place);
    failpoint("commit.before_slot");
    in_order(
        "commit.slot_first", "commit.before_publish", [&] { store_lines(slots_[place], next); },
        [&] { store_shared(line.word, head.raw()); });
    failpoint("commit.published");
}

std::uint64_t commits::hidden() const noexcept {
    const commit_head seen = visible();
    const commit_head newest = applied();
    return seen == newest ? 0 : load_shared(slot_of(newest).sequence) - load_shared(slot_of(seen).sequence);
}

void commits::show(commit_head head) noexcept {
    std::uint64_t seen = load_shared(heads_->visible.word);
    while (commit_head(seen).number() < head.number() &&
           !shared_word(heads_->visible.word).compare_exchange_weak(seen, head.raw())) {
    }
}

bool commits::copy_place(std::uint64_t place, format::commit_slot& to) const noexcept {
    copy_lines(to, slots_[place], 0, sizeof to);
    return format::is_sound(to) && to.sequence % format::commit_slots == place;
}

std::uint64_t commits::spoil_place(std::uint64_t sequence) noexcept {
    const std::uint64_t place = sequence % format::commit_slots;
    store_shared(slots_[place].txn, 0);
    return format::commit_slots_offset + place * sizeof(format::commit_slot);
}

void commits::restart(const format::commit_slot& found) noexcept {
    publish_at(heads_->visible, found);
    store_shared(heads_->applied.word, 0);
}

void commits::number(format::commit_slot& next) const noexcept {
    next.sequence = slot_of(applied()).sequence + 1;
    next.checksum = format::checksum_of(next);
}

void commits::publish(format::commit_slot& next) noexcept {
    number(next);
    publish_at(heads_->visible, next);
}

void commits::publish_hidden(format::commit_slot& next) noexcept {
    number(next);
    publish_at(heads_->applied, next);
}

void commits::format(format::commit_slot& first) noexcept {
    first.checksum = format::checksum_of(first);
    publish_at(heads_->visible, first);
}

} // namespace holdfast
