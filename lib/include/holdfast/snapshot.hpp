// Snapshots: one consistent state of a store, read in place, without locks.
//
// Lifetime: views of keys and values, and iterators, are valid as long as the snapshot or any `map_view` or
// `map_range` made from it exists; the last of them releases it. What would refer into a snapshot that ends with the
// statement, as `store.snapshot().get(key)` would, does not compile: keep the snapshot, or the view of a map, in a
// variable, or ask for a copy, `store.snapshot().get<std::string>(key)`. Ranges may be walked without:
// `for (auto&& [key, value] : store.snapshot().map("users").prefix("a"))`.
//
// Thread safety: a snapshot may be read by many threads at once; each iterator belongs to one thread. Process safety:
// a snapshot never waits for a writer, nor a writer for it; if its process dies, the others notice and release it. A
// held snapshot keeps the space of what was deleted since.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/detail/lifetime.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/iteration.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

namespace detail {
class snapshot_state;
class store_state;
} // namespace detail

/// A stretch of a map where entries are missing, because the file is damaged there: of keys between two that could be
/// read, these not included; or of one key that could be read and is nothing, `after` and `before` alike. Views into
/// the file: copy them if they are to outlive the snapshot.
struct damaged_stretch {
    std::optional<std::string_view> after;  ///< nullopt: from the beginning of the map
    std::optional<std::string_view> before; ///< nullopt: to its end
    std::string what;                       ///< was found first
};

/// What `map_view::salvage` visits: the keys k with first <= k < last, in rising order unless `backwards`.
struct salvage_options {
    std::string_view first{};
    std::optional<std::string_view> last{};
    bool backwards = false;
};

/// One named map as a snapshot sees it; a map that does not exist is empty. Shares the snapshot; cheap to copy.
class HOLDFAST_API map_view : public detail::walkable_map<map_view>, public std::ranges::view_base {
public:
    static constexpr bool gives_views = true;

    /// O(log n), a few cache misses. Absence is nullopt.
    [[nodiscard]] std::optional<value_view> get(std::string_view key) const;
    /// The value as a T, in place where that is possible: a std::string_view for std::string, `const T&` for raw types.
    /// Throws wrong_type, out_of_range, and not_found if it is absent.
    template <class T>
    [[nodiscard]] typename value_codec<T>::view at(std::string_view key) const {
        const std::optional<value_view> found = get(key);
        if (!found) {
            detail::throw_absent(label(), key);
        }
        return detail::with_key([&] { return label(); }, key,
                                [&]() ->
                                typename value_codec<T>::view { return detail::read_value<T>(*found); });
    }
    /// A copy of the value as a T. Throws wrong_type and out_of_range.
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        return detail::decode_found<T>(
            get(key), [&] { return label(); }, key);
    }
    /// As many look-ups side by side, so that their cache misses overlap: a third of the time of single ones.
    [[nodiscard]] std::vector<std::optional<value_view>>
    get_many(std::span<const std::string_view> keys) const;
    [[nodiscard]] bool contains(std::string_view key) const;
    /// Visits the entries that can be read, in order, and goes on behind damage, where iterators throw corrupt: each
    /// stretch of damaged nodes and records is told by `damaged`, between the calls of `use` for the entries around it.
    /// (Where a node has lost entries, the stretch is told behind those that it still has.) `use` returns whether to go
    /// on. Values are not verified: see `value_view::verify`. What either throws ends the walk and goes through. O(n).
    void salvage(const std::function<bool(const entry&)>& use,
                 const std::function<void(const damaged_stretch&)>& damaged,
                 const salvage_options& options = {}) const;
    /// O(1).
    [[nodiscard]] std::uint64_t size() const;
    /// Sum of the sizes of all keys and values. O(1).
    [[nodiscard]] std::uint64_t bytes() const;
    /// What the keys are; `key_type{}` (any bytes) where the map was made without a type, or does not exist.
    [[nodiscard]] const key_type& keys() const noexcept { return keys_; }

private:
    friend class snapshot;
    friend class detail::walkable_map<map_view>;
    friend struct detail::map_access;
    template <class K, class V>
    friend class typed_view;
    explicit map_view(std::shared_ptr<const detail::snapshot_state> owner) noexcept;
    [[nodiscard]] const detail::snapshot_state& state() const; ///< throws moved_from, forked
    [[nodiscard]] detail::map_label label() const;
    [[nodiscard]] map_iterator stand_at(detail::stand where, std::string_view key) const;
    [[nodiscard]] map_range stretch(map_iterator first, map_iterator last) const;
    std::shared_ptr<const detail::snapshot_state> owner_;
    alignas(8) std::array<std::byte, 64> root_{}; ///< the tree's view and root, trivially copyable
    key_type keys_;
};

/// The view of a map that alone keeps its snapshot, as `store.snapshot().map("users")`. In a variable it is that view;
/// in a temporary, what would refer into the file after its end does not compile.
template <class View>
class held : public View {
public:
    using argument = typename View::argument;
    using iterator = typename View::iterator;
    using reverse_iterator = typename View::reverse_iterator;

    explicit held(View view) : View(std::move(view)) {}

    [[nodiscard]] auto get(argument key) const& { return View::get(key); }
    auto get(argument key) const&& requires(!View::gives_views) { return View::get(key); }
    void get(argument key) const&& requires(View::gives_views) = delete; ///< keep the snapshot in a variable
    template <class T>
    [[nodiscard]] std::optional<T> get(argument key) const {
        return View::template get<T>(key);
    }
    [[nodiscard]] decltype(auto) at(argument key) const& { return View::at(key); }
    decltype(auto) at(argument key) const&& requires(!View::gives_views) { return View::at(key); }
    void at(argument key) const&& requires(View::gives_views) = delete; ///< keep the snapshot in a variable
    template <class T>
    [[nodiscard]] decltype(auto) at(argument key) const& {
        return View::template at<T>(key);
    }
    template <class T>
    void at(argument key) const&& = delete; ///< keep the snapshot in a variable, or `get<T>`
    template <class Keys>
    [[nodiscard]] auto get_many(const Keys& keys) const& {
        return View::get_many(keys);
    }
    template <class Keys>
    void get_many(const Keys& keys) const&& = delete; ///< keep the snapshot in a variable

    [[nodiscard]] iterator begin() const& { return View::begin(); }
    [[nodiscard]] iterator end() const& { return View::end(); }
    [[nodiscard]] reverse_iterator rbegin() const& { return View::rbegin(); }
    [[nodiscard]] reverse_iterator rend() const& { return View::rend(); }
    [[nodiscard]] iterator find(argument key) const& { return View::find(key); }
    [[nodiscard]] iterator lower_bound(argument key) const& { return View::lower_bound(key); }
    [[nodiscard]] iterator upper_bound(argument key) const& { return View::upper_bound(key); }
    // Keep the snapshot in a variable.
    void begin() const&& = delete;
    void end() const&& = delete;
    void rbegin() const&& = delete;
    void rend() const&& = delete;
    void find(argument key) const&& = delete;
    void lower_bound(argument key) const&& = delete;
    void upper_bound(argument key) const&& = delete;
};

template <class K, class V>
class typed_reader;
template <class K, class V>
class typed_view;

/// What is known of a named map.
struct map_information {
    std::string name;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0; ///< of keys and values
    key_type keys;
};

/// One change between two snapshots; nullopt on the side where the key is absent.
struct change {
    std::string_view key;
    std::optional<value_view> before;
    std::optional<value_view> after;
};

/// One consistent state of the whole store. Taking it costs nanoseconds and no lock. Move-only; once it was moved from,
/// every call is errc::moved_from. In a child of fork() every call on it and on what was made of it is errc::forked.
class HOLDFAST_API snapshot final {
public:
    snapshot(snapshot&&) noexcept;
    snapshot& operator=(snapshot&&) noexcept;
    ~snapshot();

    /// The map of that name; "" is the unnamed one. O(log maps).
    [[nodiscard]] map_view map(std::string_view name = {}) const&;
    [[nodiscard]] held<map_view> map(std::string_view name = {}) const&& { return held<map_view>(map(name)); }
    /// The same, if its keys are of that type; a map that does not exist is empty. Throws wrong_type.
    [[nodiscard]] map_view map(std::string_view name, const key_type& keys) const&;
    [[nodiscard]] held<map_view> map(std::string_view name, const key_type& keys) const&& {
        return held<map_view>(map(name, keys));
    }
    /// A typed map, as this snapshot sees it. Throws wrong_type if its keys are others, invalid_argument if it is of
    /// another store.
    template <class K, class V>
    [[nodiscard]] typed_view<K, V> in(const typed_reader<K, V>& map) const&;
    template <class K, class V>
    [[nodiscard]] held<typed_view<K, V>> in(const typed_reader<K, V>& map) const&&;
    [[nodiscard]] bool has_map(std::string_view name) const;
    /// All maps in the order of their names, the unnamed one only if it has entries. O(maps).
    [[nodiscard]] std::vector<map_information> maps() const;
    /// The same for a damaged store: the maps that can be told. `damaged` is called for the names of those that can't.
    [[nodiscard]] std::vector<map_information>
    maps(const std::function<void(const damaged_stretch&)>& damaged) const;
    /// Of a damaged store: maps that are left, but not their names. O(maps).
    [[nodiscard]] std::vector<map_view> nameless_maps() const;
    /// The last transaction that this snapshot sees.
    [[nodiscard]] version_number version() const;
    /// What changed in a map between `older` and this snapshot, in the order of keys; skips what both share. The views
    /// are valid as long as both. invalid_argument if `older` is of another store.
    [[nodiscard]] std::vector<change> changes_since(const snapshot& older HOLDFAST_LIFETIMEBOUND,
                                                    std::string_view name = {}) const& HOLDFAST_LIFETIMEBOUND;
    void changes_since(const snapshot& older, std::string_view name = {}) const&& = delete;
    void changes_since(const snapshot&& older, std::string_view name = {}) const& = delete;

    // The unnamed map, in short.
    [[nodiscard]] std::optional<value_view> get(std::string_view key) const& HOLDFAST_LIFETIMEBOUND;
    void get(std::string_view key) const&& = delete; ///< keep the snapshot in a variable, or `get<T>`
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        const snapshot& kept = *this;
        return detail::decode_found<T>(
            kept.get(key), [&] { return kept.map().label(); }, key);
    }
    [[nodiscard]] bool contains(std::string_view key) const;

private:
    friend class store;
    [[nodiscard]] map_view map_of(const detail::store_state& owner, std::string_view name,
                                  const key_type& keys) const;
    explicit snapshot(std::shared_ptr<const detail::snapshot_state> state) noexcept;
    [[nodiscard]] const detail::snapshot_state& state() const; ///< throws moved_from, forked
    std::shared_ptr<const detail::snapshot_state> state_;
};

} // namespace holdfast
