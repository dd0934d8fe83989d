// Walking maps: entries, iterators and ranges, of snapshots and of write transactions alike.
//
// Lifetime: an iterator of a snapshot is valid as long as the snapshot, or a view or range made of it. An iterator of a
// write transaction is valid until its map is changed or the transaction ends; after that its use is
// errc::stale_iterator. Only `erase` and `take` by an iterator go on: they return the next one. Views of keys and
// values
// are valid as long as the iterator that gave them would be; that, nobody can check.
//
// Thread safety: an iterator belongs to one thread. In a child of fork() its use is errc::forked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <holdfast/detail/export.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

class map_iterator;

namespace detail {

class walked;
struct map_access;
struct map_label;

/// What `->` gives where dereferencing gives a temporary.
template <class Entry>
struct arrow {
    Entry one;
    [[nodiscard]] Entry* operator->() noexcept { return &one; }
};

/// The map that an iterator walks, for messages.
[[nodiscard]] HOLDFAST_API map_label label_of(const map_iterator& iterator);

/// Where to stand in a map.
enum class stand : std::uint8_t { first, end, not_less, greater, equal };

} // namespace detail

/// A key and its value, `first` and `second`; both are views into the file. A pair, so that structured bindings,
/// std::views::keys and the constructors of containers work; std::map(begin, end) copies keys and values.
struct entry : std::pair<std::string_view, value_view> {
    using pair::pair;
    using first_type = std::string; ///< what a container keeps
    using second_type = value;
};

/// Walks a map in the order of its keys (bytewise, shorter first). A C++20 bidirectional iterator whose reference
/// is an `entry` by value. Steps cost amortised O(1); damage in the file throws errc::corrupt.
class HOLDFAST_API map_iterator {
public:
    using iterator_concept = std::bidirectional_iterator_tag;
    using iterator_category = std::bidirectional_iterator_tag; // as vector<bool> does: std::prev has to work
    using value_type = entry;
    using difference_type = std::ptrdiff_t;
    using reference = entry;
    using pointer = detail::arrow<value_type>;

    map_iterator() noexcept;
    /// Throws invalid_argument at the end.
    [[nodiscard]] entry operator*() const;
    [[nodiscard]] detail::arrow<entry> operator->() const { return {**this}; }
    map_iterator& operator++();
    map_iterator operator++(int);
    map_iterator& operator--();
    map_iterator operator--(int);
    friend HOLDFAST_API bool operator==(const map_iterator& left, const map_iterator& right) noexcept;

private:
    friend struct detail::map_access;
    std::shared_ptr<const detail::walked> of_;    ///< what it walks; owns only transactions
    std::uint64_t changes_ = 0;                   ///< how often that had been changed
    alignas(8) std::array<std::byte, 96> cursor_; ///< the tree's cursor, trivially copyable
};
static_assert(sizeof(map_iterator) < 128, "iterators are copied a lot");

/// A stretch of a map, first to last; a view in the sense of std::ranges, so `std::views::reverse` works on it.
/// Shares the snapshot, so it may outlive the `snapshot` that it came from. Cheap to copy.
class map_range : public std::ranges::view_base {
public:
    using iterator = map_iterator;
    using value_type = entry;

    map_range() noexcept = default;
    map_range(std::shared_ptr<const detail::walked> owner, map_iterator first, map_iterator last) noexcept
        : owner_(std::move(owner)), first_(std::move(first)), last_(std::move(last)) {}
    map_range(const map_range&) = default;
    map_range& operator=(const map_range&) = default;
    /// What is left behind is empty.
    map_range(map_range&& other) noexcept
        : owner_(std::move(other.owner_)),
          first_(std::exchange(other.first_, {})),
          last_(std::exchange(other.last_, {})) {}
    map_range& operator=(map_range&& other) noexcept {
        owner_ = std::move(other.owner_);
        first_ = std::exchange(other.first_, {});
        last_ = std::exchange(other.last_, {});
        return *this;
    }
    ~map_range() = default;

    [[nodiscard]] map_iterator begin() const& noexcept { return first_; }
    [[nodiscard]] map_iterator end() const& noexcept { return last_; }
    map_iterator begin() const&& = delete; ///< keep the range in a variable: it keeps the snapshot
    map_iterator end() const&& = delete;
    [[nodiscard]] bool empty() const noexcept { return first_ == last_; }

private:
    std::shared_ptr<const detail::walked> owner_;
    map_iterator first_;
    map_iterator last_;
};

static_assert(std::bidirectional_iterator<map_iterator>);
static_assert(std::ranges::bidirectional_range<map_range> && std::ranges::view<map_range>);

namespace detail {

/// The least string that is greater than all that begin with `prefix`; "" if there is none.
[[nodiscard]] HOLDFAST_API std::string after_prefix(std::string_view prefix);

/// The interface of a map that can be walked, over `Map::stand_at` and `Map::stretch`.
template <class Map>
class walkable_map {
public:
    using argument = std::string_view;
    using value_type = entry;
    using size_type = std::uint64_t;
    using difference_type = std::ptrdiff_t;
    using reference = entry;
    using const_reference = entry;
    using iterator = map_iterator;
    using const_iterator = map_iterator;
    using reverse_iterator = std::reverse_iterator<map_iterator>;
    using const_reverse_iterator = reverse_iterator;

    [[nodiscard]] bool empty() const { return self().size() == 0; }
    [[nodiscard]] map_iterator begin() const { return self().stand_at(stand::first, {}); }
    [[nodiscard]] map_iterator end() const { return self().stand_at(stand::end, {}); }
    [[nodiscard]] reverse_iterator rbegin() const { return reverse_iterator(end()); }
    [[nodiscard]] reverse_iterator rend() const { return reverse_iterator(begin()); }
    /// At that key, or the end. This and the bounds are O(log n).
    [[nodiscard]] map_iterator find(std::string_view key) const { return self().stand_at(stand::equal, key); }
    [[nodiscard]] map_iterator lower_bound(std::string_view key) const {
        return self().stand_at(stand::not_less, key);
    }
    [[nodiscard]] map_iterator upper_bound(std::string_view key) const {
        return self().stand_at(stand::greater, key);
    }
    /// All keys k with first <= k < last.
    [[nodiscard]] map_range range(std::string_view first, std::string_view last) const {
        const map_iterator to = lower_bound(last);
        return self().stretch(first < last ? lower_bound(first) : to, to);
    }
    /// All keys from this one on.
    [[nodiscard]] map_range from(std::string_view key) const {
        return self().stretch(lower_bound(key), end());
    }
    /// All keys before this one.
    [[nodiscard]] map_range before(std::string_view key) const {
        return self().stretch(begin(), lower_bound(key));
    }
    /// All keys that begin with `text`.
    [[nodiscard]] map_range prefix(std::string_view text) const {
        const std::string after = after_prefix(text);
        return self().stretch(lower_bound(text), after.empty() ? end() : lower_bound(after));
    }

private:
    [[nodiscard]] const Map& self() const noexcept { return static_cast<const Map&>(*this); }
};

} // namespace detail

} // namespace holdfast

template <>
struct std::tuple_size<holdfast::entry> : std::integral_constant<std::size_t, 2> {};
template <std::size_t Index>
struct std::tuple_element<Index, holdfast::entry>
    : std::tuple_element<Index, std::pair<std::string_view, holdfast::value_view>> {};
