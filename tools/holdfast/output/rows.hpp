// Keys and values in rows and alone, as people read them, and exactly. JSON is the library's affair.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

class output;

/// Control characters escaped; coloured if that is wanted.
void write_key(output& out, const key_type& keys, std::string_view key, bool colour);
/// As it has to be typed.
void write_exact_key(output& out, const key_type& keys, std::string_view key);

/// The text of a value, ready to be written. What can fail fails in the constructor, so that nothing is half written.
/// Strings and bytes are not copied: the value must outlive it.
class printed_value {
public:
    explicit printed_value(const value_view& of);

    void write(output& out) const;
    /// With control characters escaped; the backslashes of strings and bytes too.
    void write_escaped(output& out) const;

private:
    bool as_it_is_;
    std::string made_;
    std::string_view text_;
};

/// What its bytes are to people: those of a raw value without what describes it.
[[nodiscard]] std::string_view plain_bytes(const value_view& of);
/// "type=string size=5 version=3", and what is known of the type of a document or a raw value.
void write_meta(output& out, const value_view& value);

} // namespace holdfast::cli
