// Keys of typed and untyped maps.
#include "key_text.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "errors.hpp"
#include "escape.hpp"
#include "json_members.hpp"
#include "json_text.hpp"
#include "output.hpp"
#include "store_access.hpp"

namespace holdfast::cli {

namespace {

void append_checked(std::string& to, std::string_view key) {
    check_key(key);
    to.append(key);
}

/// The bytes of the first parts of a tuple: those of a key of these parts and one more, which takes one byte.
std::string tuple_prefix(const key_type& keys, std::string_view array) {
    const std::size_t count = json_array_size(array);
    if (count == 0) {
        return {};
    }
    if (count >= keys.parts().size()) {
        throw_usage("a prefix has fewer parts than a key " + keys.name() + ", not " + in_quotes(array));
    }
    const auto leading = keys.parts().first(count);
    std::vector<key_part> parts(leading.begin(), leading.end());
    parts.push_back(key_part::boolean);
    std::string json(trimmed(array));
    json.insert(json.size() - 1, ",false");
    std::string bytes = key_type(std::span<const key_part>(parts)).from_json(json);
    bytes.pop_back();
    return bytes;
}

} // namespace

std::optional<key_type> parse_key_type(const std::optional<std::string>& name) {
    return name ? std::optional(key_type::parse(*name)) : std::nullopt;
}

std::string key_from_text(const key_type& keys, std::string_view text) {
    if (!keys.is_string()) {
        std::string key = keys.from_text(text);
        check_key(key);
        return key;
    }
    check_key(text);
    return std::string(text);
}

void append_key_from_json(std::string& to, const key_type& keys, std::string_view json, bool is_base64) {
    if (is_base64) {
        std::string key;
        if (!append_from_base64(key, json_text(json))) {
            throw_usage(shown_json(json) + " is not base64");
        }
        append_checked(to, key);
    } else if (keys.is_string() && json.starts_with('"')) {
        const std::size_t begin = to.size();
        append_json_text(to, json);
        check_key(std::string_view(to).substr(begin));
    } else {
        append_checked(to, keys.from_json(json));
    }
}

std::string key_prefix(const key_type& keys, std::string_view text) {
    if (keys.is_string() || text.empty()) {
        return std::string(text);
    }
    if (!keys.is_tuple()) {
        throw_usage("the keys of this map are of type " + keys.name() +
                    ", so they have no prefix; \"holdfast list --from K --to K\" takes a range of them");
    }
    if (!trimmed(text).starts_with('[')) {
        throw_usage("the keys of this map are of type " + keys.name() +
                    ", so a prefix of them is a JSON array of the first parts, not " + in_quotes(text));
    }
    return tuple_prefix(keys, text);
}

std::optional<std::string> end_of_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xffu) {
        prefix.pop_back();
    }
    if (prefix.empty()) {
        return std::nullopt;
    }
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1u);
    return prefix;
}

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

json_key::json_key(const key_type& keys, std::string_view key) : key_(key), is_typed_(!keys.is_string()) {
    if (is_typed_) {
        try {
            json_ = keys.to_json(key);
        } catch (const error&) {
            json_.clear(); // a string in it is not UTF-8
        }
    }
}

void json_key::write(json_object& to) const {
    if (json_.empty()) {
        to.text("key", key_, is_typed_);
    } else {
        to.raw("key", json_);
    }
}

} // namespace holdfast::cli
