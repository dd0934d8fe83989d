// Verifying a value where it lies.
#include <holdfast/value.hpp>

#include <cstring>
#include <string>

#include <holdfast/error.hpp>

#include "base/shown_text.hpp"
#include "store/stored_value.hpp"

namespace holdfast {

namespace {

/// The key as a damaged record has it.
[[nodiscard]] std::string_view key_of(std::string_view record) noexcept {
    format::record_header header{};
    std::memcpy(&header, record.data(), sizeof header);
    const std::uint64_t offset = format::key_offset(header);
    return offset <= record.size() ? record.substr(offset, header.key_size) : std::string_view{};
}

[[noreturn]] void throw_damaged(std::string_view map, std::string_view key) {
    const std::string where = map.empty() ? "" : "map " + shown_text(map) + ", ";
    throw error(errc::corrupt, where + "key " + shown_text(key) +
                                   ": the value is damaged (its checksum is wrong); run 'holdfast check'");
}

} // namespace

bool value_view::is_sound() const noexcept {
    if (!detail::stored_value::is_in_a_file(*this)) {
        return true;
    }
    const std::string_view record = detail::stored_value::record_of(*this);
    return stored_checksum_fits(reinterpret_cast<const std::byte*>(record.data()), record.size());
}

void value_view::verify() const {
    if (is_sound()) [[likely]] {
        return;
    }
    throw_damaged("", key_of(detail::stored_value::record_of(*this)));
}

value detail::copy_of(const record_view& record, std::string_view map) {
    if (!to_view(record).is_sound()) [[unlikely]] {
        throw_damaged(map, record.key);
    }
    return {record.type, std::string(record.value), raw(record.made)};
}

} // namespace holdfast
