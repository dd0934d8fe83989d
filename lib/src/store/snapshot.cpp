// Snapshots and their views of maps.
#include <holdfast/snapshot.hpp>

#include <algorithm>
#include <new>
#include <span>
#include <utility>

#include <holdfast/error.hpp>

#include "store/map_access.hpp"
#include "store/states.hpp"
#include "store/stored_value.hpp"
#include "tree/cursor.hpp"
#include "tree/difference.hpp"
#include "tree/reader.hpp"
#include "tree/salvage.hpp"

namespace holdfast {

using detail::map_access;

// --- map_view ---------------------------------------------------------------------------------------------

map_view::map_view(std::shared_ptr<const detail::snapshot_state> owner) noexcept : owner_(std::move(owner)) {
    ::new (root_.data()) detail::map_place();
}

const detail::snapshot_state& map_view::state() const {
    const detail::snapshot_state& held = detail::held_by(owner_, "view of a map");
    held.expect_here();
    return held;
}

std::optional<value_view> map_view::get(std::string_view key) const {
    static_cast<void>(state());
    const detail::map_place& place = map_access::place(*this);
    const auto found = tree_find(place.view, place.root, key);
    if (!found) {
        return std::nullopt;
    }
    return detail::to_view(*found);
}

std::vector<std::optional<value_view>> map_view::get_many(std::span<const std::string_view> keys) const {
    static_cast<void>(state());
    const detail::map_place& place = map_access::place(*this);
    std::vector<std::optional<record_view>> found(keys.size());
    tree_find_many(place.view, place.root, keys, found);
    std::vector<std::optional<value_view>> values(keys.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i]) {
            values[i] = detail::to_view(*found[i]);
        }
    }
    return values;
}

bool map_view::contains(std::string_view key) const { return get(key).has_value(); }

void map_view::salvage(const std::function<bool(const entry&)>& use,
                       const std::function<void(const damaged_stretch&)>& damaged,
                       const salvage_options& options) const {
    class visitor final : public salvage_visitor {
    public:
        visitor(decltype(use) read, decltype(damaged) lost) : use_(&read), damaged_(&lost) {}
        bool entry(const record_view& record) override {
            return (*use_)({record.key, detail::to_view(record)});
        }
        void gap(const tree_gap& found) override { (*damaged_)({found.after, found.before, found.what}); }

    private:
        decltype(&use) use_;
        decltype(&damaged) damaged_;
    };
    static_cast<void>(state());
    const detail::map_place& place = map_access::place(*this);
    visitor each(use, damaged);
    tree_salvage(place.view, place.root, {options.first, options.last, options.backwards}, each);
}

std::uint64_t map_view::size() const {
    static_cast<void>(state());
    return map_access::place(*this).root.entries;
}

std::uint64_t map_view::bytes() const {
    static_cast<void>(state());
    return map_access::place(*this).root.bytes;
}

/// The snapshot is kept by whatever the iterator comes from, so that copying it costs no counting.
map_iterator map_view::stand_at(detail::stand where, std::string_view key) const {
    std::shared_ptr<const detail::walked> of(std::shared_ptr<const detail::walked>(), &state());
    const detail::map_place& place = map_access::place(*this);
    return detail::stand_in(std::move(of), tree_cursor(place.view, place.root), where, key);
}

map_range map_view::stretch(map_iterator first, map_iterator last) const {
    return {owner_, std::move(first), std::move(last)};
}

detail::map_label map_view::label() const {
    detail::map_label found = state().label(map_access::place(*this).root.map);
    found.keys = keys_;
    return found;
}

// --- snapshot ---------------------------------------------------------------------------------------------

snapshot::snapshot(std::shared_ptr<const detail::snapshot_state> state) noexcept : state_(std::move(state)) {}
snapshot::snapshot(snapshot&&) noexcept = default;
snapshot& snapshot::operator=(snapshot&&) noexcept = default;
snapshot::~snapshot() = default;

const detail::snapshot_state& snapshot::state() const {
    const detail::snapshot_state& held = detail::held_by(state_, "snapshot");
    held.expect_here();
    return held;
}

map_view snapshot::map(std::string_view name) const& {
    const detail::snapshot_state& from = state();
    map_view view(state_);
    const std::optional<format::map_root> found = from.find(name);
    map_access::place(view) = {from.view(), found ? to_tree_root(*found) : tree_root{}};
    map_access::keys(view) = found ? keys_of(*found) : key_type();
    return view;
}

map_view snapshot::map(std::string_view name, const key_type& keys) const& {
    const detail::snapshot_state& from = state();
    map_view view(state_);
    const std::optional<format::map_root> found = from.find(name);
    if (found) {
        from.expect_keys(name, keys_of(*found), keys);
    }
    map_access::place(view) = {from.view(), found ? to_tree_root(*found) : tree_root{}};
    map_access::keys(view) = keys;
    return view;
}

map_view snapshot::map_of(const detail::store_state& owner, std::string_view name,
                          const key_type& keys) const {
    state().expect_owner(owner);
    return map(name, keys);
}

bool snapshot::has_map(std::string_view name) const { return state().find(name).has_value(); }

std::vector<map_information> snapshot::maps() const {
    const detail::snapshot_state& from = state();
    std::vector<map_information> maps;
    const tree_root unnamed = from.commit().unnamed();
    if (unnamed.entries != 0) {
        maps.push_back({"", unnamed.entries, unnamed.bytes, {}});
    }
    from.commit().named().for_each([&](std::string_view name, const format::map_root& map) {
        maps.push_back({std::string(name), map.entries, map.bytes, keys_of(map)});
    });
    return maps;
}

std::vector<map_information>
snapshot::maps(const std::function<void(const damaged_stretch&)>& damaged) const {
    const detail::snapshot_state& from = state();
    std::vector<map_information> maps;
    const auto add = [&](std::string_view name, const format::map_root& map) {
        try {
            maps.push_back({std::string(name), map.entries, map.bytes, keys_of(map)});
        } catch (const error& damage) {
            damaged({name, name, damage.what()});
        }
    };
    if (from.commit().slot.unnamed.entries != 0) {
        add("", from.commit().slot.unnamed);
    }
    from.commit().named().salvage(add, [&](const tree_gap& found) {
        damaged({found.after, found.before, found.what});
    });
    return maps;
}

std::vector<map_view> snapshot::nameless_maps() const {
    const detail::snapshot_state& from = state();
    const format::commit_slot& commit = from.commit().slot;
    std::vector<std::uint32_t> named;
    from.commit().named().salvage(
        [&](std::string_view, const format::map_root& map) { named.push_back(map.id); },
        [](const tree_gap&) {});
    std::vector<map_view> nameless;
    const std::size_t count = std::min<std::size_t>(commit.direct_count, commit.direct.size());
    for (const format::map_root& root : std::span(commit.direct).first(count)) {
        if (format::is_unused(root) || std::ranges::find(named, root.id) != named.end()) {
            continue;
        }
        map_view view(state_);
        map_access::place(view) = {from.view(), to_tree_root(root)};
        map_access::keys(view) = keys_of(root);
        nameless.push_back(std::move(view));
    }
    return nameless;
}

version_number snapshot::version() const { return raw(state().commit().id()); }

std::vector<change> snapshot::changes_since(const snapshot& older, std::string_view name) const& {
    state().expect_same_store(older.state());
    std::vector<change> changes;
    const auto root_in = [&](const snapshot& of) {
        const std::optional<format::map_root> found = of.state().find(name);
        return found ? to_tree_root(*found) : tree_root{};
    };
    tree_difference(older.state().view(), root_in(older), state().view(), root_in(*this),
                    [&](const record_view* before, const record_view* after) {
                        change one;
                        one.key = after != nullptr ? after->key : before->key;
                        if (before != nullptr) {
                            one.before = detail::to_view(*before);
                        }
                        if (after != nullptr) {
                            one.after = detail::to_view(*after);
                        }
                        changes.push_back(one);
                    });
    return changes;
}

std::optional<value_view> snapshot::get(std::string_view key) const& {
    const auto found = tree_find(state().view(), state().commit().unnamed(), key);
    if (!found) {
        return std::nullopt;
    }
    return detail::to_view(*found);
}

bool snapshot::contains(std::string_view key) const { return get(key).has_value(); }

} // namespace holdfast
