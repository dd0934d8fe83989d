// What is wrong with JSON, in words for whoever wrote it.
//
// Thread and process safety: constants.
#pragma once

#include <string_view>

namespace holdfast::json_fault {

inline constexpr std::string_view ends_too_soon = "it ends too soon";
inline constexpr std::string_view open_string = "a text in quotes does not end";
inline constexpr std::string_view escape =
    "an unknown escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX";
inline constexpr std::string_view half_character =
    "half of a character; beyond \\uFFFF one takes two escapes, from \\uD800 and from \\uDC00 on";
inline constexpr std::string_view control =
    "a control character in a text; write it as an escape, such as \\n or \\u0001";
inline constexpr std::string_view encoding = "invalid UTF-8";
inline constexpr std::string_view number = "a digit is missing in a number";
inline constexpr std::string_view name = "a name in double quotes is expected";
inline constexpr std::string_view colon = "a : is expected between a name and its value";
inline constexpr std::string_view in_object = "a , or the } of the object is expected";
inline constexpr std::string_view in_array = "a , or the ] of the array is expected";
inline constexpr std::string_view behind = "something follows behind its end";
inline constexpr std::string_view value =
    "a value is expected: a text in double quotes, a number, true, false, null, { or [";

} // namespace holdfast::json_fault
