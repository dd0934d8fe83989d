// Snapshots: one consistent state of a store, read in place, without locks.
//
// Lifetime: views of keys and values, and iterators, are valid as long as the snapshot or any `map_view` or
// `map_range` made from it exists; the last of them releases it. Thread safety: a snapshot may be read by many threads at once; each iterator
// belongs to one thread. Process safety: a snapshot never waits for a writer, nor a writer for it; if its
// process dies, the others notice and release it. A held snapshot keeps the space of what was deleted since.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/key.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

namespace detail {
class snapshot_state;
class store_state;
class walked;
struct map_access;
} // namespace detail

namespace detail {
/// What `->` gives where dereferencing gives a temporary.
template <class Entry>
struct arrow {
    Entry one;
    [[nodiscard]] Entry* operator->() noexcept { return &one; }
};
} // namespace detail

/// A key and its value; both are views into the file.
struct entry {
    std::string_view key;
    value_view value;
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
    using pointer = void;

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
    friend class map_view;
    friend struct detail::map_access;
    std::shared_ptr<const detail::walked> of_;     ///< what it walks; owns only transactions
    std::uint64_t changes_ = 0;                    ///< how often that had been changed
    alignas(8) std::array<std::byte, 448> cursor_; ///< the tree's cursor, trivially copyable
};

/// A stretch of a map, first to last; a view in the sense of std::ranges, so `std::views::reverse` works on it.
/// Shares the snapshot, so it may outlive the `snapshot` that it came from. Cheap to copy.
class map_range : public std::ranges::view_base {
public:
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
    [[nodiscard]] map_iterator begin() const noexcept { return first_; }
    [[nodiscard]] map_iterator end() const noexcept { return last_; }
    [[nodiscard]] bool empty() const noexcept { return first_ == last_; }

private:
    std::shared_ptr<const detail::walked> owner_;
    map_iterator first_;
    map_iterator last_;
};

/// One named map as a snapshot sees it; a map that does not exist is empty. Shares the snapshot; cheap to copy.
class HOLDFAST_API map_view {
public:
    /// O(log n), a few cache misses. Absence is nullopt.
    [[nodiscard]] std::optional<value_view> get(std::string_view key) const;
    /// The value as a T, in place where that is possible: a std::string_view for std::string, `const T&` for raw types.
    /// Throws wrong_type, out_of_range, and not_found if it is absent.
    template <class T>
    [[nodiscard]] typename value_codec<T>::view at(std::string_view key) const {
        const std::optional<value_view> found = get(key);
        if (!found)
            detail::throw_absent(keys(), key);
        return detail::with_key(
            keys(), key, [&]() -> typename value_codec<T>::view { return detail::read_value<T>(*found); });
    }
    /// A copy of the value as a T. Throws wrong_type and out_of_range.
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        return detail::decode_found<T>(get(key), keys(), key);
    }
    /// As many look-ups side by side, so that their cache misses overlap: a third of the time of single ones.
    [[nodiscard]] std::vector<std::optional<value_view>>
    get_many(std::span<const std::string_view> keys) const;
    [[nodiscard]] bool contains(std::string_view key) const;
    /// O(1).
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// Sum of the sizes of all keys and values. O(1).
    [[nodiscard]] std::uint64_t bytes() const;
    /// What the keys are; `key_type{}` (any bytes) where the map was made without a type, or does not exist.
    [[nodiscard]] const key_type& keys() const noexcept { return keys_; }

    [[nodiscard]] map_iterator begin() const;
    [[nodiscard]] map_iterator end() const;
    [[nodiscard]] map_iterator find(std::string_view key) const;
    [[nodiscard]] map_iterator lower_bound(std::string_view key) const;
    [[nodiscard]] map_iterator upper_bound(std::string_view key) const;
    /// All keys that begin with `prefix`.
    [[nodiscard]] map_range prefix(std::string_view prefix) const;
    /// All keys k with from <= k < to.
    [[nodiscard]] map_range range(std::string_view from, std::string_view to) const;

private:
    friend class snapshot;
    friend struct detail::map_access;
    explicit map_view(std::shared_ptr<const detail::snapshot_state> owner) noexcept;
    [[nodiscard]] const detail::snapshot_state& state() const; ///< throws moved_from, forked
    std::shared_ptr<const detail::snapshot_state> owner_;
    alignas(8) std::array<std::byte, 64> root_{}; ///< the tree's view and root, trivially copyable
    key_type keys_;
};

template <class K, class V>
class typed_map;
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
    [[nodiscard]] map_view map(std::string_view name = {}) const;
    /// The same, if its keys are of that type; a map that does not exist is empty. Throws wrong_type.
    [[nodiscard]] map_view map(std::string_view name, const key_type& keys) const;
    /// A typed map, as this snapshot sees it. Throws wrong_type if its keys are others, invalid_argument if it is of
    /// another store.
    template <class K, class V>
    [[nodiscard]] typed_view<K, V> in(const typed_map<K, V>& map) const;
    [[nodiscard]] bool has_map(std::string_view name) const;
    /// All maps in the order of their names, the unnamed one only if it has entries. O(maps).
    [[nodiscard]] std::vector<map_information> maps() const;
    /// The last transaction that this snapshot sees.
    [[nodiscard]] version_number version() const;
    /// What changed in a map between `older` and this snapshot, in the order of keys; skips what both share.
    /// invalid_argument if `older` is of another store.
    [[nodiscard]] std::vector<change> changes_since(const snapshot& older, std::string_view name = {}) const;

    // The unnamed map, in short.
    [[nodiscard]] std::optional<value_view> get(std::string_view key) const;
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        return detail::decode_found<T>(get(key), key_type(), key);
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

static_assert(std::bidirectional_iterator<map_iterator>);
static_assert(std::ranges::bidirectional_range<map_range> && std::ranges::view<map_range>);

} // namespace holdfast
