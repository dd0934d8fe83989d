// Reading numbers and bytes of documents: the conversions that are not inline.
#include <holdfast/detail/document_cursor.hpp>

#include <charconv>
#include <cmath>
#include <cstring>

namespace holdfast::detail {

cbor_head document_cursor::integer_of(const cbor_head& number) const {
    if (!number.is_float()) {
        throw_wrong_kind(number, "a number");
    }
    const double value = cbor_float(number);
    constexpr double end = 18446744073709551616.0; // 2^64
    if (!(value > -end && value < end) || std::trunc(value) != value) {
        throw_inexact(number);
    }
    const auto size = static_cast<std::uint64_t>(std::abs(value));
    if (value >= 0) {
        return {cbor_major::positive, cbor_head::info_double, size};
    }
    return {cbor_major::negative, cbor_head::info_double, size - 1};
}

long double document_cursor::take_long_double() {
    const cbor_head found = take();
    if (found.is_float()) {
        return static_cast<long double>(cbor_float(found));
    }
    if (found.major == cbor_major::positive) {
        return static_cast<long double>(found.argument);
    }
    if (found.major == cbor_major::negative) {
        return -1 - static_cast<long double>(found.argument);
    }
    if (found.major != cbor_major::text) {
        throw_wrong_kind(found, "a number");
    }
    std::string pieces;
    const std::string_view text = reader_.take_string(found, pieces);
    const char* const end = text.data() + text.size();
    long double value = 0;
    const auto parsed = std::from_chars(text.data(), end, value, std::chars_format::hex);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
        throw_wrong_kind(found, "a number");
    }
    return value;
}

void document_cursor::take_bytes(void* data, std::size_t size) {
    std::string pieces;
    const std::string_view found = take_string(pieces, true);
    if (found.size() != size) {
        throw_wrong_size(found.size(), size);
    }
    if (size > 0) {
        std::memcpy(data, found.data(), size);
    }
    done();
}

} // namespace holdfast::detail
