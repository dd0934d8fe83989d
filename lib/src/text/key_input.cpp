// Keys that people type, and those of lines of JSON.
#include <holdfast/text.hpp>

#include <span>
#include <vector>

#include <holdfast/transaction.hpp>

#include "base/shown_text.hpp"
#include "text/json_members.hpp"
#include "text/json_text.hpp"
#include "text/key_json.hpp"

namespace holdfast {

namespace {

/// The bytes of the first parts of a tuple: those of a key of these parts and one more, which takes one byte.
std::string tuple_prefix(const key_type& keys, std::string_view array) {
    const std::size_t count = json_array_size(array);
    if (count == 0) {
        return {};
    }
    if (count >= keys.parts().size()) {
        throw_unreadable("a prefix has fewer parts than a key " + keys.name() + ", not " + shown_text(array));
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

void expect_key_size(std::string_view key) {
    if (key.size() > key_size_max) {
        throw_unreadable("a key has at most " + std::to_string(key_size_max) + " bytes, not " +
                         std::to_string(key.size()) + "; store long text as a value");
    }
}

void append_key_from_json(std::string& to, const key_type& keys, std::string_view json) {
    if (keys.is_string() && json.starts_with('"')) {
        append_json_text(to, json);
    } else {
        to.append(keys.from_json(json));
    }
}

std::string key_from_text(const key_type& keys, std::string_view text) {
    std::string key = keys.is_string() ? std::string(text) : keys.from_text(text);
    expect_key_size(key);
    return key;
}

std::string key_prefix_from_text(const key_type& keys, std::string_view text) {
    if (keys.is_string() || text.empty()) {
        return std::string(text);
    }
    if (!keys.is_tuple()) {
        throw_unreadable("the keys of this map are of type " + keys.name() +
                         ", so they have no prefix, only ranges");
    }
    if (!trimmed(text).starts_with('[')) {
        throw_unreadable("the keys of this map are of type " + keys.name() +
                         ", so a prefix of them is a JSON array of the first parts, not " + shown_text(text));
    }
    return tuple_prefix(keys, text);
}

void append_key_from_field(std::string& to, const key_type& keys, std::string_view object,
                           std::string_view field) {
    for (json_members members(object); members.next();) {
        if (members.name() != field) {
            continue;
        }
        const std::string_view json = members.value();
        std::string key;
        if (keys.is_string() && is_json_number(json)) {
            key = json;
        } else {
            counting_from(static_cast<std::size_t>(json.data() - object.data()),
                          [&] { append_key_from_json(key, keys, json); });
        }
        expect_key_size(key);
        to += key;
        return;
    }
    throw_unreadable("there is no field " + shown_text(field) + " to be the key");
}

} // namespace holdfast
