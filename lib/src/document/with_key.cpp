// What is said of a key whose value is not what was asked for.
#include <holdfast/detail/with_key.hpp>

#include <string>

namespace holdfast::detail {

namespace {

/// For a message: cut short, without control characters.
[[nodiscard]] std::string shown(const key_type& keys, std::string_view key) {
    constexpr std::size_t shown_max = 80;
    std::string text = keys.accepts(key) ? keys.to_text(key) : std::string(key);
    if (text.size() > shown_max)
        text.replace(shown_max - 3, text.npos, "...");
    for (char& byte : text) {
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F)
            byte = '?';
    }
    return "key '" + text + "'";
}

} // namespace

void rethrow_with_key(const error& failure, const key_type& keys, std::string_view key) {
    throw error(failure.reason(), shown(keys, key) + ": " + failure.what());
}

void throw_absent(const key_type& keys, std::string_view key) {
    throw error(errc::not_found, shown(keys, key) + " is not there");
}

void throw_overflow(const std::string& number, const std::string& change) {
    throw error(errc::out_of_range, number + " plus " + change + " does not fit the type");
}

} // namespace holdfast::detail
