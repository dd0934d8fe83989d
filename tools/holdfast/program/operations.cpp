// incr and cas.
#include "program/operations.hpp"

#include <string>

#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

namespace holdfast::cli {

namespace {

/// The bytes to store in the place of `old`: a document keeps the name of its type if it brings none.
std::string bytes_instead_of(const value_view& old, const value_view& fresh) {
    std::string bytes;
    if (old.type() == value_type::document && fresh.type() == value_type::document &&
        document_type_name(fresh.text()).empty()) {
        append_type_name(bytes, document_type_name(old.text()));
    }
    return bytes.append(fresh.text());
}

} // namespace

value increase(map_writer map, std::string_view key, const amount& by, std::optional<value_type> fresh) {
    const auto old = map.get(key);
    if (old && fresh && old->type() != *fresh) {
        throw error(errc::wrong_type, "holds a value of type " + type_name(old->type()) + ", not " +
                                          std::string(to_string(*fresh)));
    }
    value sum = old ? sum_of(old->view(), by) : sum_of_absent(by, fresh);
    map.put(key, sum);
    return sum;
}

void compare_and_set(map_writer map, std::string_view key, const value_reader& expected,
                     const value_reader& desired) {
    const auto stored = map.get(key);
    if (!stored) {
        throw error(errc::condition_not_met,
                    "the condition was not met: the key is absent; nothing was stored");
    }
    const value needed = expected(stored->type());
    if (!same_value(stored->view(), needed.view())) {
        throw error(errc::condition_not_met,
                    "the condition was not met: it has another value; nothing was stored");
    }
    const value fresh = desired(stored->type());
    const std::string bytes = bytes_instead_of(stored->view(), fresh.view());
    map.put(key, value_view(fresh.type(), bytes));
}

} // namespace holdfast::cli
