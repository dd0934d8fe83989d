// Filling, verifying and releasing records and separators.
//
// Bytes are moved, not copied: what a heap misled by a damaged file hands out may overlap their source.
#include "tree/record.hpp"

#include <cstring>
#include <string>

#include <holdfast/error.hpp>

#include "base/shown_text.hpp"
#include "os/failpoint.hpp"

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
    const record_view record = read_record(view, place);
    return stored_checksum_fits(view.bytes(place, record.bytes), record.value_offset + record.value.size());
}

bool stored_checksum_fits(const std::byte* record, std::uint64_t bytes) noexcept {
    const auto header = key_detail::load<format::record_header>(record);
    return checksum_of(header, record + sizeof header, bytes - sizeof header) == header.checksum ||
           !protocol_order("check.record");
}

ref write_record(space& memory, std::string_view key, const new_value& value) {
    const std::uint64_t value_size = value.size();
    const bool large = value_size > format::small_value_bytes_max;
    const bool aligned = value.aligned || value_size >= format::aligned_value_bytes;
    format::record_header header{};
    format::set_made(header, raw(memory.transaction()));
    header.value_size = large ? std::uint16_t{0} : static_cast<std::uint16_t>(value_size);
    header.key_size = static_cast<std::uint16_t>(key.size());
    header.type = static_cast<std::uint8_t>(value.type);
    header.flags = static_cast<std::uint8_t>((value.expiry_ns != 0 ? format::record_flag::expires : 0) |
                                             (large ? format::record_flag::large : 0) |
                                             (aligned ? format::record_flag::aligned : 0));
    const std::uint64_t value_offset = format::value_offset(header);

    const ref place = memory.allocate(format::record_bytes(header, value_size));
    std::byte* const begin = &memory.writable<std::byte>(place);
    std::byte* at = begin + sizeof header;
    const auto append_word = [&at](std::uint64_t word) {
        std::memcpy(at, &word, sizeof word);
        at += sizeof word;
    };
    if (value.expiry_ns != 0) {
        append_word(value.expiry_ns);
    }
    if (large) {
        append_word(value_size);
    }
    if (!key.empty()) {
        std::memmove(at, key.data(), key.size());
        at += key.size();
    }
    std::memset(at, 0, static_cast<std::size_t>(begin + value_offset - at));
    if (value.fill != nullptr) {
        (*value.fill)({reinterpret_cast<char*>(begin + value_offset), static_cast<std::size_t>(value_size)});
    } else if (value_size != 0) {
        std::memmove(begin + value_offset, value.bytes.data(), value_size);
    }
    header.checksum = checksum_of(header, begin + sizeof header, value_offset + value_size - sizeof header);
    std::memcpy(begin, &header, sizeof header);
    return place;
}

void throw_not_ours(const record_view& record) {
    throw error(errc::unsupported,
                "key " + shown_text(record.key) + " holds a value of type " +
                    std::to_string(static_cast<unsigned>(record.type)) +
                    ", which owns something outside of its bytes: only a program that knows the type may "
                    "overwrite or erase it");
}

ref write_separator(space& memory, std::string_view bytes) {
    const ref place = memory.allocate(sizeof(format::separator_header) + bytes.size());
    auto& header = memory.writable<format::separator_header>(place);
    header = {};
    format::set_made(header, raw(memory.transaction()));
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
    memory.release(place, sizeof header + header.size, txn_id{format::made_of(header)});
}

} // namespace holdfast
