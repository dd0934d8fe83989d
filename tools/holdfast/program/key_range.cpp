// Stretches of maps.
#include "program/key_range.hpp"

#include <algorithm>

#include <holdfast/text.hpp>

namespace holdfast::cli {

namespace {

/// The first string behind all that begin with `prefix`; nullopt if there is none.
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

} // namespace

key_range choose_range(const key_type& keys, const std::string& prefix,
                       const std::optional<std::string>& from, const std::optional<std::string>& to) {
    const std::string beginning = key_prefix_from_text(keys, prefix);
    key_range chosen{std::max(beginning, from ? key_from_text(keys, *from) : std::string()),
                     end_of_prefix(beginning)};
    if (to) {
        const std::string limit = key_from_text(keys, *to);
        chosen.last = chosen.last ? std::min(*chosen.last, limit) : limit;
    }
    return chosen;
}

} // namespace holdfast::cli
