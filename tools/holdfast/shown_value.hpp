// Values as text and as JSON.
//
//     type      text                      JSON
//     null      null                      null
//     bool      true, false               the same
//     int, uint decimal digits            the same, all 64 bits
//     float     1.5, 1e+30, inf, nan      1.5, {"$float":"Infinity"}, {"$float":"NaN"}
//     string    as it is                  "…", or {"$bytes":"<base64>"} if it is not UTF-8
//     bytes     as they are               {"$bytes":"<base64>"}
//     document  as JSON                   itself; {"$cbor":"<base64>"} and null if JSON can't hold it
//     raw       hexadecimal digits        {"$raw":{"name":…,"version":…,"alignment":…,"bytes":"<base64>"}}
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <holdfast/codec.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

class json_object;
class output;

/// A value made ready to be written. What can fail fails in the constructor, with errc::corrupt, so that nothing is
/// half written. The value must outlive it.
class shown_value {
public:
    explicit shown_value(const value_view& of);

    void write_text(output& out) const;
    /// With control characters escaped; the backslashes of strings and bytes too.
    void write_escaped(output& out) const;
    void write_json(output& out) const;

    /// Of all but strings, bytes and raw values.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// False for a document with an integer that no 64 bits hold: its JSON is null, its text names its CBOR.
    [[nodiscard]] bool has_json() const noexcept { return has_json_; }

private:
    void show_document();

    value_view of_;
    std::string text_;
    std::optional<raw_description> raw_;
    bool finite_ = true;
    bool has_json_ = true;
};

/// Behind the type of a value in a table that is in base64 and would not be otherwise.
inline constexpr std::string_view base64_mark = ";base64";

/// The value in a table: as text, but bytes in base64 and raw values as JSON. Strings that are not UTF-8, and the CBOR
/// of documents that can't be read from JSON, are in base64, too, and marked.
struct table_value {
    explicit table_value(const value_view& of);

    std::string type;
    std::string text;

private:
    void show_document(const value_view& of);
};

/// What its bytes are to people: those of a raw value without its trailer.
[[nodiscard]] std::string_view plain_bytes(const value_view& of);
/// Adds what is known of the type of a document or a raw value, if it is sound.
void write_type_details(json_object& to, const value_view& of);
/// The same as " name=value" words.
void write_type_details(output& out, const value_view& of);

} // namespace holdfast::cli
