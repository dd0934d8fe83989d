// Write transactions: all or nothing, over any number of keys and maps.
//
// Thread safety: a write transaction belongs to its process: any thread may go on with it or end it, one at a time.
// Process safety: one writer at a time per store; others wait for it. If the process dies, the next writer rolls the
// transaction back. After fork() the child's copy is errc::forked, and its end does nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/codec.hpp>
#include <holdfast/detail/export.hpp>
#include <holdfast/detail/with_key.hpp>
#include <holdfast/durability.hpp>
#include <holdfast/iteration.hpp>
#include <holdfast/key.hpp>
#include <holdfast/put.hpp>
#include <holdfast/snapshot.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

struct new_value;

namespace detail {
class store_state;
class transaction_state;
class update_scope;
class working_map;
} // namespace detail

template <class K, class V>
class typed_map;
template <class K, class V>
class typed_writer;

/// The longest key, in bytes.
inline constexpr std::size_t key_size_max = 65'535;

/// One named map within a write transaction; sees the transaction's own changes, and is walked like that of a snapshot.
/// A change of the map, by whatever handle, makes its iterators and ranges stale: using one is errc::stale_iterator.
/// Once the transaction has ended, every call is errc::transaction_ended. Cheap to copy.
///
/// Keys and values that are passed in are copied; they may be views of entries of the same map. A key longer than
/// key_size_max, or not of the map's key type, is invalid_argument and leaves the transaction usable, as do wrong_type
/// and out_of_range; any other failure (no_space, corrupt) makes it fail as a whole: it can only be aborted.
class HOLDFAST_API map_writer : public detail::walkable_map<map_writer> {
public:
    /// Stores a value, if the condition of `options` is met, replacing what was there, of whatever type. O(log n).
    /// A T is whatever value_codec knows; text (std::string_view, const char*); bytes (std::span<const std::byte>); or
    /// a `value` or `value_view`, which keeps its type: value_view(value_type::int64, bytes) stores those bytes, if
    /// they can be such a value, else throws invalid_argument.
    template <class T>
    put_outcome put(std::string_view key, const T& given, const put_options& options = {}) {
        return detail::with_stored(given, [&](holdfast::value_type type, std::string_view bytes) {
            return store(key, type, bytes, options);
        });
    }
    /// Stores a string or bytes, `size` of them, that `fill` writes to their place in the file: a large value is copied
    /// once, and never in memory as a whole. `fill` is called once, must write all, and must not use the store. What it
    /// throws goes through; the transaction can only be aborted then.
    put_outcome put_filled(std::string_view key, holdfast::value_type type, std::uint64_t size,
                           const std::function<void(std::span<char>)>& fill, const put_options& options = {});
    /// Whether there was something to erase. Works in a full store.
    bool erase(std::string_view key);
    /// Erases the entry there and returns the next. invalid_argument at the end.
    map_iterator erase(map_iterator at);
    /// Erases all keys k with first <= k < last; returns how many there were.
    std::uint64_t erase_range(std::string_view first, std::string_view last);
    /// Erases all keys that begin with `prefix`; returns how many there were.
    std::uint64_t erase_prefix(std::string_view prefix);
    void clear();
    /// Erases an entry and returns what it was.
    std::optional<value> take(std::string_view key);
    /// The same as a T. If it is none (wrong_type, out_of_range), it stays.
    template <class T>
    std::optional<T> take(std::string_view key) {
        std::optional<T> taken = get<T>(key);
        if (taken) {
            erase(key);
        }
        return taken;
    }
    /// Erases the entry there and returns it; nullopt at the end. `queue.take(queue.begin())` is the first one.
    std::optional<std::pair<std::string, value>> take(map_iterator at);

    /// A copy: views come only from iterators, and last as long as they do.
    [[nodiscard]] std::optional<value> get(std::string_view key) const;
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) const {
        std::optional<T> result;
        read(key, [&](const value_view& found) {
            result = detail::with_key([&] { return label(); }, key,
                                      [&] { return detail::decode_value<T>(found); });
        });
        return result;
    }
    [[nodiscard]] bool contains(std::string_view key) const;
    /// The transaction that made the value; that of this one for what it put itself. nullopt: there is none.
    [[nodiscard]] std::optional<version_number> version(std::string_view key) const;
    [[nodiscard]] std::uint64_t size() const;
    /// What the keys are.
    [[nodiscard]] const key_type& keys() const noexcept { return keys_; }

private:
    friend class write_transaction;
    friend class detail::walkable_map<map_writer>;
    template <class K, class V>
    friend class typed_writer;
    put_outcome store(std::string_view key, holdfast::value_type type, std::string_view data,
                      const put_options& options);
    put_outcome put_new(std::string_view key, const new_value& fresh, const put_options& options);
    /// Calls `use` on the value, in place, unless there is none.
    void read(std::string_view key, const std::function<void(const value_view&)>& use) const;
    [[nodiscard]] detail::map_label label() const;
    [[nodiscard]] map_iterator stand_at(detail::stand where, std::string_view key) const;
    [[nodiscard]] map_range stretch(map_iterator first, map_iterator last) const;
    [[nodiscard]] detail::transaction_state& running() const;
    void expect_mine(const map_iterator& at) const;
    map_writer(std::shared_ptr<detail::transaction_state> transaction, detail::working_map& map) noexcept;
    std::shared_ptr<detail::transaction_state> transaction_;
    detail::working_map* map_; ///< the transaction's, to be touched only after `running`
    key_type keys_;            ///< as it was opened; a map that was dropped and made anew may have others
};

/// The right to write, from its beginning to commit or abort. Move-only; ends without commit: nothing happened.
/// Once it has ended, every call is errc::transaction_ended; once it was moved from, errc::moved_from. A temporary
/// would end with its statement, so nothing but ending it can be done with one.
class HOLDFAST_API write_transaction final {
public:
    write_transaction(write_transaction&&) noexcept;
    write_transaction& operator=(write_transaction&&) noexcept;
    ~write_transaction();

    /// The map of that name, made with its first entry; "" is the unnamed one.
    [[nodiscard]] map_writer map(std::string_view name = {}) &;
    /// The same, with keys of that type: those of a map that is there must be, else wrong_type; a new one gets them.
    [[nodiscard]] map_writer map(std::string_view name, const key_type& keys) &;
    /// A typed map, in this transaction. Throws wrong_type if its keys are others, invalid_argument if it is of another
    /// store.
    template <class K, class V>
    [[nodiscard]] typed_writer<K, V> in(const typed_map<K, V>& map) &;
    /// All maps in the order of their names, as the transaction leaves them; the unnamed one only if it has entries.
    /// O(maps).
    [[nodiscard]] std::vector<map_information> maps() const;
    /// Removes a map and all in it; whether there was one.
    bool drop(std::string_view name) &;
    /// How durable its commit is to be, whatever the store's own level is.
    void set_durability(durability level) &;
    /// The version that everything put in this transaction has once it is committed.
    [[nodiscard]] version_number version() const;

    /// Publishes everything at once; returns the store's new version (the old one if nothing was changed).
    /// Throws transaction_failed if an operation failed before, and invalid_argument within `store::update`, which
    /// commits by itself. If it throws, nothing was published; but for invalid_argument, everything was undone. One
    /// exception: where bringing it to the medium fails (io_error, no_space, timed_out at level `commit`, or of who
    /// follows such a commit), the message says that it is committed all the same.
    version_number commit() &&;
    /// Undoes everything. The destructor does the same.
    void abort() && noexcept;

    // The unnamed map, in short.
    template <class T>
    put_outcome put(std::string_view key, const T& given, const put_options& options = {}) & {
        return map().put(key, given, options);
    }
    bool erase(std::string_view key) & { return map().erase(key); }
    [[nodiscard]] std::optional<value> get(std::string_view key) & { return map().get(key); }
    template <class T>
    [[nodiscard]] std::optional<T> get(std::string_view key) & {
        return map().get<T>(key);
    }

private:
    friend class store;
    friend class detail::update_scope;
    [[nodiscard]] map_writer map_of(const detail::store_state& owner, std::string_view name,
                                    const key_type& keys);
    explicit write_transaction(std::shared_ptr<detail::transaction_state> state) noexcept;
    [[nodiscard]] detail::transaction_state& running() const;
    version_number commit_now();
    void end_quietly() noexcept;
    std::shared_ptr<detail::transaction_state> state_;
};

namespace detail {

/// The transaction of `store::update`: ends by it and in no other way, even if it was moved out of it.
class HOLDFAST_API update_scope {
public:
    explicit update_scope(write_transaction& transaction) noexcept;
    ~update_scope();
    update_scope(const update_scope&) = delete;
    update_scope& operator=(const update_scope&) = delete;
    void commit();

private:
    write_transaction* transaction_;
    std::shared_ptr<transaction_state> state_;
};

} // namespace detail

} // namespace holdfast
