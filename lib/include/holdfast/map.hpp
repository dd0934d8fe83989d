// Typed maps: an ordered, persistent map from K to V, with the interface of std::map where that makes sense.
//
//     auto users = store.map<std::string, user>("users");
//     users.put("ada", {"Ada", 36});
//     if (std::optional<user> found = users.get("ada")) greet(*found);
//     store.update([&](auto& tx) { tx.in(users).put("grace", {"Grace", 45}); });
//     for (auto&& [name, one] : store.snapshot().in(users).prefix("a")) greet(one);
//
// K is what key_codec knows (see key.hpp), V what value_codec knows (see codec.hpp). Entries sort as their keys do. A
// map's key type is in the file: opening the map with another throws wrong_type. A value of another type is
// wrong_type when it is read, a number that V can't hold exactly is out_of_range; neither changes anything.
//
// Thread and process safety: as `store`.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <holdfast/codec.hpp>
#include <holdfast/key.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/transaction.hpp>
#include <holdfast/typed_view.hpp>
#include <holdfast/typed_writer.hpp>

namespace holdfast {

class store;

/// A typed map of a store, to be read: each call is one look-up without locks. What `store::map` gives of a const
/// store;
/// keeps the store open. Cheap to copy.
template <class K, class V>
class typed_reader {
public:
    using key_type = K;
    using mapped_type = V;
    using argument = typename detail::key_layout<K>::argument;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// A copy.
    [[nodiscard]] std::optional<V> get(argument key) const;
    [[nodiscard]] bool contains(argument key) const;
    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] bool empty() const { return size() == 0; }

    // Not movable from: a moved-from map would be a map of nothing.
    typed_reader(const typed_reader&) = default;
    typed_reader& operator=(const typed_reader&) = default;
    ~typed_reader() = default;

protected:
    friend class store;
    friend class snapshot;
    friend class write_transaction;
    typed_reader(std::shared_ptr<detail::store_state> owner, std::string name) noexcept
        : owner_(std::move(owner)), name_(std::move(name)) {}

    std::shared_ptr<detail::store_state> owner_;
    std::string name_;
};

/// A typed map of a store: each call is one transaction, or one look-up. Made by `store::map`.
template <class K, class V>
class typed_map : public typed_reader<K, V> {
public:
    using argument = typename detail::key_layout<K>::argument;
    using value_argument = typename value_codec<V>::argument;

    /// Each as typed_writer's, in a transaction of its own, for which it waits as `store::begin_write` does: `stop`
    /// ends that wait.
    put_outcome put(argument key, value_argument value, const put_options& options = {},
                    const std::stop_token& stop = {}) {
        return write([&](auto& map) { return map.put(key, value, options); }, stop);
    }
    bool erase(argument key, const std::stop_token& stop = {}) {
        return write([&](auto& map) { return map.erase(key); }, stop);
    }
    std::optional<V> take(argument key, const std::stop_token& stop = {}) {
        return write([&](auto& map) { return map.take(key); }, stop);
    }
    V add(argument key, detail::change_of<V> change,
          const std::stop_token& stop = {}) requires detail::countable<V> {
        return write([&](auto& map) { return map.add(key, change); }, stop);
    }
    bool compare_exchange(argument key, const std::optional<V>& expected, value_argument desired,
                          const std::stop_token& stop = {}) {
        return write([&](auto& map) { return map.compare_exchange(key, expected, desired); }, stop);
    }
    template <std::invocable<V&> Change>
    bool modify(argument key, Change&& change, const std::stop_token& stop = {}) {
        return write([&](auto& map) { return map.modify(key, std::forward<Change>(change)); }, stop);
    }

private:
    friend class store;
    friend class write_transaction;
    using typed_reader<K, V>::typed_reader;
    template <class Operation>
    auto write(Operation&& operation, const std::stop_token& stop);
};

template <class K, class V>
typed_writer<K, V> write_transaction::in(const typed_map<K, V>& map) & {
    return typed_writer<K, V>(map_of(*map.owner_, map.name(), key_type_of<K>()));
}

template <class K, class V>
typed_view<K, V> snapshot::in(const typed_reader<K, V>& map) const& {
    return typed_view<K, V>(map_of(*map.owner_, map.name(), key_type_of<K>()));
}

template <class K, class V>
held<typed_view<K, V>> snapshot::in(const typed_reader<K, V>& map) const&& {
    return held<typed_view<K, V>>(in(map));
}

} // namespace holdfast
