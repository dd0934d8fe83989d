// Typed maps within a write transaction.
//
// Lifetime and thread safety: as of the transaction; see transaction.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <holdfast/arithmetic.hpp>
#include <holdfast/codec.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/json.hpp>
#include <holdfast/key.hpp>
#include <holdfast/transaction.hpp>
#include <holdfast/typed_view.hpp>

namespace holdfast {

namespace detail {

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

/// A typed map within a write transaction; sees the transaction's own changes, and is walked like that of a snapshot.
/// A change makes its iterators stale: see `map_writer`. Values are passed as value_codec takes them: a
/// std::string_view for std::string, a span for bytes, so that what a snapshot gives can be put as it is.
template <class K, class V>
class typed_writer : public detail::walkable_typed_map<typed_writer<K, V>, K, V> {
public:
    using argument = typename detail::key_layout<K>::argument;
    using value_argument = typename value_codec<V>::argument;
    using iterator = typed_iterator<K, V>;

    /// Throws wrong_type if the map's keys are of another type.
    explicit typed_writer(map_writer of) : of_(std::move(of)) {
        if (of_.keys() != key_type_of<K>()) {
            detail::throw_other_keys(of_.label(), key_type_of<K>());
        }
    }

    /// Stores a value, if the condition of `options` is met, replacing what was there, of whatever type. O(log n).
    put_outcome put(argument key, value_argument value, const put_options& options = {}) {
        return put_bytes(detail::key_bytes<K>(key), value, options);
    }
    /// A copy: views come only from iterators, and last as long as they do.
    [[nodiscard]] std::optional<V> get(argument key) const { return get_bytes(detail::key_bytes<K>(key)); }
    [[nodiscard]] std::optional<version_number> version(argument key) const {
        return of_.version(detail::key_bytes<K>(key));
    }
    /// Whether there was something to erase. Works in a full store.
    bool erase(argument key) { return of_.erase(detail::key_bytes<K>(key)); }
    /// Erases the entry there and returns the next. invalid_argument at the end.
    iterator erase(const iterator& at) { return iterator(of_.erase(at.untyped())); }
    /// Erases all entries with first <= key < last; returns how many there were.
    std::uint64_t erase_range(argument first, argument last) {
        return of_.erase_range(detail::key_bytes<K>(first), detail::key_bytes<K>(last));
    }
    /// Erases what `prefix` gives; returns how many there were.
    template <class... Leading>
    requires detail::has_prefix<K, Leading...> std::uint64_t erase_prefix(const Leading&... leading) {
        return of_.erase_prefix(detail::prefix_bytes<K>(leading...));
    }
    void clear() { of_.clear(); }
    /// Erases an entry and returns its value. If that is no V (wrong_type, out_of_range), it stays.
    std::optional<V> take(argument key) { return of_.template take<V>(detail::key_bytes<K>(key)); }
    /// Erases the entry there and returns it; nullopt at the end. `jobs.take(jobs.begin())` is the first one.
    std::optional<std::pair<K, V>> take(const iterator& at) {
        if (at == this->end()) {
            return std::nullopt;
        }
        std::optional<std::pair<K, V>> taken(*at);
        of_.erase(at.untyped());
        return taken;
    }

    /// Adds to a number, an absent one counting as 0; returns the sum. An overflow is out_of_range.
    V add(argument key, detail::change_of<V> change) requires detail::countable<V> {
        const detail::key_bytes<K> bytes(key);
        const V sum =
            detail::with_key([&] { return of_.label(); }, bytes,
                             [&] { return detail::checked_sum<V>(get_bytes(bytes).value_or(V{}), change); });
        put_bytes(bytes, sum, {});
        return sum;
    }
    /// Stores `desired` if the value equals `expected` (nullopt: if there is none); whether it did. Documents are equal
    /// if they say the same, with the fields in any order; NaN equals NaN; all else is compared by its operator==.
    bool compare_exchange(argument key, const std::optional<V>& expected, value_argument desired) {
        const detail::key_bytes<K> bytes(key);
        const std::optional<V> found = get_bytes(bytes);
        if (found.has_value() != expected.has_value() ||
            (found && !detail::equal_values<V>(*found, *expected))) {
            return false;
        }
        put_bytes(bytes, desired, {});
        return true;
    }
    /// Calls `change(V&)` on a copy of the value and stores it; false if there is none.
    template <std::invocable<V&> Change>
    bool modify(argument key, Change&& change) {
        const detail::key_bytes<K> bytes(key);
        std::optional<V> found = get_bytes(bytes);
        if (!found) {
            return false;
        }
        std::invoke(std::forward<Change>(change), *found);
        put_bytes(bytes, *found, {});
        return true;
    }
    [[nodiscard]] const map_writer& untyped() const noexcept { return of_; }

private:
    put_outcome put_bytes(std::string_view key, value_argument value, const put_options& options) {
        const auto& bytes = value_codec<V>::encode(value);
        return of_.store(key, value_codec<V>::type, std::string_view(bytes), options);
    }
    [[nodiscard]] std::optional<V> get_bytes(std::string_view key) const { return of_.template get<V>(key); }

    map_writer of_;
};

} // namespace holdfast
