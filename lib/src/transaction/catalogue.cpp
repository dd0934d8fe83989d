// Entries of the catalogue, direct roots, and key types as a map's root has them.
#include "transaction/catalogue.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "tree/reader.hpp"

namespace holdfast {

namespace {

/// The map_root that an entry holds, without its direct root.
[[nodiscard]] format::map_root entry_of(const record_view& record) {
    format::map_root map{};
    if (record.type != format::value_type::map || record.value.size() != sizeof map) {
        throw_corrupt("an entry of the catalogue is not a map", record.place);
    }
    std::memcpy(&map, record.value.data(), sizeof map);
    return map;
}

/// What the entry of a map with a direct root says.
[[nodiscard]] format::map_root entry_for(const format::map_root& map) noexcept {
    format::map_root entry{};
    entry.id = map.id;
    entry.key_type = map.key_type;
    entry.key_parts = map.key_parts;
    entry.direct = map.direct;
    return entry;
}

// --- Key types ---

[[nodiscard]] bool is_part(std::uint64_t code) noexcept {
    return code >= static_cast<std::uint64_t>(key_part::string) &&
           code <= static_cast<std::uint64_t>(key_part::uuid);
}

[[noreturn]] void throw_damaged_keys(const format::map_root& map) {
    throw_corrupt("the key type of a map is damaged", ref::from_units(map.root));
}

} // namespace

format::map_root with_tree(format::map_root map, const tree_root& tree, txn_id made) noexcept {
    map.root = tree.root.units();
    map.level = tree.level;
    map.digest = tree.digest;
    map.entries = tree.entries;
    map.bytes = tree.bytes;
    map.made = raw(made);
    return map;
}

key_type keys_of(const format::map_root& map) {
    if (is_part(map.key_type)) {
        return static_cast<key_part>(map.key_type);
    }
    if (map.key_type != format::key_type_tuple) {
        throw_damaged_keys(map);
    }
    std::vector<key_part> parts;
    for (std::uint64_t codes = map.key_parts; codes != 0; codes >>= 8) {
        if (!is_part(codes & 0xFF)) {
            throw_damaged_keys(map);
        }
        parts.push_back(static_cast<key_part>(codes & 0xFF));
    }
    if (parts.size() < 2) {
        throw_damaged_keys(map);
    }
    return key_type(std::span<const key_part>(parts));
}

void set_keys(format::map_root& map, const key_type& keys) noexcept {
    map.key_parts = 0;
    map.key_type = static_cast<std::uint8_t>(keys.parts()[0]);
    if (!keys.is_tuple()) {
        return;
    }
    map.key_type = format::key_type_tuple;
    for (std::size_t i = keys.parts().size(); i-- > 0;) {
        map.key_parts = map.key_parts << 8 | static_cast<std::uint64_t>(keys.parts()[i]);
    }
}

// --- Reading ----------------------------------------------------------------------------------------------

format::map_root map_catalogue::root_of(const record_view& record) const {
    const format::map_root entry = entry_of(record);
    if (entry.direct == 0) {
        return entry;
    }
    const std::size_t index = entry.direct - 1U;
    if (index >= direct_count_ || (*direct_)[index].id != entry.id ||
        (*direct_)[index].direct != entry.direct) {
        throw_corrupt("an entry of the catalogue has another map's root", record.place);
    }
    return (*direct_)[index];
}

std::optional<format::map_root> map_catalogue::find(std::string_view name) const {
    const std::optional<record_view> found = tree_find(view_, names_, name);
    if (!found) {
        return std::nullopt;
    }
    return root_of(*found);
}

void map_catalogue::salvage(
    const std::function<void(std::string_view name, const format::map_root& map)>& use,
    const std::function<void(const tree_gap& damage)>& damaged) const {
    class visitor final : public salvage_visitor {
    public:
        visitor(const map_catalogue& owner, decltype(use) found, decltype(damaged) lost)
            : owner_(&owner), use_(&found), damaged_(&lost) {}
        bool entry(const record_view& record) override {
            std::optional<format::map_root> root;
            try {
                root = owner_->root_of(record);
            } catch (const error& damage) {
                (*damaged_)({record.key, record.key, damage.what()});
            }
            if (root) {
                (*use_)(record.key, *root);
            }
            return true;
        }
        void gap(const tree_gap& found) override { (*damaged_)(found); }

    private:
        const map_catalogue* owner_;
        decltype(&use) use_;
        decltype(&damaged) damaged_;
    };
    visitor each(*this, use, damaged);
    tree_salvage(view_, names_, {}, each);
}

// --- Writing ----------------------------------------------------------------------------------------------

catalogue_writer::catalogue_writer(space& memory, const format::commit_slot& before)
    : memory_(&memory),
      names_(memory, committed_root(memory, before.catalogue)),
      direct_{},
      next_map_id_(before.next_map_id) {
    std::copy_n(before.direct.begin(), std::min<std::size_t>(before.direct_count, direct_.size()),
                direct_.begin());
}

format::map_root catalogue_writer::new_map() {
    if (next_map_id_ > std::numeric_limits<std::uint32_t>::max()) {
        throw error(errc::no_space, "the store has used up the numbers of maps; import it into a new one");
    }
    format::map_root fresh{};
    fresh.id = static_cast<std::uint32_t>(next_map_id_++);
    set_keys(fresh, key_type());
    return fresh;
}

void catalogue_writer::put(std::string_view name, format::map_root map) {
    if (map.direct != 0) { // `find` has compared it with its entry
        direct_[map.direct - 1U] = map;
        direct_changed_ = true;
        return;
    }
    const auto free = std::find_if(direct_.begin(), direct_.end(),
                                   [](const format::map_root& root) { return root.id == 0; });
    if (free == direct_.end() || now().find(name)) {
        return put_record(name, map);
    }
    map.direct = static_cast<std::uint8_t>(free - direct_.begin() + 1);
    put_record(name, entry_for(map));
    *free = map;
    direct_changed_ = true;
}

void catalogue_writer::put_record(std::string_view name, const format::map_root& entry) {
    names_changed_ = true;
    names_.put(name, {format::value_type::map, {reinterpret_cast<const char*>(&entry), sizeof entry}});
}

bool catalogue_writer::erase(std::string_view name) {
    const std::optional<format::map_root> map = now().find(name);
    if (!map) {
        return false;
    }
    if (map->direct != 0) {
        direct_[map->direct - 1U] = {};
        direct_changed_ = true;
    }
    names_changed_ = true;
    return names_.erase(name);
}

void catalogue_writer::store(format::commit_slot& next) const noexcept {
    if (names_changed_) {
        next.catalogue = with_tree(next.catalogue, names_.root(), memory_->transaction());
    }
    next.direct = direct_;
    const auto used = std::find_if(direct_.rbegin(), direct_.rend(),
                                   [](const format::map_root& root) { return root.id != 0; });
    next.direct_count = static_cast<std::uint16_t>(direct_.rend() - used);
    next.next_map_id = next_map_id_;
}

tree_root committed_root(const space& memory, const format::map_root& map) {
    const tree_root root = to_tree_root(map);
    if (root.root && memory.view().at<format::node_header>(root.root).made >= raw(memory.transaction())) {
        throw_corrupt("the root of a map is newer than its commit", root.root);
    }
    return root;
}

} // namespace holdfast
