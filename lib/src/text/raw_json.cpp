// Raw values from JSON.
#include "text/raw_json.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

#include <holdfast/codec.hpp>

#include "base/shown_text.hpp"
#include "text/base64.hpp"
#include "text/json_members.hpp"
#include "text/json_names.hpp"
#include "text/json_text.hpp"

namespace holdfast {

namespace {

template <class Number>
Number parse_member(std::string_view name, std::string_view json) {
    Number number{};
    const auto [end, failure] = std::from_chars(json.data(), json.data() + json.size(), number);
    if (failure != std::errc{} || end != json.data() + json.size()) {
        throw_unreadable(shown_text(name) + " of a raw value is " + shown_json(json) +
                         "; a small number is expected");
    }
    return number;
}

std::string parse_base64(std::string_view json) {
    std::string bytes;
    if (!append_from_base64(bytes, json_text(json))) {
        throw_unreadable(shown_json(json) + " is not base64");
    }
    return bytes;
}

struct raw_parts {
    std::optional<std::string> name;
    std::optional<std::string> object;
    std::optional<std::uint32_t> version;
    std::optional<std::uint16_t> alignment;
};

void set_part(raw_parts& parts, std::string_view name, std::string_view json) {
    if (name == "name") {
        parts.name = json_text(json);
    } else if (name == "name_base64") {
        parts.name = parse_base64(json);
    } else if (name == "bytes") {
        parts.object = parse_base64(json);
    } else if (name == "version") {
        parts.version = parse_member<std::uint32_t>(name, json);
    } else if (name == "alignment") {
        parts.alignment = parse_member<std::uint16_t>(name, json);
    } else {
        throw_unreadable("a raw value has no " + shown_text(name));
    }
}

} // namespace

void append_raw_from_json(std::string& to, std::string_view json) {
    const auto description = only_member(json, json_raw_key);
    if (!description) {
        throw_unreadable(shown_json(json) + " is no raw value: {\"$raw\":{...}} is expected");
    }
    raw_parts parts;
    counting_from(static_cast<std::size_t>(description->data() - json.data()), [&] {
        for (json_members members(*description); members.next();) {
            const std::string_view part = members.value();
            counting_from(static_cast<std::size_t>(part.data() - description->data()),
                          [&] { set_part(parts, members.name(), part); });
        }
    });
    if (!parts.name || !parts.object || !parts.version || !parts.alignment) {
        throw_unreadable("a raw value needs name, version, alignment and bytes");
    }
    to.append(encode_raw({*parts.object, *parts.name, *parts.version, *parts.alignment}));
}

} // namespace holdfast
