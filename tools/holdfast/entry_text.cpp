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
    json_object object(out);
    write_json_key(object, keys, key);
    object.text("type", to_string(value.type()));
    object.number("size", value.size());
    object.number("version", value.version());
    write_type_details(object, value);
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

void throw_damaged_key(const key_type& keys, std::string_view key) {
    throw error(errc::corrupt, "the bytes " + in_quotes(key) + " are no key of type " + keys.name() +
                                   "; run \"holdfast check\" on the store");
}

void rethrow_with_key(const key_type& keys, std::string_view key) {
    try {
        throw;
    } catch (const error& failure) {
        const std::string shown = keys.is_string() ? in_quotes(key) : "key " + keys.to_text(key);
        throw error(failure.reason(), shown + ": " + failure.what());
    }
}

} // namespace holdfast::cli
