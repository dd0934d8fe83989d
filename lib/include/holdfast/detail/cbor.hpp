// CBOR (RFC 8949), the encoding of documents: a writer that appends to a string and a reader that never leaves its
// bytes. What is written is definite in length and in its shortest form; what is read may be any well-formed CBOR.
//
// Thread and process safety: plain objects.
// Invariants: the reader's place never passes the end of its bytes; whatever is malformed throws errc::corrupt.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include <holdfast/detail/export.hpp>

namespace holdfast::detail {

/// How deep arrays and maps may nest.
inline constexpr std::size_t cbor_depth_max = 128;

/// The three high bits of an item's first byte.
enum class cbor_major : std::uint8_t {
    positive = 0,
    negative = 1, ///< -1 minus the argument
    bytes = 2,
    text = 3,
    array = 4,
    map = 5,
    tag = 6,
    simple = 7, ///< false, true, null, undefined, floats and the break that ends an indefinite item
};

/// The tag of a "generic object", an array [name of its type, item]; registered at IANA.
inline constexpr std::uint64_t cbor_tag_object = 27;

/// The first byte of an item and the argument that follows it.
struct cbor_head {
    cbor_major major;
    std::uint8_t info; ///< the five low bits of the first byte
    std::uint64_t argument;

    static constexpr std::uint8_t info_false = 20;
    static constexpr std::uint8_t info_true = 21;
    static constexpr std::uint8_t info_null = 22;
    static constexpr std::uint8_t info_undefined = 23;
    static constexpr std::uint8_t info_half = 25;
    static constexpr std::uint8_t info_single = 26;
    static constexpr std::uint8_t info_double = 27;
    static constexpr std::uint8_t info_indefinite = 31;

    [[nodiscard]] bool indefinite() const noexcept { return info == info_indefinite; }
    [[nodiscard]] bool is_integer() const noexcept { return major <= cbor_major::negative; }
    [[nodiscard]] bool is_string() const noexcept {
        return major == cbor_major::text || major == cbor_major::bytes;
    }
    [[nodiscard]] bool is_container() const noexcept {
        return major == cbor_major::array || major == cbor_major::map;
    }
    [[nodiscard]] bool is_float() const noexcept {
        return major == cbor_major::simple && info >= info_half && info <= info_double;
    }
    [[nodiscard]] bool is_bool() const noexcept {
        return major == cbor_major::simple && (info == info_false || info == info_true);
    }
    [[nodiscard]] bool is_null() const noexcept {
        return major == cbor_major::simple && (info == info_null || info == info_undefined);
    }
    [[nodiscard]] bool is_break() const noexcept { return major == cbor_major::simple && indefinite(); }
};

/// The number that a head with `is_float()` holds.
[[nodiscard]] HOLDFAST_API double cbor_float(const cbor_head& head) noexcept;

/// How many bytes the character has that a text, not empty, begins with; 0 if it is malformed. (RFC 3629, section 4.)
[[nodiscard]] HOLDFAST_API std::size_t utf8_length(std::string_view text) noexcept;
/// Whether a text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] HOLDFAST_API bool is_utf8(std::string_view text) noexcept;

[[nodiscard]] inline bool is_ascii(std::string_view text) noexcept {
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t seen = 0;
    for (; left >= 8; at += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, at, sizeof word);
        seen |= word;
    }
    for (; left > 0; ++at, --left) {
        seen |= static_cast<unsigned char>(*at);
    }
    return (seen & 0x8080808080808080U) == 0;
}

/// `Size` bytes at a place as a number, and back; CBOR is big-endian.
template <std::size_t Size>
[[nodiscard]] inline std::uint64_t load_big_endian(const char* at) noexcept {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < Size; ++i) {
        number = number << 8 | static_cast<unsigned char>(at[i]);
    }
    return number;
}

template <std::size_t Size>
inline void store_big_endian(char* at, std::uint64_t number) noexcept {
    for (std::size_t i = 0; i < Size; ++i) {
        at[i] = static_cast<char>(number >> (8 * (Size - 1 - i)));
    }
}

// ---- Writing -----------------------------------------------------------------------------------------------

/// Appends items to a string. The string has its final size once `finish` was called; if it never is, because
/// something threw, the destructor gives the string back as it was.
class cbor_writer {
public:
    explicit cbor_writer(std::string& to) noexcept
        : to_(to), start_(to.size()), at_(to.data() + start_), end_(at_) {}
    ~cbor_writer() { to_.resize(start_); }
    cbor_writer(const cbor_writer&) = delete;
    cbor_writer& operator=(const cbor_writer&) = delete;

    void finish() noexcept {
        start_ = position();
        to_.resize(start_);
        at_ = end_ = to_.data() + start_;
    }

    /// Where the next item will be, counted from the string's beginning.
    [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - to_.data()); }
    /// What was written since a position; valid until something more is written.
    [[nodiscard]] std::string_view written(std::size_t from) const noexcept {
        return {to_.data() + from, position() - from};
    }
    /// Takes back what was written since a position.
    void truncate(std::size_t position) noexcept { at_ = to_.data() + position; }

    void head(cbor_major major, std::uint64_t argument) {
        reserve(head_bytes_max);
        put_head(major, argument);
    }
    void unsigned_integer(std::uint64_t value) { head(cbor_major::positive, value); }
    void integer(std::int64_t value) {
        // The complement of a negative number is -1 minus it.
        const auto bits = static_cast<std::uint64_t>(value);
        value < 0 ? head(cbor_major::negative, ~bits) : head(cbor_major::positive, bits);
    }
    void boolean(bool value) { byte(value ? 0xF5 : 0xF4); }
    void null() { byte(0xF6); }
    /// As a single if that is exact, else as a double; NaN as the one half that stands for it.
    void floating(double value) {
        reserve(head_bytes_max);
        const auto single = static_cast<float>(value);
        if (static_cast<double>(single) == value) {
            *at_++ = static_cast<char>(0xFA);
            put<4>(std::bit_cast<std::uint32_t>(single));
        } else if (value == value) {
            *at_++ = static_cast<char>(0xFB);
            put<8>(std::bit_cast<std::uint64_t>(value));
        } else {
            *at_++ = static_cast<char>(0xF9);
            put<2>(0x7E00);
        }
    }
    /// A text; as bytes if it is not UTF-8.
    void text(std::string_view value) {
        string(is_ascii(value) || is_utf8(value) ? cbor_major::text : cbor_major::bytes, value);
    }
    void bytes(std::string_view value) { string(cbor_major::bytes, value); }
    /// A string whose kind is known already.
    void string(cbor_major major, std::string_view value) {
        reserve(head_bytes_max + value.size());
        put_head(major, value.size());
        put_raw(value);
    }
    /// An item that is encoded already.
    void raw(std::string_view item) {
        reserve(item.size());
        put_raw(item);
    }

    /// Gives the array or map that begins at `start` its final count. `head` wrote another one, and the items.
    void set_count(std::size_t start, cbor_major major, std::uint64_t count) {
        char* const first = to_.data() + start;
        if (count < 24 && (*first & 31) < 24) {
            *first = static_cast<char>(static_cast<unsigned>(major) << 5 | count);
        } else {
            replace_head(start, major, count);
        }
    }

private:
    static constexpr std::size_t head_bytes_max = 9;

    void reserve(std::size_t bytes) {
        if (static_cast<std::size_t>(end_ - at_) < bytes) {
            grow(bytes);
        }
    }
    HOLDFAST_API void grow(std::size_t bytes);
    HOLDFAST_API void replace_head(std::size_t start, cbor_major major, std::uint64_t count);

    void byte(unsigned value) {
        reserve(1);
        *at_++ = static_cast<char>(value);
    }
    void put_raw(std::string_view bytes) noexcept {
        if (!bytes.empty()) {
            std::memcpy(at_, bytes.data(), bytes.size());
        }
        at_ += bytes.size();
    }
    template <std::size_t Size>
    void put(std::uint64_t number) noexcept {
        store_big_endian<Size>(at_, number);
        at_ += Size;
    }
    void put_head(cbor_major major, std::uint64_t argument) noexcept {
        const unsigned high = static_cast<unsigned>(major) << 5;
        if (argument < 24) {
            *at_++ = static_cast<char>(high | argument);
        } else if (argument <= 0xFF) {
            *at_++ = static_cast<char>(high | 24);
            *at_++ = static_cast<char>(argument);
        } else if (argument <= 0xFFFF) {
            *at_++ = static_cast<char>(high | 25);
            put<2>(argument);
        } else if (argument <= 0xFFFFFFFF) {
            *at_++ = static_cast<char>(high | 26);
            put<4>(argument);
        } else {
            *at_++ = static_cast<char>(high | 27);
            put<8>(argument);
        }
    }

    std::string& to_;
    std::size_t start_;
    char* at_;
    char* end_;
};

// ---- Reading -----------------------------------------------------------------------------------------------

/// Whether `skip` looks into texts, too.
enum class cbor_texts : bool { as_they_are, must_be_utf8 };

/// Reads items one after the other. It allocates only what a caller's string takes.
class HOLDFAST_API cbor_reader {
public:
    /// The count of an array or map that ends with a break.
    static constexpr std::uint64_t count_unknown = std::numeric_limits<std::uint64_t>::max();

    explicit cbor_reader(std::string_view bytes) noexcept
        : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

    [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
    [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
    /// Goes back, or on, to where this reader was before.
    void seek(std::size_t position) noexcept { at_ = begin_ + position; }
    /// The bytes between a position and the place reached.
    [[nodiscard]] std::string_view since(std::size_t position) const noexcept {
        return {begin_ + position, static_cast<std::size_t>(at_ - begin_) - position};
    }

    /// The bytes that were read last.
    [[nodiscard]] std::string_view last(std::size_t bytes) const noexcept { return {at_ - bytes, bytes}; }

    /// The next head, tags and breaks included.
    [[nodiscard]] cbor_head head() {
        if (at_ == end_) {
            throw_damaged("ends within an item");
        }
        const auto first = static_cast<unsigned char>(*at_++);
        const auto info = static_cast<std::uint8_t>(first & 31);
        cbor_head found{static_cast<cbor_major>(first >> 5), info, info};
        if (info >= 24) {
            read_argument(found);
        }
        return found;
    }

    /// The head of the next item, whatever its tags are.
    [[nodiscard]] cbor_head item() {
        cbor_head found = head();
        while (found.major == cbor_major::tag) {
            found = head();
        }
        if (found.is_break()) {
            throw_damaged("a break where an item belongs");
        }
        return found;
    }

    /// How many elements or pairs the container has whose head was just read; at most what the bytes can hold.
    [[nodiscard]] std::uint64_t count(const cbor_head& container) const {
        if (container.indefinite()) {
            return count_unknown;
        }
        if (container.argument > (container.major == cbor_major::map ? left() / 2 : left())) {
            throw_damaged("a count that is larger than the bytes that follow");
        }
        return container.argument;
    }

    [[nodiscard]] bool at_break() const noexcept { return at_ != end_ && *at_ == static_cast<char>(0xFF); }
    void take_break() noexcept { ++at_; }

    /// The bytes of a string of known length, whose head was just read, in place.
    [[nodiscard]] std::string_view take_string(const cbor_head& string) {
        if (string.argument > left()) {
            throw_damaged("a string that is longer than the bytes that follow");
        }
        const std::string_view found(at_, static_cast<std::size_t>(string.argument));
        at_ += found.size();
        return found;
    }
    /// The same of any string: where it comes in pieces they are put together in `pieces`.
    [[nodiscard]] std::string_view take_string(const cbor_head& string, std::string& pieces) {
        return string.indefinite() ? join_pieces(string, pieces) : take_string(string);
    }

    /// Passes the next item if it is this short text, encoded the usual way. False says nothing.
    [[nodiscard]] bool take_key(std::string_view name) noexcept {
        if (name.size() >= 24 || left() <= name.size() ||
            static_cast<unsigned char>(*at_) != (0x60 | name.size()) ||
            std::memcmp(at_ + 1, name.data(), name.size()) != 0) {
            return false;
        }
        at_ += 1 + name.size();
        return true;
    }

    /// Passes one item with all that it contains, in time proportional to its bytes. Within `depth` containers already.
    void skip(std::size_t depth, cbor_texts texts = cbor_texts::as_they_are);

    /// "the document is damaged: … (at byte N)"
    [[noreturn]] void throw_damaged(const char* what) const;

private:
    void read_argument(cbor_head& head);
    std::string_view join_pieces(const cbor_head& string, std::string& pieces);
    void skip_string(const cbor_head& string, cbor_texts texts);

    const char* begin_;
    const char* at_;
    const char* end_;
};

/// What comes before the item of a document that names its type.
inline void put_type_name(cbor_writer& to, std::string_view name) {
    to.head(cbor_major::tag, cbor_tag_object);
    to.head(cbor_major::array, 2);
    to.text(name);
}

/// Where the reader is at a document that names its type: passes all up to the item, and gives the name. Else "".
[[nodiscard]] HOLDFAST_API std::string_view take_type_name(cbor_reader& document);

} // namespace holdfast::detail
