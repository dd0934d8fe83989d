// Snapshots, map views and their iterators.
#include <holdfast/snapshot.hpp>

#include <cstring>
#include <new>

#include <holdfast/error.hpp>

#include "store/states.hpp"
#include "store/stored_value.hpp"
#include "tree/cursor.hpp"
#include "tree/difference.hpp"
#include "tree/reader.hpp"

namespace holdfast {

namespace detail {

/// What a map_view keeps in its opaque bytes.
struct map_place {
    space_view view;
    tree_root root;
};

/// The public types hide the tree's in opaque bytes, so that no internal header is installed; this is the one place
/// that looks into them. All of them are trivially copyable, so copies of the bytes are copies of the objects.
struct map_access {
    static_assert(sizeof(tree_cursor) <= sizeof(map_iterator) && std::is_trivially_copyable_v<tree_cursor>);
    static_assert(sizeof(map_place) <= 64 && std::is_trivially_copyable_v<map_place>);

    [[nodiscard]] static tree_cursor& cursor(map_iterator& iterator) noexcept {
        return *std::launder(reinterpret_cast<tree_cursor*>(iterator.cursor_.data()));
    }
    [[nodiscard]] static const tree_cursor& cursor(const map_iterator& iterator) noexcept {
        return *std::launder(reinterpret_cast<const tree_cursor*>(iterator.cursor_.data()));
    }
    [[nodiscard]] static map_place& place(map_view& map) noexcept {
        return *std::launder(reinterpret_cast<map_place*>(map.root_.data()));
    }
    [[nodiscard]] static const map_place& place(const map_view& map) noexcept {
        return *std::launder(reinterpret_cast<const map_place*>(map.root_.data()));
    }
    /// A snapshot is kept by whatever the iterator comes from, so that it costs no counting.
    [[nodiscard]] static map_iterator iterator(const snapshot_state& of, const tree_cursor& cursor) noexcept {
        map_iterator made;
        map_access::cursor(made) = cursor;
        made.of_ = std::shared_ptr<const walked>(std::shared_ptr<const walked>(), &of);
        made.changes_ = of.changes();
        return made;
    }
    /// Throws if it must not be moved.
    static void expect_current(const map_iterator& iterator) {
        if (iterator.of_)
            iterator.of_->expect(iterator.changes_);
    }
    [[nodiscard]] static key_type& keys(map_view& map) noexcept { return map.keys_; }
    [[nodiscard]] static tree_cursor start(const map_view& map) noexcept {
        return tree_cursor(place(map).view, place(map).root);
    }
};

} // namespace detail

using detail::map_access;

namespace {

/// The least string that is greater than all that begin with `prefix`; nullopt if there is none.
[[nodiscard]] std::optional<std::string> after_prefix(std::string_view prefix) {
    std::string successor(prefix);
    while (!successor.empty() && static_cast<unsigned char>(successor.back()) == 0xFF)
        successor.pop_back();
    if (successor.empty())
        return std::nullopt;
    successor.back() = static_cast<char>(static_cast<unsigned char>(successor.back()) + 1);
    return successor;
}

} // namespace

// --- map_iterator -----------------------------------------------------------------------------------------

map_iterator::map_iterator() noexcept { ::new (cursor_.data()) tree_cursor(); }

entry map_iterator::operator*() const {
    map_access::expect_current(*this);
    const tree_cursor& cursor = map_access::cursor(*this);
    if (!of_ || !cursor.valid()) [[unlikely]]
        throw error(errc::invalid_argument,
                    "there is no entry at the end of a map, nor at no map's iterator");
    const record_view record = cursor.record();
    return {record.key, detail::to_view(record)};
}

map_iterator& map_iterator::operator++() {
    map_access::expect_current(*this);
    map_access::cursor(*this).next();
    return *this;
}

map_iterator map_iterator::operator++(int) {
    map_iterator before = *this;
    ++*this;
    return before;
}

map_iterator& map_iterator::operator--() {
    map_access::expect_current(*this);
    tree_cursor& cursor = map_access::cursor(*this);
    if (cursor.valid()) {
        cursor.previous();
    } else {
        cursor.seek_last(); // from the end
    }
    return *this;
}

map_iterator map_iterator::operator--(int) {
    map_iterator before = *this;
    --*this;
    return before;
}

bool operator==(const map_iterator& left, const map_iterator& right) noexcept {
    return map_access::cursor(left) == map_access::cursor(right);
}

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
    if (!found)
        return std::nullopt;
    return detail::to_view(*found);
}

std::vector<std::optional<value_view>> map_view::get_many(std::span<const std::string_view> keys) const {
    static_cast<void>(state());
    const detail::map_place& place = map_access::place(*this);
    std::vector<std::optional<record_view>> found(keys.size());
    tree_find_many(place.view, place.root, keys, found);
    std::vector<std::optional<value_view>> values(keys.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (found[i])
            values[i] = detail::to_view(*found[i]);
    }
    return values;
}

bool map_view::contains(std::string_view key) const { return get(key).has_value(); }

std::uint64_t map_view::size() const {
    static_cast<void>(state());
    return map_access::place(*this).root.entries;
}

std::uint64_t map_view::bytes() const {
    static_cast<void>(state());
    return map_access::place(*this).root.bytes;
}

map_iterator map_view::begin() const {
    const detail::snapshot_state& of = state();
    tree_cursor cursor = map_access::start(*this);
    cursor.seek_first();
    return map_access::iterator(of, cursor);
}

map_iterator map_view::end() const { return map_access::iterator(state(), map_access::start(*this)); }

map_iterator map_view::lower_bound(std::string_view key) const {
    const detail::snapshot_state& of = state();
    tree_cursor cursor = map_access::start(*this);
    cursor.seek(key);
    return map_access::iterator(of, cursor);
}

map_iterator map_view::upper_bound(std::string_view key) const {
    const detail::snapshot_state& of = state();
    tree_cursor cursor = map_access::start(*this);
    cursor.seek(key);
    if (cursor.valid() && cursor.record().key == key)
        cursor.next();
    return map_access::iterator(of, cursor);
}

map_iterator map_view::find(std::string_view key) const {
    const detail::snapshot_state& of = state();
    tree_cursor cursor = map_access::start(*this);
    cursor.seek(key);
    if (cursor.valid() && cursor.record().key == key)
        return map_access::iterator(of, cursor);
    return end();
}

map_range map_view::prefix(std::string_view prefix) const {
    const std::optional<std::string> after = after_prefix(prefix);
    return {owner_, lower_bound(prefix), after ? lower_bound(*after) : end()};
}

map_range map_view::range(std::string_view from, std::string_view to) const {
    const map_iterator last = lower_bound(to);
    return {owner_, from < to ? lower_bound(from) : last, last};
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

map_view snapshot::map(std::string_view name) const {
    const detail::snapshot_state& from = state();
    map_view view(state_);
    const std::optional<format::map_root> found = from.find(name);
    map_access::place(view) = {from.view(), found ? to_tree_root(*found) : tree_root{}};
    map_access::keys(view) = found ? keys_of(*found) : key_type();
    return view;
}

map_view snapshot::map(std::string_view name, const key_type& keys) const {
    const detail::snapshot_state& from = state();
    map_view view(state_);
    const std::optional<format::map_root> found = from.find(name);
    if (found)
        expect_keys(name, keys_of(*found), keys);
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
    std::vector<map_information> maps;
    const tree_root unnamed = state().commit().unnamed();
    if (unnamed.entries != 0)
        maps.push_back({"", unnamed.entries, unnamed.bytes, {}});
    state().commit().named().for_each([&](std::string_view name, const format::map_root& map) {
        maps.push_back({std::string(name), map.entries, map.bytes, keys_of(map)});
    });
    return maps;
}

version_number snapshot::version() const { return raw(state().commit().id()); }

std::vector<change> snapshot::changes_since(const snapshot& older, std::string_view name) const {
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
                        if (before != nullptr)
                            one.before = detail::to_view(*before);
                        if (after != nullptr)
                            one.after = detail::to_view(*after);
                        changes.push_back(one);
                    });
    return changes;
}

std::optional<value_view> snapshot::get(std::string_view key) const {
    const auto found = tree_find(state().view(), state().commit().unnamed(), key);
    if (!found)
        return std::nullopt;
    return detail::to_view(*found);
}

bool snapshot::contains(std::string_view key) const { return get(key).has_value(); }

} // namespace holdfast
