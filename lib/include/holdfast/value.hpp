// Values: bytes with a type and a version, owned (`value`) or viewed in place (`value_view`).
//
// Thread and process safety: plain values. A view is valid as long as the snapshot that it comes from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/detail/export.hpp>
#include <holdfast/detail/lifetime.hpp>

namespace holdfast {

/// The type of a value, known to whoever opens the file. The numbers are those in the file and never change. A file may
/// hold others, of a newer program: those below 128 are read and copied as bytes of that number; those from 128 on own
/// something outside of their bytes, and only who knows them may copy, overwrite or erase them.
enum class value_type : std::uint8_t {
    null = 1,
    boolean = 2,
    int64 = 3,
    uint64 = 4,
    float64 = 5,
    string = 6,
    bytes = 7,
    document = 8,
    raw = 9,
    map = 10,    ///< an entry of the store's own catalogue of maps; never a user's value
    object = 11, ///< owns something outside of its bytes, as those from 128 on
};

/// The transaction that made a value or a snapshot. Rises only and is never reused; 0 means "absent".
using version_number = std::uint64_t;

/// Whether a value owns something outside of its bytes, so that only a program that knows the type may copy,
/// overwrite or
/// erase it. This version knows none of them.
[[nodiscard]] constexpr bool owns_outside(value_type type) noexcept {
    return type == value_type::object || static_cast<std::uint8_t>(type) >= 128;
}

/// The name of a type as the command line writes it: "string", "bytes", "int", …
[[nodiscard]] constexpr std::string_view to_string(value_type type) noexcept {
    switch (type) {
    case value_type::null:
        return "null";
    case value_type::boolean:
        return "bool";
    case value_type::int64:
        return "int";
    case value_type::uint64:
        return "uint";
    case value_type::float64:
        return "float";
    case value_type::string:
        return "string";
    case value_type::bytes:
        return "bytes";
    case value_type::document:
        return "document";
    case value_type::raw:
        return "raw";
    case value_type::map:
        return "map";
    case value_type::object:
        return "object";
    }
    return "unknown";
}

namespace detail {
struct stored_value;
} // namespace detail

/// A value in the file, read in place. Reading it does not verify it, since that would touch all of its bytes; whoever
/// copies it out of the file does, so that damage is not made sound by a copy: `value`, typed reads that give an
/// object of their own, `put` of a view, and everything that the command line prints.
class value_view {
public:
    constexpr value_view() noexcept = default;
    constexpr value_view(value_type type, std::string_view data, version_number version = 0) noexcept
        : data_(data), version_(version), type_(type) {}

    /// The bytes as stored; for a string, its text.
    [[nodiscard]] constexpr std::string_view text() const noexcept { return data_; }
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
        return std::as_bytes(std::span(data_));
    }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return data_.size(); }
    [[nodiscard]] constexpr value_type type() const noexcept { return type_; }
    [[nodiscard]] constexpr version_number version() const noexcept { return version_; }
    [[nodiscard]] constexpr operator std::string_view() const noexcept { return data_; }

    /// Whether the entry is as it was stored: its checksum is right. A view of what is in no file is. O(size).
    [[nodiscard]] HOLDFAST_API bool is_sound() const noexcept;
    /// Throws corrupt, naming the key, unless `is_sound`.
    HOLDFAST_API void verify() const;

    friend constexpr bool operator==(const value_view& left, std::string_view right) noexcept {
        return left.data_ == right;
    }

private:
    friend struct detail::stored_value;
    std::string_view data_;
    version_number version_ = 0;
    std::uint32_t record_offset_ = 0; ///< of the value in its record in the file; 0: it is in none
    value_type type_ = value_type::bytes;
};

/// A copy of a value, independent of the store.
class value {
public:
    value() = default;
    /// Throws corrupt, naming the key, if the value is damaged.
    explicit value(const value_view& view)
        : data_(view.text()), version_(view.version()), type_(view.type()) {
        view.verify();
    }
    value(value_type type, std::string data, version_number version) noexcept
        : data_(std::move(data)), version_(version), type_(type) {}

    [[nodiscard]] const std::string& text() const& noexcept HOLDFAST_LIFETIMEBOUND { return data_; }
    [[nodiscard]] std::string text() && noexcept { return std::move(data_); }
    [[nodiscard]] std::span<const std::byte> bytes() const& noexcept HOLDFAST_LIFETIMEBOUND {
        return std::as_bytes(std::span(data_));
    }
    [[nodiscard]] std::size_t size() const noexcept { return data_.size(); }
    [[nodiscard]] value_type type() const noexcept { return type_; }
    [[nodiscard]] version_number version() const noexcept { return version_; }
    [[nodiscard]] operator std::string_view() const& noexcept HOLDFAST_LIFETIMEBOUND { return data_; }
    /// Valid as long as this value is neither changed nor destroyed.
    [[nodiscard]] value_view view() const noexcept HOLDFAST_LIFETIMEBOUND { return {type_, data_, version_}; }
    // Of a temporary, as in `std::string_view text = *store.get(key)`, they would refer to what is gone.
    void bytes() const&& = delete;
    operator std::string_view() const&& = delete;

    friend bool operator==(const value& left, std::string_view right) noexcept { return left.data_ == right; }

private:
    std::string data_;
    version_number version_ = 0;
    value_type type_ = value_type::bytes;
};

} // namespace holdfast
