// Entries as JSON and as text.
#include "entry_text.hpp"

#include "escape.hpp"
#include "output.hpp"

namespace holdfast::cli {

void write_json_entry(output& out, std::string_view key, const value_view& value, json_value how) {
    json_object object(out);
    object.text("key", key);
    object.text("type", to_string(value.type()));
    object.number("size", value.size());
    object.number("version", value.version());
    if (how == json_value::shown) {
        object.text("value", value.text(), value.type() != value_type::string);
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
}

void write_key(output& out, std::string_view key, bool colour) {
    if (!colour) {
        write_escaped(out, key);
        return;
    }
    out.write("\x1b[36m");
    write_escaped(out, key);
    out.write("\x1b[0m");
}

} // namespace holdfast::cli
