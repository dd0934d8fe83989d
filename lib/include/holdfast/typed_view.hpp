// Reading typed maps: entries, iterators, ranges, and the views that snapshots have of them.
//
// Lifetime and thread safety: as of the snapshot or transaction that they come from; see snapshot.hpp, iteration.hpp.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <holdfast/codec.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/iteration.hpp>
#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>

namespace holdfast {

namespace detail {

/// What a typed read gives for V: an optional, or a pointer into the file where the object is there as it is.
template <class V>
using read_result =
    std::conditional_t<std::is_reference_v<typename value_codec<V>::view>,
                       std::add_pointer_t<std::remove_reference_t<typename value_codec<V>::view>>,
                       std::optional<typename value_codec<V>::view>>;

/// Keys that stay where they are while they are looked up: no temporaries that string keys would be views of.
template <class Keys, class K>
concept lasting_keys = std::ranges::forward_range<const Keys> &&
    (!std::same_as<K, std::string> ||
     std::is_lvalue_reference_v<std::ranges::range_reference_t<const Keys>> ||
     std::same_as<std::ranges::range_value_t<const Keys>, std::string_view>);

} // namespace detail

/// A key and its value, `first` and `second`; views into the file where the types allow it. A pair, so that structured
/// bindings, std::views::keys and the constructors of containers work; std::map(begin, end) copies keys and values.
template <class K, class V>
struct typed_entry : std::pair<typename detail::key_layout<K>::view, typename value_codec<V>::view> {
    using std::pair<typename detail::key_layout<K>::view, typename value_codec<V>::view>::pair;
    using first_type = K; ///< what a container keeps
    using second_type = V;
};

/// Walks a typed map. A C++20 bidirectional iterator whose reference is a `typed_entry` by value, decoded at each
/// dereference. Throws wrong_type or corrupt there, if the entry is not of the map's types.
template <class K, class V>
class typed_iterator {
public:
    using iterator_concept = std::bidirectional_iterator_tag;
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = typed_entry<K, V>;
    using difference_type = std::ptrdiff_t;
    using reference = typed_entry<K, V>;
    using pointer = detail::arrow<value_type>;

    typed_iterator() noexcept = default;
    explicit typed_iterator(map_iterator at) noexcept : at_(std::move(at)) {}
    [[nodiscard]] typed_entry<K, V> operator*() const {
        const entry found = *at_;
        return detail::with_key(
            [&] { return detail::label_of(at_); }, found.first,
            [&]() -> typed_entry<K, V> {
                return {detail::key_layout<K>::read(found.first), detail::read_value<V>(found.second)};
            });
    }
    [[nodiscard]] detail::arrow<typed_entry<K, V>> operator->() const { return {**this}; }
    /// The entry as it is stored: its type, version and bytes.
    [[nodiscard]] entry stored() const { return *at_; }
    [[nodiscard]] const map_iterator& untyped() const noexcept { return at_; }
    typed_iterator& operator++() {
        ++at_;
        return *this;
    }
    typed_iterator operator++(int) { return typed_iterator(at_++); }
    typed_iterator& operator--() {
        --at_;
        return *this;
    }
    typed_iterator operator--(int) { return typed_iterator(at_--); }
    friend bool operator==(const typed_iterator& left, const typed_iterator& right) noexcept {
        return left.at_ == right.at_;
    }

private:
    map_iterator at_;
};

/// A stretch of a typed map; a view in the sense of std::ranges. Shares the snapshot.
template <class K, class V>
class typed_range : public std::ranges::view_base {
public:
    using iterator = typed_iterator<K, V>;
    using value_type = typed_entry<K, V>;

    typed_range() noexcept = default;
    explicit typed_range(map_range of) noexcept : of_(std::move(of)) {}
    [[nodiscard]] iterator begin() const& noexcept { return iterator(of_.begin()); }
    [[nodiscard]] iterator end() const& noexcept { return iterator(of_.end()); }
    iterator begin() const&& = delete; ///< keep the range in a variable: it keeps the snapshot
    iterator end() const&& = delete;
    [[nodiscard]] bool empty() const noexcept { return of_.empty(); }

private:
    map_range of_;
};

namespace detail {

/// The interface of a typed map that can be walked, over `Map::untyped`.
template <class Map, class K, class V>
class walkable_typed_map {
public:
    using key_type = K;
    using mapped_type = V;
    using argument = typename key_layout<K>::argument;
    using value_type = typed_entry<K, V>;
    using size_type = std::uint64_t;
    using difference_type = std::ptrdiff_t;
    using reference = typed_entry<K, V>;
    using const_reference = reference;
    using iterator = typed_iterator<K, V>;
    using const_iterator = iterator;
    using reverse_iterator = std::reverse_iterator<iterator>;
    using const_reverse_iterator = reverse_iterator;

    [[nodiscard]] std::uint64_t size() const { return map().size(); }
    [[nodiscard]] bool empty() const { return map().empty(); }
    [[nodiscard]] bool contains(argument key) const { return map().contains(key_bytes<K>(key)); }
    [[nodiscard]] std::uint64_t count(argument key) const { return contains(key) ? 1 : 0; }

    [[nodiscard]] iterator begin() const { return iterator(map().begin()); }
    [[nodiscard]] iterator end() const { return iterator(map().end()); }
    [[nodiscard]] reverse_iterator rbegin() const { return reverse_iterator(end()); }
    [[nodiscard]] reverse_iterator rend() const { return reverse_iterator(begin()); }
    [[nodiscard]] iterator find(argument key) const { return iterator(map().find(key_bytes<K>(key))); }
    [[nodiscard]] iterator lower_bound(argument key) const {
        return iterator(map().lower_bound(key_bytes<K>(key)));
    }
    [[nodiscard]] iterator upper_bound(argument key) const {
        return iterator(map().upper_bound(key_bytes<K>(key)));
    }
    /// All entries with first <= key < last.
    [[nodiscard]] typed_range<K, V> range(argument first, argument last) const {
        return typed_range<K, V>(map().range(key_bytes<K>(first), key_bytes<K>(last)));
    }
    /// All entries from this key on.
    [[nodiscard]] typed_range<K, V> from(argument key) const {
        return typed_range<K, V>(map().from(key_bytes<K>(key)));
    }
    /// All entries before this key.
    [[nodiscard]] typed_range<K, V> before(argument key) const {
        return typed_range<K, V>(map().before(key_bytes<K>(key)));
    }
    /// All keys that begin with `text`; of a tuple, all whose first components are these.
    template <class... Leading>
    requires has_prefix<K, Leading...>
    [[nodiscard]] typed_range<K, V> prefix(const Leading&... leading) const {
        return typed_range<K, V>(map().prefix(prefix_bytes<K>(leading...)));
    }

private:
    [[nodiscard]] decltype(auto) map() const noexcept { return static_cast<const Map&>(*this).untyped(); }
};

} // namespace detail

/// A typed map as a snapshot sees it. Shares the snapshot; cheap to copy.
template <class K, class V>
class typed_view : public detail::walkable_typed_map<typed_view<K, V>, K, V>, public std::ranges::view_base {
public:
    using argument = typename detail::key_layout<K>::argument;
    /// Whether `get` refers into the file.
    static constexpr bool gives_views = !std::is_same_v<typename value_codec<V>::view, V>;

    /// Throws wrong_type if the map's keys are of another type.
    explicit typed_view(map_view of) : of_(std::move(of)) {
        if (of_.keys() != key_type_of<K>()) {
            detail::throw_other_keys(of_.label(), key_type_of<K>());
        }
    }

    /// An optional of the value; for a raw type a pointer into the file, null if the key is absent. O(log n).
    [[nodiscard]] detail::read_result<V> get(argument key) const {
        const detail::key_bytes<K> bytes(key);
        return read(of_.get(bytes), bytes);
    }
    /// The value; throws not_found if the key is absent.
    [[nodiscard]] typename value_codec<V>::view at(argument key) const {
        const detail::key_bytes<K> bytes(key);
        return of_.template at<V>(bytes);
    }
    /// What `get` gives for each of the keys (a range of what keys can be given as), looked up side by side so that
    /// their cache misses overlap.
    template <detail::lasting_keys<K> Keys>
    [[nodiscard]] std::vector<detail::read_result<V>> get_many(const Keys& keys) const {
        std::vector<detail::key_bytes<K>> bytes;
        for (const auto& key : keys) {
            bytes.emplace_back(key);
        }
        const std::vector<std::string_view> views(bytes.begin(), bytes.end());
        std::vector<detail::read_result<V>> values;
        values.reserve(views.size());
        const std::vector<std::optional<value_view>> found = of_.get_many(views);
        for (std::size_t i = 0; i < views.size(); ++i) {
            values.push_back(read(found[i], views[i]));
        }
        return values;
    }
    /// The version of an entry: the transaction that made it.
    [[nodiscard]] std::optional<version_number> version(argument key) const {
        const std::optional<value_view> found = of_.get(detail::key_bytes<K>(key));
        return found ? std::optional(found->version()) : std::nullopt;
    }
    /// Shares the snapshot, too.
    [[nodiscard]] const map_view& untyped() const& noexcept { return of_; }
    [[nodiscard]] held<map_view> untyped() const&& noexcept { return held<map_view>(of_); }

private:
    [[nodiscard]] detail::read_result<V> read(const std::optional<value_view>& found,
                                              std::string_view key) const {
        if (!found) {
            return {};
        }
        return detail::with_key([&] { return of_.label(); }, key,
                                [&]() -> detail::read_result<V> {
                                    if constexpr (std::is_reference_v<typename value_codec<V>::view>) {
                                        return &detail::read_value<V>(*found);
                                    } else {
                                        return detail::read_value<V>(*found);
                                    }
                                });
    }

    map_view of_;
};

} // namespace holdfast

template <class K, class V>
struct std::tuple_size<holdfast::typed_entry<K, V>> : std::integral_constant<std::size_t, 2> {};
template <std::size_t Index, class K, class V>
struct std::tuple_element<Index, holdfast::typed_entry<K, V>>
    : std::tuple_element<Index, std::pair<typename holdfast::detail::key_layout<K>::view,
                                          typename holdfast::value_codec<V>::view>> {};
