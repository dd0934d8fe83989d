// Values in tables.
#include "table/table_value.hpp"

#include <optional>

#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

/// Behind the type of a value that is in base64 and would not be otherwise.
constexpr std::string_view base64_mark = ";base64";

/// The JSON of a document, if a document can be read from it: not if that needs a level more than there may be.
std::optional<std::string> readable_json(std::string_view document) {
    try {
        std::string json = document_to_json(document);
        static_cast<void>(document_from_json(json));
        return json;
    } catch (const error& failure) {
        if (failure.reason() == errc::corrupt) {
            throw;
        }
        return std::nullopt;
    }
}

std::string bytes_from_base64(std::string_view text) {
    auto bytes = from_base64(text);
    if (!bytes) {
        throw_usage(in_quotes(text) + " is not base64");
    }
    return std::move(*bytes);
}

value_type append_marked(std::string& to, std::string_view name, std::string_view text) {
    const value_type type = parse_value_type(name);
    if (type != value_type::string && type != value_type::document) {
        throw_usage("the type " + in_quotes(name) + " is not written in base64");
    }
    const std::string bytes = bytes_from_base64(text);
    if (type == value_type::document) {
        try {
            verify_document(bytes);
        } catch (const error& failure) {
            throw_usage(std::string("this is no CBOR of a document: ") + failure.what());
        }
    }
    to += bytes;
    return type;
}

} // namespace

table_value::table_value(const value_view& of) : type(type_name(of.type())) {
    if (is_foreign(of.type())) {
        text = to_base64(of.text());
        return;
    }
    switch (of.type()) {
    case value_type::string:
    case value_type::document: {
        auto plain = of.type() == value_type::document ? readable_json(of.text())
                     : is_utf8(of.text())              ? std::optional(std::string(of.text()))
                                                       : std::nullopt;
        if (!plain) {
            type += base64_mark;
        }
        text = plain ? std::move(*plain) : to_base64(of.text());
        break;
    }
    case value_type::bytes:
        text = to_base64(of.text());
        break;
    case value_type::raw:
        text = value_to_json(of);
        break;
    case value_type::null:
    case value_type::boolean:
    case value_type::int64:
    case value_type::uint64:
    case value_type::float64:
    case value_type::map:
    case value_type::object:
        text = value_to_text(of);
        break;
    }
}

value_type append_table_value(std::string& to, std::string_view type, std::string_view text) {
    if (type.ends_with(base64_mark)) {
        return append_marked(to, type.substr(0, type.size() - base64_mark.size()), text);
    }
    const value_type known = parse_any_value_type(type);
    if (known == value_type::raw) {
        return append_value_from_json(to, text, known);
    }
    if (known == value_type::bytes || is_foreign(known)) {
        to += bytes_from_base64(text);
    } else {
        append_value_from_text(to, known, text);
    }
    return known;
}

} // namespace holdfast::cli
