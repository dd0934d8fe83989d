// Entries as lines of JSON, and back: what `holdfast export` writes and `holdfast import` reads. The round trip is
// exact.
//
//     {"map":"users","key_type":"int","key":7,"type":"document","document_type":"user","value":{"name":"Ada"}}
//
// "map" is there where a line is to say it, "key_type" where the keys are not strings. Names and string keys that
// are not
// UTF-8 are "map_base64" and "key_base64", as are typed keys that JSON can't hold. "type" may be left out where JSON
// says
// it. A document whose bytes are not those that its JSON gives has them in "cbor_base64", and a NaN that is not the
// usual
// one its bits in "bits":"7ff8000000000001"; these count then. Values are as text.hpp tabulates.
//
// Thread and process safety: pure functions and plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/detail/export.hpp>
#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

/// What a line says of an entry beside its key, type and value.
struct entry_json_members {
    std::optional<std::string_view> map = {}; ///< its name
    bool details = false;                     ///< "size" and "version", "raw_type" and "raw_version"
    bool value = true;                        ///< the value, and what it needs to be exact
};

/// Appends one object without the end of the line. Throws `corrupt`, without naming the key, for a value that is
/// damaged
/// or a key that is not of the type; nothing is appended then. O(size of the entry) time and memory.
HOLDFAST_API void append_entry_json(std::string& to, const key_type& keys, const entry& one,
                                    const entry_json_members& members = {});

/// The members that a line may have: those of an entry, and those of an operation in a batch.
enum class entry_member : std::uint8_t {
    key,
    key_base64,
    value,
    type,
    map,
    map_base64,
    key_type,
    document_type,
    cbor_base64,
    bits,
    op,
    by,
    old_value, ///< "old"
    new_value, ///< "new"
    count
};

/// "key", "old", …
[[nodiscard]] HOLDFAST_API std::string_view to_string(entry_member which) noexcept;

/// One line, its members found in one pass, each still as it is written. The line must outlive it. Everything throws
/// `invalid_argument` for what is malformed, missing or does not fit, and `out_of_range` for too large a number.
class HOLDFAST_API entry_json {
public:
    /// Refuses what is no object, and members that are unknown or given twice. "size", "version" and what lines say of
    /// raw types are passed over.
    explicit entry_json(std::string_view line);

    [[nodiscard]] bool has(entry_member which) const noexcept { return !(*this)[which].empty(); }
    /// As it is written; empty if it is not there.
    [[nodiscard]] std::string_view operator[](entry_member which) const noexcept {
        return values_[static_cast<std::size_t>(which)];
    }
    /// The text of a member that is a string.
    [[nodiscard]] std::string text(entry_member which) const;

    /// The map that is named; nullopt if none is.
    [[nodiscard]] std::optional<std::string> map() const;
    /// What "key_type" says; nullopt if it is not there.
    [[nodiscard]] std::optional<holdfast::key_type> key_type() const;
    /// What "type" says; nullopt if it is not there.
    [[nodiscard]] std::optional<value_type> type() const;

    /// Appends the bytes of the key. Nothing is appended if it throws.
    void append_key(std::string& to, const holdfast::key_type& keys) const;
    /// Appends the bytes of the value; returns its type. Nothing is appended if it throws.
    value_type append_value(std::string& to) const;
    /// The value of another member, read as that type.
    [[nodiscard]] holdfast::value value(entry_member which, std::optional<value_type> asked) const;

private:
    [[nodiscard]] std::string_view required(entry_member which) const;
    template <class Read>
    decltype(auto) read(entry_member which, Read&& read) const;
    [[nodiscard]] std::string bytes(entry_member which) const;
    value_type append_whole_value(std::string& to) const;
    void expect_type_members(std::optional<value_type> type) const;

    std::string_view line_;
    std::array<std::string_view, static_cast<std::size_t>(entry_member::count)> values_{};
};

} // namespace holdfast
