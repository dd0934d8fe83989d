// Entries as JSON.
#include "entry_text.hpp"

#include <string>

#include "errors.hpp"
#include "escape.hpp"
#include "key_text.hpp"
#include "output.hpp"
#include "shown_value.hpp"

namespace holdfast::cli {

void write_json_entry(output& out, const key_type& keys, std::string_view key, const value_view& value,
                      json_value how) {
    const shown_value shown(value);
    const json_key shown_key(keys, key);
    json_object object(out);
    shown_key.write(object);
    object.text("type", to_string(value.type()));
    object.number("size", value.size());
    object.number("version", value.version());
    write_type_details(object, value);
    if (!shown.has_json()) {
        object.text("cbor", value.text(), true);
    }
    if (how == json_value::shown) {
        object.name("value");
        shown.write_json(out);
    }
    object.close();
}

void write_meta(output& out, const value_view& value) {
    out.write("type=");
    out.write(to_string(value.type()));
    out.write(" size=");
    out.write_number(value.size());
    out.write(" version=");
    out.write_number(value.version());
    write_type_details(out, value);
}

namespace {

std::string name_of_key(const key_type& keys, std::string_view key) {
    try {
        return keys.is_string() ? in_quotes(key) : "key " + keys.to_text(key);
    } catch (const error&) {
        return "the key of the bytes " + in_quotes(key); // which may be what failed
    }
}

} // namespace

void throw_damaged_key(const key_type& keys, std::string_view key) {
    throw error(errc::corrupt, "the bytes " + in_quotes(key) + " are no key of type " + keys.name() +
                                   "; run \"holdfast check\" on the store");
}

void rethrow_with_key(const key_type& keys, std::string_view key) {
    try {
        throw;
    } catch (const error& failure) {
        throw error(failure.reason(), name_of_key(keys, key) + ": " + failure.what());
    }
}

} // namespace holdfast::cli
