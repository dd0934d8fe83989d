// One line of JSON.
#include "line_fields.hpp"

#include <algorithm>

#include "errors.hpp"
#include "escape.hpp"
#include "json_members.hpp"
#include "json_text.hpp"
#include "value_input.hpp"

namespace holdfast::cli {

namespace {

/// In the order of `field`.
constexpr std::array<std::string_view, static_cast<std::size_t>(field::count)> names{
    "key",           "key_base64",  "value", "type", "map", "map_base64", "key_type",
    "document_type", "cbor_base64", "op",    "by",   "old", "new",        "bits"};

constexpr std::array<std::string_view, 4> passed_over{"size", "version", "raw_type", "raw_version"};

} // namespace

std::string_view name_of(field which) noexcept { return names[static_cast<std::size_t>(which)]; }

line_fields::line_fields(std::string_view line) : line_(line) {
    for (json_members members(line); members.next();) {
        const std::string_view name = members.name();
        const auto* const found = std::find(names.begin(), names.end(), name);
        if (found == names.end()) {
            if (std::find(passed_over.begin(), passed_over.end(), name) == passed_over.end()) {
                throw_usage("unknown member " + in_quotes(name));
            }
            continue;
        }
        std::string_view& place = values_[static_cast<std::size_t>(found - names.begin())];
        if (!place.empty()) {
            throw_usage(in_quotes(name) + " is given twice");
        }
        place = members.value();
    }
}

std::string_view line_fields::required(field which) const {
    if (!has(which)) {
        throw_usage("there is no " + in_quotes(name_of(which)));
    }
    return (*this)[which];
}

std::string line_fields::text(field which) const {
    const std::string_view json = required(which);
    if (json.front() != '"') {
        throw_usage(in_quotes(name_of(which)) + " is " + in_quotes(json) + "; a string is expected");
    }
    return read(which, [](std::string_view string) { return json_text(string); });
}

std::optional<std::string> line_fields::map() const {
    if (has(field::map)) {
        return text(field::map);
    }
    if (!has(field::map_base64)) {
        return std::nullopt;
    }
    std::string name;
    if (!append_from_base64(name, text(field::map_base64))) {
        throw_usage(shown_json((*this)[field::map_base64]) + " is not base64");
    }
    return name;
}

std::optional<value_type> line_fields::type() const {
    if (!has(field::type)) {
        return std::nullopt;
    }
    const std::string name = text(field::type);
    return name == to_string(value_type::raw) ? value_type::raw : parse_value_type("\"type\"", name);
}

} // namespace holdfast::cli
