// What is said of a key whose value is not what was asked for.
#include <holdfast/detail/with_key.hpp>

#include <string>

#include "base/shown_text.hpp"

namespace holdfast::detail {

namespace {

/// "app.hold, map 'users', key 'ada'"
[[nodiscard]] std::string shown(const map_label& where, std::string_view key) {
    const std::string map = where.map.empty() ? std::string() : ", map " + shown_text(where.map);
    return where.file + map + ", key " +
           shown_text(where.keys.accepts(key) ? where.keys.to_text(key) : std::string(key));
}

} // namespace

void rethrow_with_key(const error& failure, const map_label& where, std::string_view key) {
    throw error(failure.reason(), shown(where, key) + ": " + failure.what());
}

void throw_other_keys(const map_label& found, const key_type& asked) {
    throw error(errc::wrong_type, found.file + ": map " + shown_text(found.map) + " has keys of type " +
                                      found.keys.name() + ", not " + asked.name() +
                                      "; open it with that type, or drop it first");
}

void verify_sound(const value_view& found) {
    if (!found.is_sound()) {
        throw error(errc::corrupt, "the value is damaged (its checksum is wrong); run 'holdfast check'");
    }
}

void throw_absent(const map_label& where, std::string_view key) {
    throw error(errc::not_found, shown(where, key) + " is not there");
}

void throw_overflow(const std::string& number, const std::string& change) {
    throw error(errc::out_of_range, number + " plus " + change + " does not fit the type");
}

} // namespace holdfast::detail
