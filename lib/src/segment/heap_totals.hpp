// What others than the writer read of the heap's header: it may change meanwhile.
//
// Thread and process safety: any thread of any process, at any time while the file is mapped. Each number is right by
// itself, not beside the others. Nothing is verified.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/geometry.hpp"
#include "format/heap.hpp"
#include "segment/words.hpp"

namespace holdfast {

struct heap_totals {
    bool has_magic;
    std::uint64_t end_blocks;
    std::uint64_t free_blocks;
    std::uint64_t held_back_bytes; ///< of objects that wait to be freed
};

[[nodiscard]] inline heap_totals read_heap_totals(std::byte* base) noexcept {
    auto& header = *reinterpret_cast<format::heap_header*>(base + format::heap_header_offset);
    return {header.magic == format::heap_magic, load_shared(header.end_blocks),
            load_shared(header.free_blocks), load_shared(header.held_back_bytes)};
}

} // namespace holdfast
