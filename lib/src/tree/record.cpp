// Filling, verifying and releasing records and separators.
//
// Bytes are moved, not copied: what a heap misled by a damaged file hands out may overlap their source.
#include "tree/record.hpp"

#include <cstring>

namespace holdfast {

namespace {

template <class Header>
[[nodiscard]] std::uint32_t checksum_of(Header header, const std::byte* behind,
                                        std::uint64_t size_behind) noexcept {
    header.checksum = 0;
    return static_cast<std::uint32_t>(checksum64(&header, sizeof header, checksum64(behind, size_behind)));
}

} // namespace

bool record_is_sound(const space_view& view, ref place) {
    const format::record_header header = record_detail::header_at(view, place);
    const std::uint64_t bytes = format::record_bytes(header);
    const std::byte* begin = view.bytes(place, bytes);
    return checksum_of(header, begin + sizeof header, bytes - sizeof header) == header.checksum;
}

ref write_record(space& memory, std::string_view key, const new_value& value) {
    format::record_header header{};
    header.made = raw(memory.transaction());
    header.value_size = value.bytes.size();
    header.key_size = static_cast<std::uint16_t>(key.size());
    header.type = static_cast<std::uint8_t>(value.type);
    header.flags = value.expiry_ns != 0 ? format::record_flag::expires : std::uint8_t{0};
    const std::uint64_t value_offset = format::value_offset(header);
    const std::uint64_t bytes = value_offset + header.value_size;

    const ref place = memory.allocate(bytes);
    std::byte* const begin = &memory.writable<std::byte>(place);
    std::byte* at = begin + sizeof header;
    if (value.expiry_ns != 0) {
        std::memcpy(at, &value.expiry_ns, sizeof value.expiry_ns);
        at += sizeof value.expiry_ns;
    }
    if (!key.empty()) {
        std::memmove(at, key.data(), key.size());
        at += key.size();
    }
    std::memset(at, 0, static_cast<std::size_t>(begin + value_offset - at));
    if (!value.bytes.empty()) {
        std::memmove(begin + value_offset, value.bytes.data(), value.bytes.size());
    }
    header.checksum = checksum_of(header, begin + sizeof header, bytes - sizeof header);
    std::memcpy(begin, &header, sizeof header);
    return place;
}

ref write_separator(space& memory, std::string_view bytes) {
    const ref place = memory.allocate(sizeof(format::separator_header) + bytes.size());
    auto& header = memory.writable<format::separator_header>(place);
    header = {};
    header.made = raw(memory.transaction());
    header.size = static_cast<std::uint16_t>(bytes.size());
    if (!bytes.empty()) {
        std::memmove(reinterpret_cast<std::byte*>(&header) + sizeof header, bytes.data(), bytes.size());
    }
    header.checksum =
        checksum_of(header, reinterpret_cast<const std::byte*>(&header) + sizeof header, bytes.size());
    return place;
}

bool separator_is_sound(const space_view& view, ref place) {
    const std::string_view bytes = read_separator(view, place);
    const format::separator_header header = view.at<format::separator_header>(place);
    return checksum_of(header, reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()) ==
           header.checksum;
}

void release_separator(space& memory, ref place) {
    const format::separator_header header = memory.view().at<format::separator_header>(place);
    memory.release(place, sizeof header + header.size, txn_id{header.made});
}

} // namespace holdfast
