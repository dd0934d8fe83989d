// Write transactions: all or nothing, over any number of keys and maps.
//
// Thread safety: a write transaction belongs to the thread that began it. Process safety: one writer at a time
// per store; others wait for it. If the process dies, the next writer rolls the transaction back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <holdfast/detail/export.hpp>
#include <holdfast/value.hpp>

namespace holdfast {

namespace detail {
class transaction_state;
class working_map;
} // namespace detail

/// The longest key, in bytes.
inline constexpr std::size_t key_size_max = 65'535;

/// One named map within a write transaction; sees the transaction's own changes. Valid as long as it.
///
/// Keys and values that are passed in are copied. A key longer than key_size_max is invalid_argument and leaves
/// the transaction usable; any other failure (no_space, corrupt) makes it fail as a whole: it can only be aborted.
class HOLDFAST_API map_writer {
public:
    /// Stores text (value_type::string), replacing what was there. O(log n).
    void put(std::string_view key, std::string_view text) { put(key, value_type::string, text); }
    void put(std::string_view key, const char* text) { put(key, value_type::string, std::string_view(text)); }
    /// Stores bytes (value_type::bytes).
    void put(std::string_view key, std::span<const std::byte> bytes) {
        put(key, value_type::bytes, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    void put(std::string_view key, value_type type, std::string_view data);
    /// Whether there was something to erase. Works in a full store.
    bool erase(std::string_view key);
    /// Erases all keys that begin with `prefix`; returns how many there were.
    std::uint64_t erase_prefix(std::string_view prefix);
    void clear();

    /// A copy: views come only from a snapshot.
    [[nodiscard]] std::optional<value> get(std::string_view key) const;
    [[nodiscard]] bool contains(std::string_view key) const;
    [[nodiscard]] std::uint64_t size() const noexcept;

private:
    friend class write_transaction;
    map_writer(detail::transaction_state& transaction, detail::working_map& map) noexcept
        : transaction_(&transaction), map_(&map) {}
    detail::transaction_state* transaction_;
    detail::working_map* map_;
};

/// The right to write, from its beginning to commit or abort. Move-only; ends without commit: nothing happened.
class HOLDFAST_API write_transaction final {
public:
    write_transaction(write_transaction&&) noexcept;
    write_transaction& operator=(write_transaction&&) noexcept;
    ~write_transaction();

    /// The map of that name, made with its first entry; "" is the unnamed one.
    [[nodiscard]] map_writer map(std::string_view name = {});
    /// Removes a map and all in it; whether there was one.
    bool drop(std::string_view name);
    /// The version that everything put in this transaction has once it is committed.
    [[nodiscard]] version_number version() const noexcept;

    /// Publishes everything at once; returns the store's new version (the old one if nothing was changed).
    /// Throws transaction_failed if an operation failed before. After the publishing store nothing throws.
    version_number commit() &&;
    /// Undoes everything. The destructor does the same.
    void abort() && noexcept;

    // The unnamed map, in short.
    void put(std::string_view key, std::string_view text) { map().put(key, text); }
    void put(std::string_view key, const char* text) { map().put(key, text); }
    void put(std::string_view key, std::span<const std::byte> bytes) { map().put(key, bytes); }
    bool erase(std::string_view key) { return map().erase(key); }
    [[nodiscard]] std::optional<value> get(std::string_view key) { return map().get(key); }

private:
    friend class store;
    explicit write_transaction(std::unique_ptr<detail::transaction_state> state) noexcept;
    std::unique_ptr<detail::transaction_state> state_;
};

} // namespace holdfast
