// Keys: how typed keys become bytes that sort as their values do, and the key type that a map remembers.
//
//     part      C++                                          bytes
//     string    std::string, std::vector<std::byte>            as they are; in a tuple, unless last, 00 -> 00 FF and
// 00 01 ends it
//     int       signed integers and enums                    8, big-endian, sign bit flipped
//     uint      unsigned integers and enums                  8, big-endian
//     float     float, double                                8, big-endian; sign bit flipped, negative ones inverted
//     bool      bool                                         1
//     time      time points of std::chrono::system_clock     as int: nanoseconds since 1970
//     uuid      std::array of 16 std::byte or unsigned char  16
//
// A key is one part, or a std::tuple or std::pair of up to eight, which sort from the first to the last. The order of
// floating-point bytes is the total order of IEEE 754 with -0.0 taken as 0; NaN is refused. The strings in tuples are
// escaped as in FoundationDB's tuple layer, but for its type codes, which the map's key type makes superfluous.
//
// Thread and process safety: values and pure functions.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ratio>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/detail/export.hpp>
#include <holdfast/detail/integers.hpp>
#include <holdfast/error.hpp>

namespace holdfast {

/// What a key, or a component of it, is. The numbers are those in the file and never change.
enum class key_part : std::uint8_t {
    string = 1, ///< any bytes
    int64 = 2,
    uint64 = 3,
    float64 = 4,
    boolean = 5,
    time = 6, ///< nanoseconds since 1970, UTC, as int64
    uuid = 7, ///< 16 bytes
};

/// The type of the keys of a map: one part, or a tuple of two to eight. A map has it from its first entry on.
class HOLDFAST_API key_type {
public:
    static constexpr std::size_t parts_max = 8;

    /// Keys that are strings, or any bytes: those of a map that was opened without a type.
    constexpr key_type() noexcept : key_type(key_part::string) {}
    constexpr key_type(key_part only) noexcept { parts_[0] = only; }
    template <std::same_as<key_part>... Parts>
    requires(sizeof...(Parts) >= 2 &&
             sizeof...(Parts) <= parts_max) constexpr explicit key_type(Parts... parts) noexcept
        : parts_{parts...}, size_(sizeof...(parts)) {}
    /// One to eight parts, else invalid_argument.
    explicit key_type(std::span<const key_part> parts);

    [[nodiscard]] constexpr std::span<const key_part> parts() const noexcept {
        return std::span(parts_).first(size_);
    }
    [[nodiscard]] constexpr bool is_tuple() const noexcept { return size_ > 1; }
    /// Whether it is the type of untyped maps.
    [[nodiscard]] constexpr bool is_string() const noexcept {
        return size_ == 1 && parts_[0] == key_part::string;
    }
    friend constexpr bool operator==(const key_type&, const key_type&) noexcept = default;

    /// "string", "int", "uint", "float", "bool", "time", "uuid"; a tuple as "(string,int)".
    [[nodiscard]] std::string name() const;
    /// The reverse of `name`. Throws invalid_argument.
    [[nodiscard]] static key_type parse(std::string_view name);

    /// Whether `key` can be the bytes of such a key.
    [[nodiscard]] bool accepts(std::string_view key) const noexcept;
    /// A key as people read and type it: strings as they are, numbers in decimal digits, times as
    /// 2026-11-20T14:09:09.5Z, uuids in hexadecimal digits, tuples as a JSON array. Throws corrupt if not `accepts`.
    [[nodiscard]] std::string to_text(std::string_view key) const;
    /// The bytes of a key that somebody typed. Throws invalid_argument, saying what was expected.
    [[nodiscard]] std::string from_text(std::string_view text) const;
    /// A key as a JSON value: numbers, booleans and strings; bytes that are not UTF-8 as {"$bytes":"<base64>"},
    /// infinities as {"$float":"Infinity"}; a tuple as an array. Throws corrupt if not `accepts`.
    [[nodiscard]] std::string to_json(std::string_view key) const;
    /// The reverse of `to_json`. Throws invalid_argument.
    [[nodiscard]] std::string from_json(std::string_view json) const;

private:
    std::array<key_part, parts_max> parts_{};
    std::uint8_t size_ = 1;
};

namespace detail {

[[noreturn]] HOLDFAST_API void throw_bad_key(std::string_view what);
[[noreturn]] HOLDFAST_API void throw_corrupt_key();
[[noreturn]] HOLDFAST_API void throw_key_out_of_range(std::string_view what);

inline void append_big_endian(std::string& to, std::uint64_t number) {
    std::array<char, 8> bytes;
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<char>(number >> (56 - 8 * i));
    }
    to.append(bytes.data(), bytes.size());
}

inline constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

inline void append_int(std::string& to, std::int64_t number) {
    append_big_endian(to, static_cast<std::uint64_t>(number) ^ sign_bit);
}
HOLDFAST_API void append_float(std::string& to, double number); ///< refuses NaN
HOLDFAST_API void append_escaped(std::string& to, std::string_view text);

/// Takes keys apart, from the front. Throws corrupt where the bytes end too soon.
class HOLDFAST_API key_reader {
public:
    explicit key_reader(std::string_view bytes) noexcept : rest_(bytes) {}
    [[nodiscard]] std::string_view take(std::size_t bytes) {
        if (rest_.size() < bytes) {
            throw_corrupt_key();
        }
        const std::string_view taken = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return taken;
    }
    [[nodiscard]] std::string_view take_all() noexcept { return std::exchange(rest_, {}); }
    [[nodiscard]] std::uint64_t take_big_endian() {
        const std::string_view bytes = take(8);
        std::uint64_t number = 0;
        for (const char byte : bytes) {
            number = number << 8 | static_cast<unsigned char>(byte);
        }
        return number;
    }
    [[nodiscard]] std::int64_t take_int() { return static_cast<std::int64_t>(take_big_endian() ^ sign_bit); }
    [[nodiscard]] double take_float();
    [[nodiscard]] std::string take_escaped();
    void finish() const {
        if (!rest_.empty()) {
            throw_corrupt_key();
        }
    }

private:
    std::string_view rest_;
};

template <class T, class From>
[[nodiscard]] T exact_key(From number) {
    if (!fits<T>(number)) {
        throw_key_out_of_range(std::to_string(number));
    }
    return static_cast<T>(number);
}

template <class T>
inline constexpr bool is_uuid = false;
template <>
inline constexpr bool is_uuid<std::array<std::byte, 16>> = true;
template <>
inline constexpr bool is_uuid<std::array<unsigned char, 16>> = true;

} // namespace detail

/// How keys of a type become bytes. Specialise it for your own key types:
///
///     static constexpr key_part part;                 what it is stored as
///     using argument = …;                             how it is passed
///     using view = …;                                 what iterating gives
///     static void append(std::string& to, argument, bool last);   `last`: nothing follows in the key
///     static K take(detail::key_reader&, bool last);
template <class K>
struct key_codec {
    static_assert(
        sizeof(K) == 0,
        "keys are std::string, std::vector<std::byte>, integers of up to 64 bits, enums, bool, float, "
        "double, "
        "time points of std::chrono::system_clock, std::array<std::byte, 16>, and std::tuple or std::pair of "
        "these");
};

template <detail::integer_or_enum K>
struct key_codec<K> {
    using number = detail::integer_of_t<K>;
    static constexpr bool is_signed = detail::stored_signed<number>;
    static constexpr key_part part = is_signed ? key_part::int64 : key_part::uint64;
    using argument = K;
    using view = K;
    static void append(std::string& to, K key, bool) {
        if constexpr (is_signed) {
            detail::append_int(to, static_cast<std::int64_t>(key));
        } else {
            detail::append_big_endian(to, static_cast<std::uint64_t>(key));
        }
    }
    [[nodiscard]] static K take(detail::key_reader& from, bool) {
        if constexpr (is_signed) {
            return static_cast<K>(detail::exact_key<number>(from.take_int()));
        } else {
            return static_cast<K>(detail::exact_key<number>(from.take_big_endian()));
        }
    }
};

template <>
struct key_codec<bool> {
    static constexpr key_part part = key_part::boolean;
    using argument = bool;
    using view = bool;
    static void append(std::string& to, bool key, bool) { to.push_back(key ? '\1' : '\0'); }
    [[nodiscard]] static bool take(detail::key_reader& from, bool) {
        const char byte = from.take(1)[0];
        if (byte != '\0' && byte != '\1') {
            detail::throw_corrupt_key();
        }
        return byte == '\1';
    }
};

template <std::floating_point K>
requires(sizeof(K) <= 8) struct key_codec<K> {
    static constexpr key_part part = key_part::float64;
    using argument = K;
    using view = K;
    static void append(std::string& to, K key, bool) { detail::append_float(to, static_cast<double>(key)); }
    [[nodiscard]] static K take(detail::key_reader& from, bool) {
        const double number = from.take_float();
        if (static_cast<double>(static_cast<K>(number)) != number) {
            detail::throw_key_out_of_range("the key");
        }
        return static_cast<K>(number);
    }
};

template <>
struct key_codec<std::string> {
    static constexpr key_part part = key_part::string;
    using argument = std::string_view;
    using view = std::string_view;
    static void append(std::string& to, std::string_view key, bool last) {
        if (last) {
            to.append(key);
        } else {
            detail::append_escaped(to, key);
        }
    }
    [[nodiscard]] static std::string take(detail::key_reader& from, bool last) {
        return last ? std::string(from.take_all()) : from.take_escaped();
    }
};

template <>
struct key_codec<std::vector<std::byte>> {
    static constexpr key_part part = key_part::string;
    using argument = std::span<const std::byte>;
    using view = std::vector<std::byte>;
    static void append(std::string& to, std::span<const std::byte> key, bool last) {
        key_codec<std::string>::append(to, {reinterpret_cast<const char*>(key.data()), key.size()}, last);
    }
    [[nodiscard]] static std::vector<std::byte> take(detail::key_reader& from, bool last) {
        const std::string text = key_codec<std::string>::take(from, last);
        const auto bytes = std::as_bytes(std::span(text));
        return {bytes.begin(), bytes.end()};
    }
};

template <class K>
requires detail::is_uuid<K>
struct key_codec<K> {
    static constexpr key_part part = key_part::uuid;
    using argument = const K&;
    using view = K;
    static void append(std::string& to, const K& key, bool) {
        to.append(reinterpret_cast<const char*>(key.data()), key.size());
    }
    [[nodiscard]] static K take(detail::key_reader& from, bool) {
        return std::bit_cast<K>(*reinterpret_cast<const std::array<char, 16>*>(from.take(16).data()));
    }
};

/// Time points of a coarser clock tick read only what they can hold exactly.
template <std::integral Rep, class Period>
struct key_codec<std::chrono::time_point<std::chrono::system_clock, std::chrono::duration<Rep, Period>>> {
    using duration = std::chrono::duration<Rep, Period>;
    using time = std::chrono::time_point<std::chrono::system_clock, duration>;
    using tick = std::ratio_divide<Period, std::nano>;
    static_assert(tick::den == 1, "keys hold times in whole nanoseconds");
    static constexpr key_part part = key_part::time;
    using argument = time;
    using view = time;
    static void append(std::string& to, time key, bool) {
        std::int64_t since_ns = 0;
        if (__builtin_mul_overflow(key.time_since_epoch().count(), std::int64_t{tick::num}, &since_ns)) {
            detail::throw_key_out_of_range("a time before 1677 or after 2262");
        }
        detail::append_int(to, since_ns);
    }
    [[nodiscard]] static time take(detail::key_reader& from, bool) {
        const std::int64_t since_ns = from.take_int();
        if (since_ns % tick::num != 0) {
            detail::throw_key_out_of_range("a time of " + std::to_string(since_ns) + " ns");
        }
        return time(duration(detail::exact_key<Rep>(since_ns / tick::num)));
    }
};

namespace detail {

template <class K>
struct key_layout {
    using argument = typename key_codec<K>::argument;
    using view = typename key_codec<K>::view;
    [[nodiscard]] static constexpr key_type type() noexcept { return key_codec<K>::part; }
    static void append(std::string& to, argument key) { key_codec<K>::append(to, key, true); }
    [[nodiscard]] static view read(std::string_view bytes) {
        if constexpr (std::same_as<view, std::string_view>) {
            return bytes; // in place
        } else {
            key_reader from(bytes);
            view key = key_codec<K>::take(from, true);
            from.finish();
            return key;
        }
    }
};

template <class Tuple, class... Parts>
struct tuple_layout {
    static_assert(sizeof...(Parts) >= 2 && sizeof...(Parts) <= key_type::parts_max);
    /// Made of views, where a component is passed as one: {"kitchen", 1} copies no string.
    using components = std::tuple<typename key_codec<Parts>::argument...>;
    using argument = const components&;
    using view = Tuple;
    [[nodiscard]] static constexpr key_type type() noexcept { return key_type(key_codec<Parts>::part...); }
    static void append(std::string& to, argument key) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (key_codec<Parts>::append(to, std::get<I>(key), I + 1 == sizeof...(Parts)), ...);
        }
        (std::index_sequence_for<Parts...>{});
    }
    /// The first components of a key: what all keys that begin with them begin with.
    template <class... Leading>
    static void append_leading(std::string& to, const Leading&... leading) {
        static_assert(sizeof...(Leading) < sizeof...(Parts), "a prefix has fewer components than the key");
        const auto values = std::tie(leading...);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (key_codec<std::tuple_element_t<I, std::tuple<Parts...>>>::append(to, std::get<I>(values), false),
             ...);
        }
        (std::index_sequence_for<Leading...>{});
    }
    [[nodiscard]] static Tuple read(std::string_view bytes) {
        key_reader from(bytes);
        Tuple key = [&]<std::size_t... I>(std::index_sequence<I...>) {
            return Tuple{key_codec<Parts>::take(from, I + 1 == sizeof...(Parts))...};
        }
        (std::index_sequence_for<Parts...>{});
        from.finish();
        return key;
    }
};

template <class... Parts>
struct key_layout<std::tuple<Parts...>> : tuple_layout<std::tuple<Parts...>, Parts...> {};
template <class First, class Second>
struct key_layout<std::pair<First, Second>> : tuple_layout<std::pair<First, Second>, First, Second> {};

/// The bytes of a key; those of a string are where they are.
template <class K>
class key_bytes {
public:
    explicit key_bytes(typename key_layout<K>::argument key) { key_layout<K>::append(bytes_, key); }
    [[nodiscard]] operator std::string_view() const noexcept { return bytes_; }

private:
    std::string bytes_;
};
template <>
class key_bytes<std::string> {
public:
    explicit key_bytes(std::string_view key) noexcept : bytes_(key) {}
    [[nodiscard]] operator std::string_view() const noexcept { return bytes_; }

private:
    std::string_view bytes_;
};

/// What keys can begin with: some text, or the first components of a tuple.
template <class K, class... Leading>
concept has_prefix = (std::same_as<K, std::string> && sizeof...(Leading) == 1 &&
                      (std::convertible_to<const Leading&, std::string_view> && ...)) ||
                     requires(std::string& to, const Leading&... leading) {
    key_layout<K>::append_leading(to, leading...);
};

template <class K, class... Leading>
[[nodiscard]] std::string prefix_bytes(const Leading&... leading) {
    std::string bytes;
    if constexpr (std::same_as<K, std::string>) {
        (bytes.append(std::string_view(leading)), ...);
    } else {
        key_layout<K>::append_leading(bytes, leading...);
    }
    return bytes;
}

} // namespace detail

/// The type of a map whose keys are K.
template <class K>
[[nodiscard]] constexpr key_type key_type_of() noexcept {
    return detail::key_layout<K>::type();
}

} // namespace holdfast
