// The out-of-line record and the node header that the candidates with references share, and the result of a
// leaf's put.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "arena.hpp"
#include "heads.hpp"

namespace layouts {

struct record {
    std::uint64_t made;
    std::uint64_t value_size;
    std::uint32_t checksum;
    std::uint16_t key_size;
    std::uint8_t type;
    std::uint8_t flags;

    char const* bytes() const noexcept { return reinterpret_cast<char const*>(this + 1); }
    std::string_view key() const noexcept { return {bytes(), key_size}; }
    std::string_view value() const noexcept { return {bytes() + key_size, value_size}; }
    std::uint64_t digest() const noexcept { return mix(made, checksum); }
    std::size_t slot() const noexcept { return slot_bytes(sizeof(record) + key_size + value_size); }
};
static_assert(sizeof(record) == 24 && std::has_unique_object_representations_v<record>);

struct node_header {
    std::uint64_t made;
    std::uint64_t digest;
    std::uint16_t count;
    std::uint8_t level;
    std::uint8_t zero;
    std::uint16_t prefix_length;
    std::uint16_t body; // inline leaves: where the packed entries begin
    std::uint64_t reserved;
};
static_assert(sizeof(node_header) == 32 && std::has_unique_object_representations_v<node_header>);

/// What replaces a node after a put: one node, or two and the separator between them.
struct replacement {
    reference left = 0;
    reference right = 0;
    std::string separator;
};

inline reference make_record(arena& heap, std::string_view key, std::string_view value, std::uint64_t made) {
    std::size_t const slot = slot_bytes(sizeof(record) + key.size() + value.size());
    reference const made_at = heap.allocate(slot);
    auto* const made_record = heap.at<record>(made_at);
    auto* const bytes = reinterpret_cast<char*>(made_record + 1);
    std::memcpy(bytes, key.data(), key.size());
    std::memcpy(bytes + key.size(), value.data(), value.size());
    std::uint32_t const checksum = checksum_of(bytes, key.size() + value.size());
    *made_record = {made, value.size(), checksum, static_cast<std::uint16_t>(key.size()), 1, 0};
    return made_at;
}

} // namespace layouts
