// JSON objects and arrays, taken apart.
#include "text/json_members.hpp"

#include "base/shown_text.hpp"
#include "text/json_faults.hpp"
#include "text/json_text.hpp"

namespace holdfast {

namespace {

/// Behind the array or object that begins at `at`; npos if it does not end.
std::size_t end_of_nested(std::string_view text, std::size_t at) noexcept {
    std::size_t depth = 0;
    while (at < text.size()) {
        const char byte = text[at];
        if (byte == '"') {
            at = end_of_json_string(text, at);
            if (at == std::string_view::npos) {
                return at;
            }
            continue;
        }
        ++at;
        if (byte == '{' || byte == '[') {
            ++depth;
        } else if ((byte == '}' || byte == ']') && --depth == 0) {
            return at;
        }
    }
    return std::string_view::npos;
}

} // namespace

json_members::json_members(std::string_view object) : text_(object) {
    skip_space();
    if (!at('{')) {
        throw_malformed(at_, "an object is expected");
    }
    ++at_;
}

void json_members::skip_space() noexcept {
    while (at_ < text_.size() && is_json_space(text_[at_])) {
        ++at_;
    }
}

void json_members::expect(char wanted) {
    skip_space();
    if (!at(wanted)) {
        throw_malformed(at_, at_ == text_.size() ? json_fault::ends_too_soon
                             : wanted == ':'     ? json_fault::colon
                                                 : json_fault::in_object);
    }
    ++at_;
}

bool json_members::finish() {
    ++at_;
    skip_space();
    if (at_ != text_.size()) {
        throw_malformed(at_, json_fault::behind);
    }
    return false;
}

bool json_members::next() {
    skip_space();
    if (at('}')) {
        return finish();
    }
    if (!first_) {
        expect(',');
        skip_space();
    }
    first_ = false;
    take_name();
    expect(':');
    skip_space();
    if (at('"')) {
        value_ = take_string();
    } else {
        value_ = at('{') || at('[') ? take_nested() : take_word();
    }
    return true;
}

void json_members::take_name() {
    if (!at('"')) {
        throw_malformed(at_, at_ < text_.size() ? json_fault::name : json_fault::ends_too_soon);
    }
    const std::string_view quoted = take_string();
    name_ = quoted.substr(1, quoted.size() - 2);
    if (name_.find('\\') != std::string_view::npos) {
        decoded_name_ = json_text(quoted);
        name_ = decoded_name_;
    }
}

std::string_view json_members::take_string() {
    const std::size_t begin = at_;
    const std::size_t end = end_of_json_string(text_, begin);
    if (end == std::string_view::npos) {
        throw_malformed(text_.size(), json_fault::open_string);
    }
    at_ = end;
    return text_.substr(begin, end - begin);
}

std::string_view json_members::take_nested() {
    const std::size_t begin = at_;
    const std::size_t end = end_of_nested(text_, begin);
    if (end == std::string_view::npos) {
        throw_malformed(text_.size(), json_fault::ends_too_soon);
    }
    at_ = end;
    return text_.substr(begin, end - begin);
}

std::string_view json_members::take_word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && !is_json_space(text_[at_])) {
        ++at_;
    }
    if (at_ == begin) {
        throw_malformed(at_, begin < text_.size() ? json_fault::value : json_fault::ends_too_soon);
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word != "true" && word != "false" && word != "null" && !is_json_number(word)) {
        throw_malformed(begin, shown_text(word) + " is no value");
    }
    return word;
}

std::size_t json_array_size(std::string_view array) {
    array = trimmed(array);
    if (array.empty() || array.front() != '[' || end_of_nested(array, 0) != array.size()) {
        throw_malformed(0, "an array is expected");
    }
    const std::string_view inside = trimmed(array.substr(1, array.size() - 2));
    std::size_t count = inside.empty() ? 0 : 1;
    for (std::size_t at = 0; at < inside.size();) {
        const char byte = inside[at];
        if (byte == '"') {
            at = end_of_json_string(inside, at);
        } else if (byte == '{' || byte == '[') {
            at = end_of_nested(inside, at);
        } else {
            count += byte == ',' ? 1 : 0;
            ++at;
        }
    }
    return count;
}

std::optional<std::string_view> only_member(std::string_view json, std::string_view name) {
    // Most objects are told apart by the first letters.
    json = trimmed(json);
    if (json.empty() || json.front() != '{') {
        return std::nullopt;
    }
    const std::string_view first = trimmed(json.substr(1));
    if (!first.starts_with("\"$") && !first.starts_with("\"\\")) { // "\u0024" is a '$', too
        return std::nullopt;
    }
    json_members members(json);
    if (!members.next() || members.name() != name) {
        return std::nullopt;
    }
    const std::string_view value = members.value();
    return members.next() ? std::nullopt : std::optional(value);
}

} // namespace holdfast
