// Key types in the catalogue.
#include "transaction/map_keys.hpp"

#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "base/corrupt.hpp"
#include "base/shown_text.hpp"
#include "base/types.hpp"

namespace holdfast {

namespace {

[[nodiscard]] bool is_part(std::uint64_t code) noexcept {
    return code >= static_cast<std::uint64_t>(key_part::string) &&
           code <= static_cast<std::uint64_t>(key_part::uuid);
}

[[noreturn]] void throw_damaged(const format::map_root& map) {
    throw_corrupt("the key type of a map is damaged", ref::from_units(map.root));
}

} // namespace

key_type keys_of(const format::map_root& map) {
    if (is_part(map.key_type))
        return static_cast<key_part>(map.key_type);
    if (map.key_type != format::key_type_tuple)
        throw_damaged(map);
    std::vector<key_part> parts;
    for (std::uint64_t codes = map.key_parts; codes != 0; codes >>= 8) {
        if (!is_part(codes & 0xFF))
            throw_damaged(map);
        parts.push_back(static_cast<key_part>(codes & 0xFF));
    }
    if (parts.size() < 2)
        throw_damaged(map);
    return key_type(std::span<const key_part>(parts));
}

void set_keys(format::map_root& map, const key_type& keys) noexcept {
    map.key_parts = 0;
    map.key_type = static_cast<std::uint8_t>(keys.parts()[0]);
    if (!keys.is_tuple())
        return;
    map.key_type = format::key_type_tuple;
    for (std::size_t i = keys.parts().size(); i-- > 0;)
        map.key_parts = map.key_parts << 8 | static_cast<std::uint64_t>(keys.parts()[i]);
}

void expect_keys(std::string_view map, const key_type& found, const key_type& asked) {
    if (found == asked)
        return;
    throw error(errc::wrong_type, "map " + shown_text(map) + " has keys of type " + found.name() + ", not " +
                                      asked.name() + "; open it with that type, or drop it first");
}

} // namespace holdfast
