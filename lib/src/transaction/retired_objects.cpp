// Retired objects: from the process to the file.
#include "transaction/retired_objects.hpp"

#include "heap/size_class.hpp"

namespace holdfast {

namespace {

/// What a put into a large map retires, and more.
constexpr std::size_t first_room = 32;

/// What the heap gives for a request of `bytes`.
[[nodiscard]] std::uint64_t allocated_for(std::uint64_t bytes) noexcept {
    return bytes <= format::slab_bytes_max ? format::slab_sizes[class_of(bytes)]
                                           : std::uint64_t{blocks_for(bytes)} * format::block_bytes;
}

} // namespace

void retired_objects::add(ref place, std::uint64_t bytes, txn_id made) {
    if (entries_.empty()) {
        entries_.reserve(first_room);
        entries_.push_back({});
    }
    entries_.push_back(format::object_entry(place.units(), raw(made)));
    bytes_ += allocated_for(bytes);
}

void retired_objects::flush(heap& memory, txn_id by) {
    if (entries_.empty()) {
        return;
    }
    format::heap_header& header = memory.header();
    const format::entry_list& list = header.retired;
    // A list that grows can't reclaim: so the chunks that it will take are allocated before, which may reclaim, and
    // given back.
    const std::size_t room = list.back == 0 ? 0 : format::list_chunk::capacity - list.back_index;
    if (entries_.size() > room) {
        std::vector<ref> chunks((entries_.size() - room - 1) / format::list_chunk::capacity + 1);
        for (ref& chunk : chunks) {
            chunk = memory.allocate(sizeof(format::list_chunk));
        }
        for (const ref chunk : chunks) {
            memory.free(chunk);
        }
    }
    entries_.front() = format::marker_entry(raw(by));
    memory.append(header.retired, entries_.data(), entries_.size());
    memory.set(header.held_back_bytes, header.held_back_bytes + bytes_);
    entries_.clear();
    bytes_ = 0;
}

} // namespace holdfast
