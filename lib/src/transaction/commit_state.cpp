// The catalogue: names of maps and their roots.
#include "transaction/commit_state.hpp"

#include <cstring>

#include "tree/reader.hpp"

namespace holdfast {

format::map_root map_root_of(std::string_view value, ref where) {
    format::map_root map{};
    if (value.size() != sizeof map)
        throw_corrupt("an entry of the catalogue has a wrong size", where);
    std::memcpy(&map, value.data(), sizeof map);
    return map;
}

std::optional<format::map_root> find_map(const space_view& view, const tree_root& catalogue,
                                         std::string_view name) {
    const std::optional<record_view> found = tree_find(view, catalogue, name);
    if (!found)
        return std::nullopt;
    return map_root_of(found->value, found->place);
}

} // namespace holdfast
