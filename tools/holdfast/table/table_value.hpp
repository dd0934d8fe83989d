// Values in the columns "type" and "value" of a table that `export` writes and `import` reads back.
//
// As text, but bytes in base64 and raw values as JSON. Strings that are not UTF-8, and the CBOR of documents that can't
// be read from JSON, are in base64, too, and their type is marked: "string;base64".
#pragma once

#include <string>
#include <string_view>

#include <holdfast/value.hpp>

namespace holdfast::cli {

struct table_value {
    explicit table_value(const value_view& of);

    std::string type;
    std::string text;
};

/// Appends the bytes of a value and returns its type. Wrong usage for what is none.
[[nodiscard]] value_type append_table_value(std::string& to, std::string_view type, std::string_view text);

} // namespace holdfast::cli
