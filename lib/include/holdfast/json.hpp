// Documents as JSON (RFC 8259) and back, knowing nothing of the types that they were made of.
//
// What JSON has no form for is written as an object with one key: bytes as {"$bytes":"<base64>"}, and NaN and the
// infinities as {"$float":"NaN"}, {"$float":"Infinity"}, {"$float":"-Infinity"}. An object of the user's that looks
// like one of these gets one more '$' in its key, and loses it when read. So a document that was read from JSON prints
// as the same JSON, and reading that gives the same document.
//
// Thread and process safety: pure functions. Nothing is changed by a call that throws.
#pragma once

#include <string>
#include <string_view>

#include <holdfast/detail/export.hpp>
#include <holdfast/error.hpp>

namespace holdfast {

/// A document as JSON text without white space. Integers keep all 64 bits; a float is printed with the fewest digits
/// that read back as the same, and with ".0" or an exponent, so that it stays one. In strings control characters are
/// escaped, DEL and U+0080 to U+009F too, which some terminals obey. Throws `corrupt` if the document is damaged,
/// `out_of_range` if it holds an integer that no 64 bits hold, which only a foreign program writes.
[[nodiscard]] HOLDFAST_API std::string document_to_json(std::string_view document);

/// The same, appended to `to`.
HOLDFAST_API void append_json(std::string& to, std::string_view document);

/// One JSON text as a document without the name of a type. Numbers without a fraction and an exponent are integers, all
/// others floats. Throws `invalid_argument` "malformed JSON at byte N: …" (bytes count from 1), also for invalid UTF-8
/// and for more than 128 levels; `out_of_range` for an integer beyond 64 bits, a float beyond double, and one that is
/// not 0 but too small to be told from it.
[[nodiscard]] HOLDFAST_API std::string document_from_json(std::string_view json);

/// The same, appended to `to`.
HOLDFAST_API void append_document(std::string& to, std::string_view json);

/// The name of the type that a document is of, in place; "" if it has none or is damaged.
[[nodiscard]] HOLDFAST_API std::string_view document_type_name(std::string_view document) noexcept;

/// Whether two documents say the same: items of the same kind; numbers of exactly the same value, an integer and a
/// float
/// too, and NaN equal to NaN; arrays in order; objects as multisets of keys and values, in any order. Encodings, tags
/// and, if one of the two has none, names of types make no difference. Throws `corrupt` if one is damaged. Takes memory
/// like the documents, and O(n log n) time where the order of keys differs.
[[nodiscard]] HOLDFAST_API bool same_document(std::string_view left, std::string_view right);

/// Appends what comes before a document without a name so that it is of the type of this name; nothing if that is "".
HOLDFAST_API void append_type_name(std::string& to, std::string_view name);

/// Throws `corrupt`, saying what and at which byte, unless this is one well-formed document of at most 128 levels with
/// UTF-8 in its texts. Takes time proportional to its bytes, and no memory.
HOLDFAST_API void verify_document(std::string_view document);

} // namespace holdfast
