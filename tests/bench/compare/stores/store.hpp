// What a store must do to be compared. A driver knows one kind of store; it opens stores in folders; sessions do the
// work. Each driver uses its store as that store's documentation recommends.
//
// Threads: a session belongs to one thread; a store may be asked for sessions by any. Processes: each opens the store
// for itself. Failures of any kind throw: a benchmark that goes on after one measures nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "run/values.hpp"

namespace compare {

struct key_value {
    std::string_view key;
    std::string_view value;
};

/// What can happen right after a write was acknowledged, without losing it.
enum class survives { nothing, kill, power_cut };

/// How writes are acknowledged, in the words of the store's documentation.
struct write_mode {
    survives what = survives::nothing;
    std::string words;
};

/// What a store can do at all; workloads ask before they run.
struct abilities {
    bool reads = true;
    bool absence = true;    ///< knows which keys are not there, and erases
    bool ordered = false;   ///< scans forward and from a prefix
    bool reverse = false;   ///< scans backward
    bool batches = true;    ///< many puts in one transaction, or sent together
    bool snapshots = false; ///< can hold a consistent state, for as long as it likes
    bool processes = false; ///< several processes at once, all of them writing
    bool readers = false;   ///< several processes at once, as long as they only read
    bool threads = true;    ///< readers beside a writer, in one process
    bool file = false;      ///< is there again after it was closed and opened
    bool named_maps = false;
    bool typed = false;  ///< stores a struct as such
    bool server = false; ///< lives in a process of its own
    bool sync = false;   ///< can bring everything to the medium on demand
};

/// One thread's way to a store.
class session {
public:
    session() = default;
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    virtual ~session() = default;

    /// One look-up, consistent by itself. Shows the value to `check` at that position; nothing if the key is absent.
    virtual void get(std::string_view key, std::size_t position, value_check& check) = 0;
    /// Many, one after the other, in one consistent state.
    virtual void get_in_one(std::span<const std::string_view> keys, value_check& check);
    /// Many at once by a call made for that, where there is one.
    virtual void get_many(std::span<const std::string_view> keys, value_check& check);
    /// One look-up in a snapshot made for it, where that is not what `get` does.
    virtual void get_by_snapshot(std::string_view key, std::size_t position, value_check& check);

    virtual void put(std::string_view key, std::string_view value) = 0;
    /// One transaction with all of these.
    virtual void put_batch(std::span<const key_value> batch) = 0;
    virtual void erase(std::string_view key) = 0;

    /// All entries in order, in one consistent state.
    virtual void scan(value_check& check);
    virtual void scan_reverse(value_check& check);
    virtual void scan_prefix(std::string_view prefix, value_check& check);
    /// The state of now, held until the returned object is destroyed.
    [[nodiscard]] virtual std::shared_ptr<void> hold_snapshot();
};

/// An open store.
class store {
public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;
    [[nodiscard]] virtual std::unique_ptr<session> start_session() = 0;
    /// All of whose operations are those of a named map.
    [[nodiscard]] virtual std::unique_ptr<session> start_named_session();
    /// All of whose values are structs.
    [[nodiscard]] virtual std::unique_ptr<session> start_typed_session();
    /// Brings what was written to the medium.
    virtual void sync();
    /// Waits until what the store does by itself after a load is done.
    virtual void settle() {}
};

/// How large a data set is going to be, for stores that must know.
struct extent {
    std::uint64_t entries = 0;
    std::size_t key_bytes = 0;
    std::size_t value_bytes = 0;
    [[nodiscard]] std::uint64_t entry_bytes() const noexcept { return key_bytes + value_bytes; }
};

/// What a store is opened for.
enum class access {
    usual,
    durable,   ///< every write outlives a power cut
    read_only, ///< where not many may write, but many may read
};

/// A kind of store.
class driver {
public:
    driver() = default;
    driver(const driver&) = delete;
    driver& operator=(const driver&) = delete;
    virtual ~driver() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string version() const = 0;
    [[nodiscard]] virtual abilities can() const = 0;
    /// How it usually writes; and, if `durable`, how so that every write outlives a power cut, if it can.
    [[nodiscard]] virtual std::optional<write_mode> mode(bool durable) const = 0;
    /// Why it can't be used here and now; "" if it can.
    [[nodiscard]] virtual std::string missing() const { return {}; }
    /// Starts what has to run beside the store, if anything, until the returned object is destroyed.
    [[nodiscard]] virtual std::shared_ptr<void> serve(const std::filesystem::path&, const extent&) const {
        return nullptr;
    }
    /// Process id of what `serve` started for that folder; 0 if the store lives in this process.
    [[nodiscard]] virtual int server_of(const std::filesystem::path&) const { return 0; }
    /// Opens the store in that folder, or makes it.
    [[nodiscard]] virtual std::unique_ptr<store> open(const std::filesystem::path& folder, const extent& size,
                                                      access how) const = 0;
};

/// Throws unless `fine`.
inline void require(bool fine, const std::string& what) {
    if (!fine) {
        throw std::runtime_error(what);
    }
}

} // namespace compare
