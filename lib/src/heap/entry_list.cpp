// Lists of entries in the file: queues in chunks of 63.
//
// Entries are written beyond the list's end first; then the list's words move, logged. So an undone
// transaction leaves bytes behind the end that nobody reads.
#include <cstddef>
#include <cstdint>

#include "base/corrupt.hpp"
#include "heap/heap.hpp"

namespace holdfast {

using format::entry_list;
using format::list_chunk;
using format::list_entry;

void heap::set_list(entry_list& list, const entry_list& now) {
    const auto assign = [this](std::uint64_t& word, std::uint64_t value) {
        if (word != value) {
            undo_.set(word, value);
        }
    };
    ensure_log(undo_log::spare_min);
    assign(list.front, now.front);
    assign(list.back, now.back);
    if (list.front_index != now.front_index) {
        undo_.set(list.front_index, now.front_index);
    }
    if (list.back_index != now.back_index) {
        undo_.set(list.back_index, now.back_index);
    }
    assign(list.entries, now.entries);
}

/// An entry as it is written to `place`.
list_entry heap::sealed(list_entry entry, const list_entry& place) const noexcept {
    entry.word |= entry_check(entry, offset_of(&place));
    return entry;
}

list_entry heap::entry_at(const list_entry& place) const {
    list_entry entry = place;
    const std::uint64_t offset = offset_of(&place);
    if ((entry.word & check_bits) != entry_check(entry, offset)) [[unlikely]] {
        throw_corrupt("an entry of a list is damaged", ref::from_offset(offset));
    }
    entry.word &= ~check_bits;
    return entry;
}

ref heap::chunk_after(const list_chunk& chunk) const {
    if (chunk.check != chunk_sum(chunk, offset_of(&chunk))) {
        throw_corrupt("a chunk of a list is damaged", ref::from_offset(offset_of(&chunk)));
    }
    return ref::from_units(chunk.next);
}

/// A new chunk behind `last`, if there is one.
ref heap::add_chunk(ref last) {
    const ref place = allocate(sizeof(list_chunk));
    auto& fresh = object<list_chunk>(place);
    fresh.next = 0;
    fresh.check = chunk_sum(fresh, place.offset());
    if (last) {
        auto& before = object<list_chunk>(last);
        set(before.next, place.units());
        set(before.check, chunk_sum(before, last.offset()));
    }
    return place;
}

void heap::append(entry_list& list, const list_entry* entries, std::size_t count) {
    const busy_lists guard(*this);
    entry_list now = list;
    now.entries += count;
    while (count != 0) {
        if (now.back == 0 || now.back_index == list_chunk::capacity) {
            const ref fresh = add_chunk(ref::from_units(now.back));
            if (now.back == 0) {
                now.front = fresh.units();
                now.front_index = 0;
            }
            now.back = fresh.units();
            now.back_index = 0;
        }
        if (now.back_index > list_chunk::capacity) {
            throw_corrupt("a list's end is damaged", ref::from_units(now.back));
        }
        auto& chunk = object<list_chunk>(ref::from_units(now.back));
        for (; count != 0 && now.back_index != list_chunk::capacity; --count, ++entries) {
            list_entry& place = chunk.entries[now.back_index++];
            place = sealed(*entries, place);
        }
    }
    set_list(list, now);
}

/// Offers the entry at the front of the list `now`; false if it stays.
bool heap::consume_one(entry_list& now, const std::function<bool(const list_entry&)>& take,
                       const std::function<void(ref)>& emptied) {
    const ref place = ref::from_units(now.front);
    const std::uint64_t end = now.front == now.back ? now.back_index : list_chunk::capacity;
    if (now.front_index >= end || end > list_chunk::capacity) {
        throw_corrupt("a list's beginning is damaged", place);
    }
    const list_chunk& chunk = object<list_chunk>(place);
    if (!take(entry_at(chunk.entries[now.front_index]))) {
        return false;
    }
    ++now.front_index;
    --now.entries;
    if (now.entries == 0) {
        now = entry_list{};
        emptied(place);
    } else if (now.front_index == list_chunk::capacity) {
        now.front = chunk_after(chunk).units();
        now.front_index = 0;
        emptied(place);
    }
    return true;
}

std::uint64_t heap::consume(entry_list& list, std::uint64_t limit,
                            const std::function<bool(const list_entry&)>& take,
                            const std::function<void(ref)>& emptied) {
    entry_list now = list;
    std::uint64_t taken = 0;
    // A list that leads in a circle ends here.
    if (now.entries > end_bytes() / sizeof(list_entry)) {
        throw_corrupt("a list is longer than the heap", ref::from_units(now.front));
    }
    try {
        while (now.entries != 0 && taken < limit && log_has_room() && consume_one(now, take, emptied)) {
            ++taken;
        }
    } catch (...) {
        set_list(list, now); // what was taken is gone
        throw;
    }
    set_list(list, now);
    return taken;
}

void heap::visit(const entry_list& list, const std::function<bool(list_entry&)>& see) {
    std::uint64_t left = list.entries;
    std::uint32_t index = list.front_index;
    if (left > end_bytes() / sizeof(list_entry)) {
        throw_corrupt("a list is longer than the heap", ref::from_units(list.front));
    }
    for (std::uint64_t units = list.front; left != 0;) {
        const ref place = ref::from_units(units);
        auto& chunk = object<list_chunk>(place);
        const std::uint64_t end = units == list.back ? list.back_index : list_chunk::capacity;
        if (index >= end || end > list_chunk::capacity) {
            throw_corrupt("a list is damaged", place);
        }
        for (; index < end && left != 0; ++index, --left) {
            list_entry& at = chunk.entries[index];
            const list_entry before = entry_at(at);
            list_entry now = before;
            if (!log_has_room() || !see(now)) {
                return;
            }
            if (now != before) {
                now = sealed(now, at);
                set(at.tagged, now.tagged);
                set(at.word, now.word);
            }
        }
        index = 0;
        units = left == 0 ? 0 : chunk_after(chunk).units();
    }
}

} // namespace holdfast
