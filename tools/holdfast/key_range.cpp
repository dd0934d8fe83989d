// Stretches of maps.
#include "key_range.hpp"

#include <algorithm>

#include "errors.hpp"
#include "escape.hpp"
#include "key_text.hpp"
#include "store_access.hpp"

namespace holdfast::cli {

key_range choose_range(const map_view& map, const std::string& prefix, const std::optional<std::string>& from,
                       const std::optional<std::string>& to) {
    const key_type& keys = map.keys();
    const std::string beginning = key_prefix(keys, prefix);
    const std::string begin = std::max(beginning, from ? key_from_text(keys, *from) : std::string());
    std::optional<std::string> end = end_of_prefix(beginning);
    if (to) {
        const std::string limit = key_from_text(keys, *to);
        end = end ? std::min(*end, limit) : limit;
    }
    if (end && *end <= begin) {
        return {map.end(), map.end()};
    }
    return {map.lower_bound(begin), end ? map.lower_bound(*end) : map.end()};
}

map_view find_map(const snapshot& now, const settings& given) {
    if (!given.map.empty() && !now.has_map(given.map)) {
        throw error(errc::not_found, "no map " + in_quotes(given.map) + " in " + in_quotes(given.store_path) +
                                         "; \"holdfast maps\" shows what is there");
    }
    return now.map(given.map);
}

} // namespace holdfast::cli
