// What is said of a key whose value is not what was asked for.
#include <holdfast/detail/with_key.hpp>

#include <string>

#include "base/shown_text.hpp"

namespace holdfast::detail {

namespace {

[[nodiscard]] std::string shown(const key_type& keys, std::string_view key) {
    return "key " + shown_text(keys.accepts(key) ? keys.to_text(key) : std::string(key));
}

} // namespace

void rethrow_with_key(const error& failure, const key_type& keys, std::string_view key) {
    throw error(failure.reason(), shown(keys, key) + ": " + failure.what());
}

void expect_keys(const key_type& found, const key_type& asked) {
    if (found != asked) {
        throw error(errc::wrong_type, "the map has keys of type " + found.name() + ", not " + asked.name());
    }
}

void expect_sound(const value_view& found) {
    if (!found.is_sound())
        throw error(errc::corrupt, "the value is damaged (its checksum is wrong); run 'holdfast check'");
}

void throw_absent(const key_type& keys, std::string_view key) {
    throw error(errc::not_found, shown(keys, key) + " is not there");
}

void throw_overflow(const std::string& number, const std::string& change) {
    throw error(errc::out_of_range, number + " plus " + change + " does not fit the type");
}

} // namespace holdfast::detail
