// CBOR: what is not inline.
#include <holdfast/detail/cbor.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <holdfast/error.hpp>

namespace holdfast::detail {

double cbor_float(const cbor_head& head) noexcept {
    if (head.info == cbor_head::info_double) {
        return std::bit_cast<double>(head.argument);
    }
    if (head.info == cbor_head::info_single) {
        return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
    }
    // RFC 8949, appendix D.
    const int exponent = static_cast<int>(head.argument >> 10 & 31);
    const int mantissa = static_cast<int>(head.argument & 0x3FF);
    double value = 0;
    if (exponent == 0) {
        value = std::ldexp(mantissa, -24);
    } else if (exponent != 31) {
        value = std::ldexp(mantissa + 1024, exponent - 25);
    } else {
        value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
    }
    return (head.argument & 0x8000) != 0 ? -value : value;
}

namespace {

[[nodiscard]] bool continues(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

} // namespace

std::size_t utf8_length(std::string_view text) noexcept {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2 || first > 0xF4 || !continues(text, 1)) {
        return 0;
    }
    if (first < 0xE0) {
        return 2;
    }
    const auto second = static_cast<unsigned char>(text[1]);
    if (!continues(text, 2)) {
        return 0;
    }
    if (first < 0xF0) {
        const bool overlong = first == 0xE0 && second < 0xA0;
        const bool surrogate = first == 0xED && second >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    const bool overlong = first == 0xF0 && second < 0x90;
    const bool beyond = first == 0xF4 && second >= 0x90;
    return overlong || beyond || !continues(text, 3) ? 0 : 4;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = utf8_length(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

// ---- Writing -----------------------------------------------------------------------------------------------

void cbor_writer::grow(std::size_t bytes) {
    constexpr std::size_t first = 240; // a small document takes one allocation
    const std::size_t used = position();
    // By what this document needs: much may stand before it. That capacity grows fast enough is the string's affair.
    to_.resize(used + std::max({bytes, (used - start_) / 2, first}));
    at_ = to_.data() + used;
    end_ = to_.data() + to_.size();
}

void cbor_writer::replace_head(std::size_t start, cbor_major major, std::uint64_t count) {
    static constexpr std::array<std::uint8_t, 32> bytes_by_info = [] {
        std::array<std::uint8_t, 32> sizes{};
        std::fill(sizes.begin(), sizes.end(), std::uint8_t{1});
        sizes[24] = 2;
        sizes[25] = 3;
        sizes[26] = 5;
        sizes[27] = 9;
        return sizes;
    }();
    reserve(head_bytes_max);
    const std::size_t end = position();
    const std::size_t old_bytes = bytes_by_info[static_cast<unsigned char>(to_[start]) & 31];
    // The new head is made behind the items first, as its size is not known before.
    put_head(major, count);
    const std::size_t new_bytes = position() - end;
    char head[head_bytes_max];
    std::memcpy(head, to_.data() + end, new_bytes);
    char* const first = to_.data() + start;
    std::memmove(first + new_bytes, first + old_bytes, end - start - old_bytes);
    std::memcpy(first, head, new_bytes);
    truncate(end + new_bytes - old_bytes);
}

// ---- Reading -----------------------------------------------------------------------------------------------

void cbor_reader::throw_damaged(const char* what) const {
    char message[160];
    std::snprintf(message, sizeof message, "the document is damaged: %s (at byte %zu)", what, position());
    throw error(errc::corrupt, message);
}

void cbor_reader::read_argument(cbor_head& head) {
    if (head.info == cbor_head::info_indefinite) {
        if (head.is_integer() || head.major == cbor_major::tag) {
            throw_damaged("an item without its argument");
        }
        return;
    }
    if (head.info > cbor_head::info_double) {
        throw_damaged("an item of a reserved form");
    }
    const std::size_t bytes = std::size_t{1} << (head.info - 24);
    if (bytes > left()) {
        throw_damaged("ends within an item");
    }
    switch (bytes) {
    case 1:
        head.argument = load_big_endian<1>(at_);
        break;
    case 2:
        head.argument = load_big_endian<2>(at_);
        break;
    case 4:
        head.argument = load_big_endian<4>(at_);
        break;
    default:
        head.argument = load_big_endian<8>(at_);
        break;
    }
    at_ += bytes;
    if (head.major == cbor_major::simple && head.info == 24 && head.argument < 32) {
        throw_damaged("a simple value of a reserved form");
    }
}

std::string_view cbor_reader::join_pieces(const cbor_head& string, std::string& pieces) {
    pieces.clear();
    while (!at_break()) {
        const cbor_head piece = head();
        if (piece.major != string.major || piece.indefinite()) {
            throw_damaged("a piece of another kind in a string");
        }
        pieces += take_string(piece);
    }
    take_break();
    return pieces;
}

void cbor_reader::skip_string(const cbor_head& string, cbor_texts texts) {
    const bool check = texts == cbor_texts::must_be_utf8 && string.major == cbor_major::text;
    const auto skip_piece = [&](const cbor_head& piece) {
        const std::string_view found = take_string(piece);
        if (check && !is_ascii(found) && !is_utf8(found)) {
            throw_damaged("a text that is not UTF-8");
        }
    };
    if (!string.indefinite()) {
        skip_piece(string);
        return;
    }
    while (!at_break()) {
        const cbor_head piece = head();
        if (piece.major != string.major || piece.indefinite()) {
            throw_damaged("a piece of another kind in a string");
        }
        skip_piece(piece);
    }
    take_break();
}

namespace {

/// A container that is being skipped.
struct open_container {
    std::uint64_t items_left; ///< a pair counts as two; cbor_reader::count_unknown up to the break
    bool map;
    bool value_next; ///< in a map that ends with a break: a key was passed, and its value was not
};

/// Notes that an item is complete, and the containers that it completes. False when nothing is open any more.
[[nodiscard]] bool complete_item(open_container* open, std::size_t& depth) noexcept {
    while (depth > 0) {
        open_container& inner = open[depth - 1];
        if (inner.items_left == cbor_reader::count_unknown) {
            inner.value_next = inner.map && !inner.value_next;
            return true;
        }
        if (--inner.items_left > 0) {
            return true;
        }
        --depth;
    }
    return false;
}

} // namespace

void cbor_reader::skip(std::size_t depth, cbor_texts texts) {
    open_container open[cbor_depth_max];
    std::size_t opened = 0;
    bool complete = true;
    do {
        complete = true;
        if (opened > 0 && open[opened - 1].items_left == count_unknown && at_break()) {
            if (open[opened - 1].value_next) {
                throw_damaged("a key without a value");
            }
            take_break();
            --opened;
            continue;
        }
        const cbor_head found = item();
        if (found.is_string()) {
            skip_string(found, texts);
        } else if (found.is_container()) {
            if (depth + opened >= cbor_depth_max) {
                throw_damaged("nests more than 128 levels deep");
            }
            const bool map = found.major == cbor_major::map;
            const std::uint64_t items = count(found);
            complete = items == 0;
            if (!complete) {
                open[opened++] = {items == count_unknown || !map ? items : 2 * items, map, false};
            }
        }
    } while (!complete || complete_item(open, opened));
}

std::string_view take_type_name(cbor_reader& document) {
    const std::size_t start = document.position();
    cbor_head found = document.head();
    while (found.major == cbor_major::tag && found.argument != cbor_tag_object) {
        found = document.head();
    }
    if (found.major == cbor_major::tag) {
        found = document.head();
        if (found.major == cbor_major::array && !found.indefinite() && found.argument == 2) {
            found = document.head();
            if (found.major == cbor_major::text && !found.indefinite()) {
                const std::string_view name = document.take_string(found);
                if (!is_utf8(name)) {
                    document.throw_damaged("a name of a type that is not UTF-8");
                }
                return name;
            }
        }
    }
    document.seek(start);
    return {};
}

} // namespace holdfast::detail
