// Reading and writing records and separators.
//
// A record's checksum is the low half of XXH3-64 over its header with the checksum zero, seeded by XXH3-64 of
// all bytes behind the header (extensions, key, the zeroed padding before an aligned or raw value, value). Reading does
// not verify it: that is for whoever copies a value out of the file.
//
// Thread safety: reading is pure. What is read is untrusted: all sizes are compared with the bounds of the
// space, beyond them errc::corrupt is thrown. Views end with the snapshot they were read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "base/checksum.hpp"
#include "base/types.hpp"
#include "format/record.hpp"
#include "tree/key.hpp"
#include "tree/space.hpp"

namespace holdfast {

struct record_view {
    std::string_view key;
    std::string_view value;
    format::value_type type = format::value_type::null;
    txn_id made = txn_id::none;  ///< the value's version
    std::uint64_t expiry_ns = 0; ///< CLOCK_REALTIME; 0: none
    ref place;
    std::uint64_t bytes = 0;        ///< of the whole record, as it was allocated
    std::uint32_t value_offset = 0; ///< of the value, from the beginning of the record
};

/// The value of a put.
struct new_value {
    format::value_type type = format::value_type::bytes;
    std::string_view bytes;
    std::uint64_t expiry_ns = 0; ///< 0: none
    bool aligned = false;        ///< begins at a multiple of 64; from 1 KiB on every value does
    /// If set, it writes the value, `fill_size` bytes, to its place; `bytes` is not used.
    const std::function<void(std::span<char>)>* fill = nullptr;
    std::uint64_t fill_size = 0;

    [[nodiscard]] std::uint64_t size() const noexcept { return fill != nullptr ? fill_size : bytes.size(); }
};

namespace record_detail {

/// A plausible header of a record; its key and value have not been compared with the bounds.
[[nodiscard]] inline const format::record_header& header_at(const space_view& view, ref place) {
    const auto& header = view.at<format::record_header>(place);
    if (!format::is_plausible(header)) [[unlikely]] {
        throw_corrupt("a record's header is impossible", place);
    }
    return header;
}

/// The size of the value of a record whose header is plausible.
[[nodiscard]] inline std::uint64_t value_size_at(const space_view& view, ref place,
                                                 const format::record_header& header) {
    if ((header.flags & format::record_flag::large) == 0) [[likely]] {
        return header.value_size;
    }
    const std::uint64_t key_offset = format::key_offset(header);
    const auto size =
        key_detail::load<std::uint64_t>(view.bytes(place, key_offset) + key_offset - sizeof(std::uint64_t));
    if (header.value_size != 0 || size <= format::small_value_bytes_max || size > format::value_bytes_max) {
        throw_corrupt("the size of a record's value is impossible", place);
    }
    return size;
}

/// Long values are used in place as arrays: what says that they are aligned is not believed.
inline void verify_alignment(const format::record_header& header, std::uint64_t value_size, ref place) {
    const bool aligned = (header.flags & format::record_flag::aligned) != 0;
    if (aligned ? place.offset() % format::value_alignment != 0 : value_size >= format::aligned_value_bytes) {
        [[unlikely]] { throw_corrupt("a record's value is not aligned", place); }
    }
}

} // namespace record_detail

/// The record at `place`; its checksum is not verified.
[[nodiscard]] inline record_view read_record(const space_view& view, ref place) {
    const format::record_header& header = record_detail::header_at(view, place);
    const std::uint64_t value_size = record_detail::value_size_at(view, place, header);
    record_detail::verify_alignment(header, value_size, place);
    const std::uint64_t key_offset = format::key_offset(header);
    const std::uint64_t value_offset = format::value_offset(header);
    const std::uint64_t bytes = format::record_bytes(header, value_size);
    const auto* begin = reinterpret_cast<const char*>(view.bytes(place, bytes));
    record_view record;
    record.key = {begin + key_offset, header.key_size};
    record.value = {begin + value_offset, value_size};
    record.type = static_cast<format::value_type>(header.type);
    record.made = txn_id{format::made_of(header)};
    if ((header.flags & format::record_flag::expires) != 0) {
        record.expiry_ns = key_detail::load<std::uint64_t>(begin + sizeof header);
    }
    record.place = place;
    record.bytes = bytes;
    record.value_offset = static_cast<std::uint32_t>(value_offset);
    return record;
}

/// Only the key of the record at `place`.
[[nodiscard]] inline std::string_view record_key(const space_view& view, ref place) {
    const format::record_header& header = record_detail::header_at(view, place);
    const std::uint64_t offset = format::key_offset(header);
    const auto* begin = reinterpret_cast<const char*>(view.bytes(place, offset + header.key_size));
    return {begin + offset, header.key_size};
}

/// What the record at `place` adds to its leaf's digest.
[[nodiscard]] inline std::uint64_t record_share(const space_view& view, ref place) {
    const auto& header = view.at<format::record_header>(place);
    return digest_of(txn_id{format::made_of(header)}, header.checksum);
}

/// Whether the checksum of the record at `place` is right. Throws errc::corrupt if it exceeds the space.
[[nodiscard]] bool record_is_sound(const space_view& view, ref place);

/// Whether the checksum of the record whose bytes up to the end of its value these are is right; at least a header.
[[nodiscard]] bool stored_checksum_fits(const std::byte* record, std::uint64_t bytes) noexcept;

/// Allocates and fills a record made by the running transaction. Key and value must be within the limits of
/// the format. Throws what `space::allocate` and the value's `fill` throw.
[[nodiscard]] ref write_record(space& memory, std::string_view key, const new_value& value);

/// Throws errc::unsupported: the value owns something outside of its record, and nobody here knows what.
[[noreturn]] void throw_not_ours(const record_view& record);

/// The bytes of the separator at `place`.
[[nodiscard]] inline std::string_view read_separator(const space_view& view, ref place) {
    const std::size_t size = view.at<format::separator_header>(place).size;
    const std::byte* begin = view.bytes(place, sizeof(format::separator_header) + size);
    return {reinterpret_cast<const char*>(begin) + sizeof(format::separator_header), size};
}

/// What the separator at `place` adds to its node's digest.
[[nodiscard]] inline std::uint64_t separator_share(const space_view& view, ref place) {
    const auto& header = view.at<format::separator_header>(place);
    return digest_of(txn_id{format::made_of(header)}, header.checksum);
}

/// Allocates and fills a separator made by the running transaction.
[[nodiscard]] ref write_separator(space& memory, std::string_view bytes);

/// Whether the checksum of the separator at `place` is right. Throws errc::corrupt if it exceeds the space.
[[nodiscard]] bool separator_is_sound(const space_view& view, ref place);

/// Gives the separator at `place` back.
void release_separator(space& memory, ref place);

} // namespace holdfast
