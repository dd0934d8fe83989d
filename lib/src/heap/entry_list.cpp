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

void heap::append(entry_list& list, const list_entry* entries, std::size_t count) {
    const busy_lists guard(*this);
    entry_list now = list;
    for (std::size_t i = 0; i < count; ++i) {
        if (now.back == 0 || now.back_index == list_chunk::capacity) {
            const ref fresh = allocate(sizeof(list_chunk));
            auto& chunk = object<list_chunk>(fresh);
            chunk.next = 0;
            chunk.reserved = 0;
            if (now.back == 0) {
                now.front = fresh.units();
                now.front_index = 0;
            } else {
                set(object<list_chunk>(ref::from_units(now.back)).next, fresh.units());
            }
            now.back = fresh.units();
            now.back_index = 0;
        }
        if (now.back_index > list_chunk::capacity) {
            throw_corrupt("a list's end is damaged", ref::from_units(now.back));
        }
        object<list_chunk>(ref::from_units(now.back)).entries[now.back_index++] = entries[i];
        ++now.entries;
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
    if (!take(chunk.entries[now.front_index])) {
        return false;
    }
    ++now.front_index;
    --now.entries;
    if (now.entries == 0) {
        now = entry_list{};
        emptied(place);
    } else if (now.front_index == list_chunk::capacity) {
        now.front = chunk.next;
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
            if (!log_has_room() || !see(chunk.entries[index])) {
                return;
            }
        }
        index = 0;
        units = chunk.next;
    }
}

} // namespace holdfast
