// Readers: slots in shared memory for processes that may write, byte locks for those that may only read, and what
// a writer sees of both.
#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

#include "os/byte_lock.hpp"
#include "os/failpoint.hpp"
#include "os/system.hpp"
#include "segment/failure.hpp"
#include "segment/segment.hpp"
#include "segment/words.hpp"

namespace holdfast {

namespace {

constexpr std::uint64_t pins_end = std::uint64_t{1} << 62; // offsets end at 2^63

/// How many snapshots one run of adjacent byte locks is taken for, the newest ones. More is no honest reader.
constexpr std::uint64_t adjacent_pins_max = 65'536;

os::byte_range byte_of(txn_id pin) noexcept { return {format::lock_byte::pin + raw(pin), 1}; }

/// The lock seen, cut to the range that was asked about. A length of 0 is "to the end".
os::byte_range cut(const os::byte_range& seen, const os::byte_range& asked) noexcept {
    const std::uint64_t asked_end = asked.start + asked.bytes;
    const std::uint64_t seen_end = seen.bytes == 0 ? asked_end : std::min(seen.start + seen.bytes, asked_end);
    const std::uint64_t start = std::max(seen.start, asked.start);
    return {start, seen_end - start};
}

std::atomic<std::uint64_t>* as_atomic(std::uint64_t& word) noexcept {
    static_assert(sizeof(std::atomic<std::uint64_t>) == sizeof word &&
                  alignof(std::atomic<std::uint64_t>) <= alignof(format::attachment_line));
    return reinterpret_cast<std::atomic<std::uint64_t>*>(&word);
}

} // namespace

// --- Slots ------------------------------------------------------------------------------------------------

reader_slot segment::claim_slot() {
    expect_usable();
    if (read_only()) {
        fail(errc::read_only, path_, "a store opened for reading only has no reader slots");
    }
    for (;;) {
        const std::uint32_t lines_seen = table_->lines_allocated();
        if (const std::optional<std::uint32_t> line = table_->try_claim_slot()) {
            failpoint("segment.slot.claimed");
            format::attachment_line& l = table_->line(*line);
            return {as_atomic(l.pin), as_atomic(l.since_ns), *line};
        }
        grow_table(lines_seen);
    }
}

/// Frees the lines of the dead, or else makes room for more, unless another did meanwhile.
void segment::grow_table(std::uint32_t lines_seen) {
    const gate_lock gate(gate_, file_, path_, os::lock_mode::exclusive, os::deadline_after(options_.timeout));
    if (table_->lines_allocated() == lines_seen && table_->reap() == 0) {
        table_->grow();
    }
}

void segment::release_slot(reader_slot slot) noexcept {
    if (slot && !forked()) {
        table_->release_slot(slot.line);
    }
}

std::size_t segment::reap() {
    expect_usable();
    return read_only() ? 0 : table_->reap();
}

// --- Pins by byte locks -----------------------------------------------------------------------------------

void segment::pin_by_lock(txn_id pin) {
    expect_usable();
    if (raw(pin) >= pins_end) {
        fail(errc::corrupt, path_, "the number of a transaction is out of range");
    }
    const std::lock_guard lock(lock_pins_mutex_);
    const auto [entry, added] = lock_pins_.try_emplace(pin, 0);
    if (added) {
        if (const int code = os::try_lock(file_, os::lock_mode::shared, byte_of(pin)); code != 0) {
            lock_pins_.erase(entry);
            fail_lock(code, path_, "can't pin a snapshot");
        }
    }
    ++entry->second;
}

void segment::unpin_by_lock(txn_id pin) noexcept {
    if (forked()) {
        return;
    }
    const std::lock_guard lock(lock_pins_mutex_);
    const auto entry = lock_pins_.find(pin);
    if (entry != lock_pins_.end() && --entry->second == 0) {
        os::unlock(file_, byte_of(pin));
        lock_pins_.erase(entry);
    }
}

/// The kernel tells of one lock in a range, not of the first one: its list is ordered by owner before place. So
/// what lies on both sides of an answer is asked again, two questions and one more per lock.
void segment::collect_lock_pins(std::vector<held_pin>& pins) const {
    const std::uint64_t visible = raw(commits().visible().number());
    std::vector<os::byte_range> open = {{format::lock_byte::pin + 1, visible}};
    while (!open.empty()) {
        const os::byte_range asked = open.back();
        open.pop_back();
        std::optional<os::byte_range> seen;
        const int code = asked.bytes == 0 ? 0 : os::find_lock(file_, os::lock_mode::exclusive, asked, seen);
        if (code != 0) {
            fail_lock(code, path_, "can't ask which snapshots read-only processes hold");
        }
        if (!seen) {
            continue;
        }
        const os::byte_range held = cut(*seen, asked);
        const std::uint64_t held_end = held.start + held.bytes;
        const std::uint64_t counted = std::min(held.bytes, adjacent_pins_max);
        for (std::uint64_t byte = held_end - counted; byte != held_end; ++byte) {
            pins.push_back({txn_id{byte - format::lock_byte::pin}, 0, 0});
        }
        open.push_back({asked.start, held.start - asked.start});
        open.push_back({held_end, asked.start + asked.bytes - held_end});
    }
}

// --- What a writer sees -----------------------------------------------------------------------------------

void segment::reader_barrier() const noexcept {
    if (read_only() || os::issue_barrier()) {
        return;
    }
    if (load_shared(control().fenced) == 0) {
        fence_readers();
    }
    os::full_fence();
}

/// From now on readers fence themselves. One that did not see it yet has its pin in a store buffer for
/// nanoseconds; a thread that is not running has none.
void segment::fence_readers() const noexcept {
    shared_word(control().fenced).store(1, std::memory_order_seq_cst);
    os::sleep_for(std::chrono::milliseconds(10));
}

std::vector<held_pin> segment::pins() const {
    expect_usable();
    std::vector<held_pin> found;
    if (!read_only() || somebody_attached()) { // else the table may be of another boot
        table_->collect_pins(found);
    }
    collect_lock_pins(found);
    return found;
}

std::vector<segment::attached_process> segment::processes() const {
    expect_usable();
    std::vector<attached_process> found;
    if (read_only() && !somebody_attached()) {
        return found;
    }
    for (const std::uint32_t line : table_->living()) {
        found.push_back({load_shared(table_->line(line).pid), line, line == table_->own_line()});
    }
    return found;
}

} // namespace holdfast
