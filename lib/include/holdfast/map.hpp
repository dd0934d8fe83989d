// Typed maps: an ordered, persistent map from K to V, with the interface of std::map where that makes sense.
//
//     auto users = store.map<std::string, user>("users");
//     users.put("ada", {"Ada", 36});
//     if (std::optional<user> found = users.get("ada")) greet(*found);
//     store.update([&](auto& tx) { tx.in(users).put("grace", {"Grace", 45}); });
//     holdfast::snapshot now = store.snapshot();
//     for (auto&& [name, one] : now.in(users).prefix("a")) greet(one);
//
// K is what key_codec knows (see key.hpp), V what value_codec knows (see codec.hpp). Entries sort as their keys do. A
// map's key type is in the file: opening the map with another throws wrong_type. A value of another type is
// wrong_type when it is read, a number that V can't hold exactly is out_of_range; neither changes anything.
//
// Thread and process safety: `typed_map` as `store`; the others as the snapshot or transaction that they come from.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <holdfast/arithmetic.hpp>
#include <holdfast/codec.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/json.hpp>
#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/transaction.hpp>

namespace holdfast {

class store;

namespace detail {

class store_state;

/// What a typed read gives for V: an optional, or a pointer into the file where the object is there as it is.
template <class V>
using read_result =
    std::conditional_t<std::is_reference_v<typename value_codec<V>::view>,
                       std::add_pointer_t<std::remove_reference_t<typename value_codec<V>::view>>,
                       std::optional<typename value_codec<V>::view>>;

template <class V>
[[nodiscard]] read_result<V> read_found(const std::optional<value_view>& found, const key_type& keys,
                                        std::string_view key) {
    if (!found)
        return {};
    return with_key(keys, key, [&]() -> read_result<V> {
        if constexpr (std::is_reference_v<typename value_codec<V>::view>) {
            return &read_value<V>(*found);
        } else {
            return read_value<V>(*found);
        }
    });
}

template <class V>
[[nodiscard]] bool equal_values(const V& left, const V& right) {
    if constexpr (value_codec<V>::type == value_type::document) {
        // Not by ==, which containers have even where their elements have none.
        return same_document(value_codec<V>::encode(left), value_codec<V>::encode(right));
    } else if constexpr (std::floating_point<V>) {
        return same_float(static_cast<double>(left), static_cast<double>(right));
    } else {
        static_assert(std::equality_comparable<V>, "compare_exchange needs an operator== of the values");
        return left == right;
    }
}

template <class V>
concept countable = std::is_arithmetic_v<V> && !std::is_same_v<V, bool>;

/// By what a number is changed: unsigned ones may become less, too.
template <class V>
using change_of = std::conditional_t<std::is_unsigned_v<V>, std::int64_t, V>;

template <class V>
[[nodiscard]] V checked_sum(V number, change_of<V> change) {
    V sum{};
    if (!add_exactly(number, change, sum)) {
        const auto digits = [](auto one) {
            if constexpr (std::integral<decltype(one)>) {
                return std::to_string(one);
            } else {
                return number_text(one);
            }
        };
        throw_overflow(digits(number), digits(change));
    }
    return sum;
}

} // namespace detail

// --- Reading ----------------------------------------------------------------------------------------------

/// A key and its value; views into the file where the types allow it.
template <class K, class V>
struct typed_entry {
    typename detail::key_layout<K>::view key;
    typename value_codec<V>::view value;
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
    using pointer = void;

    typed_iterator() noexcept = default;
    explicit typed_iterator(map_iterator at) noexcept : at_(at) {}
    [[nodiscard]] typed_entry<K, V> operator*() const {
        const entry found = *at_;
        return detail::with_key(key_type_of<K>(), found.key, [&]() -> typed_entry<K, V> {
            return {detail::key_layout<K>::read(found.key), detail::read_value<V>(found.value)};
        });
    }
    [[nodiscard]] detail::arrow<typed_entry<K, V>> operator->() const { return {**this}; }
    /// The entry as it is stored: its type, version and bytes.
    [[nodiscard]] entry stored() const { return *at_; }
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
    typed_range() noexcept = default;
    explicit typed_range(map_range of) noexcept : of_(std::move(of)) {}
    [[nodiscard]] typed_iterator<K, V> begin() const noexcept { return typed_iterator<K, V>(of_.begin()); }
    [[nodiscard]] typed_iterator<K, V> end() const noexcept { return typed_iterator<K, V>(of_.end()); }
    [[nodiscard]] bool empty() const noexcept { return of_.empty(); }

private:
    map_range of_;
};

/// A typed map as a snapshot sees it. Shares the snapshot; cheap to copy.
template <class K, class V>
class typed_view {
public:
    using key_type = K;
    using mapped_type = V;
    using argument = typename detail::key_layout<K>::argument;
    using iterator = typed_iterator<K, V>;

    /// Throws wrong_type if the map's keys are of another type.
    explicit typed_view(map_view of) : of_(std::move(of)) {
        detail::expect_keys(of_.keys(), key_type_of<K>());
    }

    /// An optional of the value; for a raw type a pointer into the file, null if the key is absent. O(log n).
    [[nodiscard]] detail::read_result<V> get(argument key) const {
        const detail::key_bytes<K> bytes(key);
        return detail::read_found<V>(of_.get(bytes), key_type_of<K>(), bytes);
    }
    [[nodiscard]] bool contains(argument key) const { return of_.contains(detail::key_bytes<K>(key)); }
    /// The version of an entry: the transaction that made it.
    [[nodiscard]] std::optional<version_number> version(argument key) const {
        const std::optional<value_view> found = of_.get(detail::key_bytes<K>(key));
        return found ? std::optional(found->version()) : std::nullopt;
    }
    [[nodiscard]] std::uint64_t size() const { return of_.size(); }
    [[nodiscard]] bool empty() const { return of_.empty(); }

    [[nodiscard]] iterator begin() const { return iterator(of_.begin()); }
    [[nodiscard]] iterator end() const { return iterator(of_.end()); }
    [[nodiscard]] iterator find(argument key) const { return iterator(of_.find(detail::key_bytes<K>(key))); }
    [[nodiscard]] iterator lower_bound(argument key) const {
        return iterator(of_.lower_bound(detail::key_bytes<K>(key)));
    }
    [[nodiscard]] iterator upper_bound(argument key) const {
        return iterator(of_.upper_bound(detail::key_bytes<K>(key)));
    }
    /// All entries with from <= key < to.
    [[nodiscard]] typed_range<K, V> range(argument from, argument to) const {
        return typed_range<K, V>(of_.range(detail::key_bytes<K>(from), detail::key_bytes<K>(to)));
    }
    /// All keys that begin with `text`.
    [[nodiscard]] typed_range<K, V>
    prefix(std::string_view text) const requires std::same_as<K, std::string> {
        return typed_range<K, V>(of_.prefix(text));
    }
    /// All keys whose first components are these.
    template <class... Leading>
    [[nodiscard]] typed_range<K, V> prefix(const Leading&... leading) const requires
        requires(std::string& to) {
        detail::key_layout<K>::append_leading(to, leading...);
    }
    {
        std::string bytes;
        detail::key_layout<K>::append_leading(bytes, leading...);
        return typed_range<K, V>(of_.prefix(bytes));
    }
    /// Shares the snapshot, too.
    [[nodiscard]] map_view untyped() const noexcept { return of_; }

private:
    map_view of_;
};

// --- Writing ----------------------------------------------------------------------------------------------

/// A typed map within a write transaction; sees the transaction's own changes. Valid as long as it.
template <class K, class V>
class typed_writer {
public:
    using argument = typename detail::key_layout<K>::argument;

    /// Throws wrong_type if the map's keys are of another type.
    explicit typed_writer(map_writer of) : of_(of) { detail::expect_keys(of_.keys(), key_type_of<K>()); }

    /// Stores a value, replacing what was there, of whatever type. O(log n).
    void put(argument key, const V& value) { put_bytes(detail::key_bytes<K>(key), value); }
    /// Stores a value if there is none; whether it did.
    bool insert(argument key, const V& value) {
        const detail::key_bytes<K> bytes(key);
        if (of_.contains(bytes))
            return false;
        put_bytes(bytes, value);
        return true;
    }
    /// A copy: views come only from a snapshot.
    [[nodiscard]] std::optional<V> get(argument key) const { return get_bytes(detail::key_bytes<K>(key)); }
    [[nodiscard]] bool contains(argument key) const { return of_.contains(detail::key_bytes<K>(key)); }
    [[nodiscard]] std::optional<version_number> version(argument key) const {
        return of_.version(detail::key_bytes<K>(key));
    }
    [[nodiscard]] std::uint64_t size() const { return of_.size(); }
    /// Whether there was something to erase. Works in a full store.
    bool erase(argument key) { return of_.erase(detail::key_bytes<K>(key)); }
    void clear() { of_.clear(); }

    /// Adds to a number, an absent one counting as 0; returns the sum. An overflow is out_of_range.
    V add(argument key, detail::change_of<V> change) requires detail::countable<V> {
        const detail::key_bytes<K> bytes(key);
        const V sum = detail::with_key(key_type_of<K>(), bytes, [&] {
            return detail::checked_sum<V>(get_bytes(bytes).value_or(V{}), change);
        });
        put_bytes(bytes, sum);
        return sum;
    }
    /// Stores `desired` if the value equals `expected` (nullopt: if there is none); whether it did. Documents are equal
    /// if they say the same, with the fields in any order; NaN equals NaN; all else is compared by its operator==.
    bool compare_exchange(argument key, const std::optional<V>& expected, const V& desired) {
        const detail::key_bytes<K> bytes(key);
        const std::optional<V> found = get_bytes(bytes);
        if (found.has_value() != expected.has_value() ||
            (found && !detail::equal_values<V>(*found, *expected)))
            return false;
        put_bytes(bytes, desired);
        return true;
    }
    /// Calls `change(V&)` on a copy of the value and stores it; false if there is none.
    template <std::invocable<V&> Change>
    bool modify(argument key, Change&& change) {
        const detail::key_bytes<K> bytes(key);
        std::optional<V> found = get_bytes(bytes);
        if (!found)
            return false;
        std::invoke(std::forward<Change>(change), *found);
        put_bytes(bytes, *found);
        return true;
    }
    [[nodiscard]] map_writer untyped() const noexcept { return of_; }

private:
    void put_bytes(std::string_view key, const V& value) { of_.template put_encoded<V>(key, value); }
    [[nodiscard]] std::optional<V> get_bytes(std::string_view key) const { return of_.template get<V>(key); }

    map_writer of_;
};

// --- The handle -------------------------------------------------------------------------------------------

/// A typed map of a store: each call is one transaction, or one look-up without locks. Made by `store::map`; keeps the
/// store open. Cheap to copy.
template <class K, class V>
class typed_map {
public:
    using key_type = K;
    using mapped_type = V;
    using argument = typename detail::key_layout<K>::argument;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    void put(argument key, const V& value) {
        write([&](auto& map) { map.put(key, value); });
    }
    bool insert(argument key, const V& value) {
        return write([&](auto& map) { return map.insert(key, value); });
    }
    [[nodiscard]] std::optional<V> get(argument key) const;
    [[nodiscard]] bool contains(argument key) const;
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }
    bool erase(argument key) {
        return write([&](auto& map) { return map.erase(key); });
    }
    V add(argument key, detail::change_of<V> change) requires detail::countable<V> {
        return write([&](auto& map) { return map.add(key, change); });
    }
    bool compare_exchange(argument key, const std::optional<V>& expected, const V& desired) {
        return write([&](auto& map) { return map.compare_exchange(key, expected, desired); });
    }
    template <std::invocable<V&> Change>
    bool modify(argument key, Change&& change) {
        return write([&](auto& map) { return map.modify(key, std::forward<Change>(change)); });
    }

    // Not movable from: a moved-from map would be a map of nothing.
    typed_map(const typed_map&) = default;
    typed_map& operator=(const typed_map&) = default;
    ~typed_map() = default;

private:
    friend class store;
    friend class snapshot;
    friend class write_transaction;
    typed_map(std::shared_ptr<detail::store_state> owner, std::string name) noexcept
        : owner_(std::move(owner)), name_(std::move(name)) {}
    template <class Operation>
    auto write(Operation&& operation);

    std::shared_ptr<detail::store_state> owner_;
    std::string name_;
};

template <class K, class V>
typed_writer<K, V> write_transaction::in(const typed_map<K, V>& map) {
    return typed_writer<K, V>(map_of(*map.owner_, map.name(), key_type_of<K>()));
}

template <class K, class V>
typed_view<K, V> snapshot::in(const typed_map<K, V>& map) const {
    return typed_view<K, V>(map_of(*map.owner_, map.name(), key_type_of<K>()));
}

} // namespace holdfast
