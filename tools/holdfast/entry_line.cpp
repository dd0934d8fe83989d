// Entries as lines of JSON.
#include "entry_line.hpp"

#include <cstddef>

#include <holdfast/json.hpp>

#include "entry_text.hpp"
#include "errors.hpp"
#include "escape.hpp"
#include "json_text.hpp"
#include "key_text.hpp"
#include "output.hpp"
#include "shown_value.hpp"
#include "value_input.hpp"

namespace holdfast::cli {

namespace {

/// The head of the CBOR text `name`, which has fewer than 2^32 bytes.
void append_cbor_text(std::string& to, std::string_view name) {
    constexpr unsigned text = 3u << 5;
    const std::size_t size = name.size();
    if (size < 24) {
        to.push_back(static_cast<char>(text | size));
    } else {
        const unsigned width = size < 0x100 ? 0 : size < 0x10000 ? 1 : 2;
        to.push_back(static_cast<char>(text | (24u + width)));
        for (unsigned shift = 8u << width; shift != 0;) {
            shift -= 8;
            to.push_back(static_cast<char>(size >> shift));
        }
    }
    to.append(name);
}

/// A document that carries the name of its type: tag 27, an array of the name and the value.
void append_named_document(std::string& to, std::string_view name, std::string_view json) {
    if (!name.empty()) {
        to.append("\xd8\x1b\x82");
        append_cbor_text(to, name);
    }
    append_document(to, json);
}

/// Whether reading the JSON of a document gives its very bytes.
bool json_is_exact(std::string_view document, std::string_view json) {
    std::string again;
    append_named_document(again, document_type_name(document), json);
    return again == document;
}

void write_document_members(output& out, json_object& object, std::string_view document,
                            std::string_view json) {
    if (const auto name = document_type_name(document); !name.empty()) {
        object.text("document_type", name);
    }
    if (!json_is_exact(document, json)) {
        object.name("cbor_base64");
        out.write('"');
        write_base64(out, document);
        out.write('"');
    }
}

} // namespace

void write_entry_line(output& out, std::optional<std::string_view> map, const key_type& keys,
                      const entry& one) {
    naming_key(keys, one.key, [&] {
        const shown_value shown(one.value);
        json_object object(out);
        if (map) {
            object.text("map", *map);
        }
        if (!keys.is_string()) {
            object.text("key_type", keys.name());
        }
        write_json_key(object, keys, one.key);
        object.text("type", to_string(one.value.type()));
        if (one.value.type() == value_type::document) {
            write_document_members(out, object, one.value.text(), shown.text());
        }
        object.name("value");
        shown.write_json(out);
        object.close();
        out.write('\n');
    });
}

void append_key(std::string& to, const key_type& keys, const line_fields& line) {
    if (line.has(field::key_base64)) {
        append_key_from_json(to, keys, line[field::key_base64], true);
    } else {
        append_key_from_json(to, keys, line.required(field::key), false);
    }
}

value_type append_value(std::string& to, const line_fields& line) {
    const auto type = line.type();
    const bool is_document = line.has(field::cbor_base64) || line.has(field::document_type);
    if (is_document && type.value_or(value_type::document) != value_type::document) {
        throw_usage("\"document_type\" and \"cbor_base64\" are of documents, not of the type " +
                    std::string(to_string(*type)));
    }
    if (line.has(field::cbor_base64)) {
        const std::size_t begin = to.size();
        if (!append_from_base64(to, line.text(field::cbor_base64))) {
            throw_usage("\"cbor_base64\" is not base64");
        }
        check_document(std::string_view(to).substr(begin));
        return value_type::document;
    }
    const std::string_view json = line.required(field::value);
    if (!line.has(field::document_type)) {
        return append_value_from_json(to, json, type);
    }
    append_named_document(to, line.text(field::document_type), json);
    return value_type::document;
}

} // namespace holdfast::cli
