// Values of C++ types: what they are stored as, and how they are read back.
//
//     null      std::nullptr_t, std::monostate
//     bool      bool
//     int       signed integers and enums       numbers are read as any type that holds them exactly
//     uint      unsigned integers and enums
//     float     float, double
//     string    std::string; `put` also takes std::string_view and const char*
//     bytes     std::vector<std::byte>, std::array<std::byte, N>; `put` also takes std::span<const std::byte>
//     raw       trivially copyable types whose type_description has a raw_version
//     document  what cereal can serialise; with <holdfast/document.hpp>
//
// Thread and process safety: pure functions. Failures throw without naming the key; the maps add it.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/detail/export.hpp>
#include <holdfast/detail/integers.hpp>
#include <holdfast/error.hpp>
#include <holdfast/type_description.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

/// "string", "bytes", "int", …; the number of a type that this program does not know: "42".
[[nodiscard]] HOLDFAST_API std::string type_name(value_type type);

/// What a raw value says of itself.
struct raw_description {
    std::string_view object; ///< its bytes
    std::string_view name;
    std::uint32_t version = 0;
    std::uint32_t alignment = 0;
};
/// nullopt if the value is not raw, or damaged.
[[nodiscard]] HOLDFAST_API std::optional<raw_description> describe_raw(const value_view& found) noexcept;
/// The bytes of a raw value, for programs that only pass them on. Throws invalid_argument for an alignment that is
/// not a
/// power of two up to 64, and for a name of more than 65,535 bytes.
[[nodiscard]] HOLDFAST_API std::string encode_raw(const raw_description& described);

namespace detail {

/// "holds a string, not an int".
[[noreturn]] HOLDFAST_API void throw_wrong_type(value_type found, value_type asked);
[[noreturn]] HOLDFAST_API void throw_damaged_value(const value_view& found);
[[noreturn]] HOLDFAST_API void throw_other_size(std::uint64_t found, std::uint64_t asked);
[[noreturn]] HOLDFAST_API void throw_inexact(const std::string& number, std::string_view asked);
/// The number that a value of type int, uint or float holds, eight bytes each.
[[nodiscard]] HOLDFAST_API std::uint64_t number_bits(const value_view& found, value_type asked);

/// What a raw value begins with; the name of its type follows, then, aligned, the object.
struct raw_header {
    std::uint64_t object_bytes;
    std::uint32_t version;
    std::uint16_t alignment;
    std::uint16_t name_bytes;
};
static_assert(sizeof(raw_header) == 16 && std::has_unique_object_representations_v<raw_header>);

[[nodiscard]] HOLDFAST_API std::string raw_value(const void* object, const raw_header& header,
                                                 std::string_view name);
/// Throws what fits where the value is not of that name, size, alignment and version.
[[noreturn]] HOLDFAST_API void throw_other_raw(const value_view& found, const raw_header& expected,
                                               std::string_view name);

/// The alignments of raw objects.
inline constexpr std::size_t raw_alignment_max = 64;

/// Where the object begins in the value, which begins at a multiple of 16, or of 64 if the alignment is above 16.
[[nodiscard]] constexpr std::size_t raw_offset(const raw_header& header) noexcept {
    const std::size_t step = header.alignment < 16 ? 16 : header.alignment;
    return (sizeof(raw_header) + header.name_bytes + step - 1) / step * step;
}

/// The place of the object, in the value. Throws wrong_type where it is of another name, size, alignment or version.
[[nodiscard]] inline const void* raw_object(const value_view& found, const raw_header& expected,
                                            std::string_view name) {
    const std::string_view bytes = found.text();
    const std::size_t offset = raw_offset(expected);
    const bool fits = found.type() == value_type::raw && bytes.size() >= offset &&
                      bytes.size() - offset == expected.object_bytes &&
                      std::memcmp(bytes.data(), &expected, sizeof expected) == 0 &&
                      bytes.substr(sizeof expected, name.size()) == name;
    if (!fits) [[unlikely]] {
        throw_other_raw(found, expected, name);
    }
    return bytes.data() + offset;
}

[[nodiscard]] HOLDFAST_API std::string number_text(double number);

template <class T, class From>
[[nodiscard]] T exact_integer(From number, std::string_view asked) {
    if (!fits<T>(number)) {
        throw_inexact(std::to_string(number), asked);
    }
    return static_cast<T>(number);
}

/// The integer that a double is, if it is one that T holds.
template <class T>
[[nodiscard]] T integer_of(double number, std::string_view asked) {
    constexpr double end =
        2.0 * static_cast<double>(std::uint64_t{1} << (std::numeric_limits<T>::digits - 1));
    constexpr double begin = std::numeric_limits<T>::is_signed ? -end : 0.0;
    if (!(number >= begin && number < end) || static_cast<double>(static_cast<T>(number)) != number) {
        throw_inexact(number_text(number), asked);
    }
    return static_cast<T>(number);
}

template <class T, class From>
[[nodiscard]] T exact_float(From number) {
    const T rounded = static_cast<T>(number);
    if constexpr (std::integral<From>) {
        // 2^63 and 2^64 are no numbers of From, but what its last ones are rounded to.
        constexpr T end =
            static_cast<T>(2) * static_cast<T>(std::uint64_t{1} << (std::numeric_limits<From>::digits - 1));
        if (rounded >= end || static_cast<From>(rounded) != number) {
            throw_inexact(std::to_string(number), "float");
        }
    } else if (number == number && static_cast<From>(rounded) != number) {
        throw_inexact(number_text(number), "float");
    }
    return rounded;
}

/// Any stored number as a T that is equal to it.
template <class T>
[[nodiscard]] T decode_number(const value_view& found, value_type asked) {
    const std::uint64_t bits = number_bits(found, asked);
    const auto convert = [&](auto number) {
        if constexpr (std::floating_point<T>) {
            return exact_float<T>(number);
        } else if constexpr (std::floating_point<decltype(number)>) {
            return integer_of<T>(number, to_string(asked));
        } else {
            return exact_integer<T>(number, to_string(asked));
        }
    };
    switch (found.type()) {
    case value_type::int64:
        return convert(static_cast<std::int64_t>(bits));
    case value_type::uint64:
        return convert(bits);
    default:
        return convert(std::bit_cast<double>(bits));
    }
}

/// Eight bytes as they are in the file, little-endian.
class number_bytes {
public:
    explicit number_bytes(std::uint64_t bits) noexcept : bytes_(std::bit_cast<std::array<char, 8>>(bits)) {}
    [[nodiscard]] operator std::string_view() const noexcept { return {bytes_.data(), bytes_.size()}; }

private:
    std::array<char, 8> bytes_;
};

inline void expect_type(const value_view& found, value_type asked) {
    if (found.type() != asked) {
        throw_wrong_type(found.type(), asked);
    }
}

} // namespace detail

/// How values of a type are stored. Specialise it for a type that needs its own form:
///
///     static constexpr value_type type;
///     using argument = …;                              how it is passed
///     using view = …;                                  what a snapshot gives: in place, if that is possible
///     static … encode(argument);                       something that converts to std::string_view
///     static T decode(const value_view&);              throws wrong_type, out_of_range, corrupt
///     static view read(const value_view&);             the same, in place
template <class T>
struct value_codec {
    static_assert(
        sizeof(T) == 0,
        "values of this type can't be stored: include <holdfast/document.hpp> for types that cereal "
        "serialises, or give a trivially copyable one a raw_version in holdfast::type_description");
};

template <detail::integer_or_enum T>
struct value_codec<T> {
    using number = detail::integer_of_t<T>;
    // By the widest type of the same sign, which extends it.
    using wide = std::conditional_t<detail::stored_signed<number>, std::int64_t, std::uint64_t>;
    static constexpr value_type type = std::is_signed_v<wide> ? value_type::int64 : value_type::uint64;
    using argument = T;
    using view = T;
    [[nodiscard]] static detail::number_bytes encode(T value) noexcept {
        return detail::number_bytes(static_cast<std::uint64_t>(static_cast<wide>(value)));
    }
    [[nodiscard]] static T decode(const value_view& found) {
        return static_cast<T>(detail::decode_number<number>(found, type));
    }
    [[nodiscard]] static T read(const value_view& found) { return decode(found); }
};

template <std::floating_point T>
requires(sizeof(T) <= 8) struct value_codec<T> {
    static constexpr value_type type = value_type::float64;
    using argument = T;
    using view = T;
    [[nodiscard]] static detail::number_bytes encode(T value) noexcept {
        return detail::number_bytes(std::bit_cast<std::uint64_t>(static_cast<double>(value)));
    }
    [[nodiscard]] static T decode(const value_view& found) { return detail::decode_number<T>(found, type); }
    [[nodiscard]] static T read(const value_view& found) { return decode(found); }
};

template <>
struct value_codec<bool> {
    static constexpr value_type type = value_type::boolean;
    using argument = bool;
    using view = bool;
    [[nodiscard]] static std::string_view encode(bool value) noexcept { return {value ? "\1" : "\0", 1}; }
    [[nodiscard]] static bool decode(const value_view& found) {
        detail::expect_type(found, type);
        if (found.size() != 1 || static_cast<unsigned char>(found.text()[0]) > 1) {
            detail::throw_damaged_value(found);
        }
        return found.text()[0] == '\1';
    }
    [[nodiscard]] static bool read(const value_view& found) { return decode(found); }
};

template <class T>
requires std::same_as<T, std::nullptr_t> || std::same_as<T, std::monostate>
struct value_codec<T> {
    static constexpr value_type type = value_type::null;
    using argument = T;
    using view = T;
    [[nodiscard]] static std::string_view encode(T) noexcept { return {}; }
    [[nodiscard]] static T decode(const value_view& found) {
        detail::expect_type(found, type);
        return T{};
    }
    [[nodiscard]] static T read(const value_view& found) { return decode(found); }
};

template <>
struct value_codec<std::string> {
    static constexpr value_type type = value_type::string;
    using argument = std::string_view;
    using view = std::string_view;
    [[nodiscard]] static std::string_view encode(std::string_view value) noexcept { return value; }
    [[nodiscard]] static std::string decode(const value_view& found) { return std::string(read(found)); }
    [[nodiscard]] static std::string_view read(const value_view& found) {
        detail::expect_type(found, type);
        return found.text();
    }
};

template <>
struct value_codec<std::vector<std::byte>> {
    static constexpr value_type type = value_type::bytes;
    using argument = std::span<const std::byte>;
    using view = std::span<const std::byte>;
    [[nodiscard]] static std::string_view encode(std::span<const std::byte> value) noexcept {
        return {reinterpret_cast<const char*>(value.data()), value.size()};
    }
    [[nodiscard]] static std::vector<std::byte> decode(const value_view& found) {
        const std::span<const std::byte> bytes = read(found);
        return {bytes.begin(), bytes.end()};
    }
    [[nodiscard]] static std::span<const std::byte> read(const value_view& found) {
        detail::expect_type(found, type);
        return found.bytes();
    }
};

/// As many bytes as the array has.
template <std::size_t Size>
struct value_codec<std::array<std::byte, Size>> {
    static constexpr value_type type = value_type::bytes;
    using argument = const std::array<std::byte, Size>&;
    using view = std::array<std::byte, Size>;
    [[nodiscard]] static std::string_view encode(argument value) noexcept {
        return {reinterpret_cast<const char*>(value.data()), Size};
    }
    [[nodiscard]] static view decode(const value_view& found) {
        detail::expect_type(found, type);
        if (found.size() != Size) {
            detail::throw_other_size(found.size(), Size);
        }
        view bytes{};
        if constexpr (Size != 0) {
            std::memcpy(bytes.data(), found.text().data(), Size);
        }
        return bytes;
    }
    [[nodiscard]] static view read(const value_view& found) { return decode(found); }
};

/// A snapshot gives a reference to the object in the file. Padding between members is stored as it happens to be.
template <stored_raw T>
struct value_codec<T> {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= detail::raw_alignment_max);
    static_assert(
        !type_name_of<T>().empty() && type_name_of<T>().size() <= 65'535,
        "a raw type needs a name in holdfast::type_description: it guards against another type's bytes");
    static constexpr value_type type = value_type::raw;
    static constexpr detail::raw_header header{sizeof(T), type_description<T>::raw_version, alignof(T),
                                               type_name_of<T>().size()};
    using argument = const T&;
    using view = const T&;
    [[nodiscard]] static std::string encode(const T& value) {
        return detail::raw_value(&value, header, type_name_of<T>());
    }
    [[nodiscard]] static T decode(const value_view& found) {
        // Not by `read`: a copied value is not aligned.
        T object;
        std::memcpy(&object, detail::raw_object(found, header, type_name_of<T>()), sizeof object);
        return object;
    }
    [[nodiscard]] static const T& read(const value_view& found) {
        const void* const object = detail::raw_object(found, header, type_name_of<T>());
        if (reinterpret_cast<std::uintptr_t>(object) % alignof(T) != 0) [[unlikely]] {
            detail::throw_damaged_value(found);
        }
        return *static_cast<const T*>(object);
    }
};

namespace detail {

/// What has no overload of `put` of its own: all but texts and bytes. A null pointer would pass for a text.
template <class T>
concept needs_codec = std::is_null_pointer_v<T> ||
    (!std::convertible_to<const T&, std::string_view> &&
     !std::convertible_to<const T&, std::span<const std::byte>>);

} // namespace detail

} // namespace holdfast
