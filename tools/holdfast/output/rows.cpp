// Keys and values in rows.
#include "output/rows.hpp"

#include <holdfast/codec.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "output/output.hpp"

namespace holdfast::cli {

void write_key(output& out, const key_type& keys, std::string_view key, bool colour) {
    const std::string text =
        keys.is_string() ? std::string() : keys.to_text(key); // fails before anything is out
    out.write(colour ? "\x1b[36m" : "");
    if (keys.is_string()) {
        write_escaped(out, key);
    } else {
        write_printable(out, text);
    }
    out.write(colour ? "\x1b[0m" : "");
}

void write_exact_key(output& out, const key_type& keys, std::string_view key) {
    if (keys.is_string()) {
        out.write(key);
    } else {
        out.write(keys.to_text(key));
    }
}

printed_value::printed_value(const value_view& of)
    : as_it_is_(of.type() == value_type::string || of.type() == value_type::bytes),
      made_(as_it_is_ ? std::string() : value_to_text(of)),
      text_(as_it_is_ ? of.text() : std::string_view(made_)) {}

void printed_value::write(output& out) const { out.write(text_); }

void printed_value::write_escaped(output& out) const {
    if (as_it_is_) {
        cli::write_escaped(out, text_);
    } else {
        write_printable(out, text_);
    }
}

std::string_view plain_bytes(const value_view& of) {
    if (of.type() != value_type::raw) {
        return of.text();
    }
    const auto raw = describe_raw(of);
    if (!raw) {
        throw error(errc::corrupt, "the raw value is damaged");
    }
    return raw->object;
}

void write_meta(output& out, const value_view& value) {
    out.write("type=");
    out.write(type_name(value.type()));
    out.write(" size=");
    out.write_number(value.size());
    out.write(" version=");
    out.write_number(value.version());
    if (const auto raw = describe_raw(value)) {
        out.write(" raw_type=");
        write_escaped(out, raw->name);
        out.write(" raw_version=");
        out.write_number(raw->version);
    }
    if (value.type() != value_type::document) {
        return;
    }
    if (const auto name = document_type_name(value.text()); !name.empty()) {
        out.write(" document_type=");
        write_escaped(out, name);
    }
}

} // namespace holdfast::cli
