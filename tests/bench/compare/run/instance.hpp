// One store with its data set: loaded, put to use, closed and opened again, verified, removed.
//
// Belongs to one thread. It remembers the generation of the value that each entry should have, and `verify` compares.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "run/clock.hpp"
#include "run/keys.hpp"
#include "run/values.hpp"
#include "stores/store.hpp"

namespace compare {

/// Puts a thread or process does for all: 1000 a transaction when loading.
inline constexpr std::size_t batch_entries = 1000;

/// Copies of some keys and values, to be put in one transaction.
class batch {
public:
    explicit batch(std::size_t count_max, std::size_t key_bytes, std::size_t value_bytes);
    void clear() noexcept;
    void add(std::string_view key, std::string_view value);
    [[nodiscard]] std::span<const key_value> entries() const noexcept { return entries_; }
    [[nodiscard]] bool full() const noexcept { return entries_.size() == entries_.capacity(); }

private:
    std::vector<char> bytes_;
    std::vector<key_value> entries_;
};

class instance {
public:
    /// Makes an empty store in a new folder below `parent`.
    instance(const driver& of, const key_set& keys, std::size_t value_bytes,
             const std::filesystem::path& parent, std::uint64_t seed);
    ~instance();
    instance(const instance&) = delete;
    instance& operator=(const instance&) = delete;

    [[nodiscard]] const driver& of() const noexcept { return *of_; }
    [[nodiscard]] const key_set& keys() const noexcept { return *keys_; }
    [[nodiscard]] std::size_t value_bytes() const noexcept { return value_bytes_; }
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    [[nodiscard]] store& opened() noexcept { return *store_; }
    [[nodiscard]] session& main() noexcept { return *session_; }
    [[nodiscard]] value_source& values() noexcept { return values_; }
    /// With all absent twins inserted.
    [[nodiscard]] extent size() const noexcept {
        return {2 * keys_->entries(), keys_->key_bytes(), value_bytes_};
    }
    [[nodiscard]] value_check check() const noexcept { return value_check(value_bytes_); }

    void close();
    void open(access how = access::usual);
    /// From now on this session is the main one.
    void use(std::unique_ptr<session> another) { session_ = std::move(another); }

    /// Puts all keys of the sequence, so many a transaction. Returns the time of the transactions alone.
    timed load(const key_sequence& sequence, std::size_t a_transaction = batch_entries);
    /// Random puts, a transaction each, until `until`.
    timed put_randomly(const key_sequence& sequence, const limits& until, latencies* each = nullptr);
    /// The entry's value is now that made last by `values()`.
    void note(std::uint64_t entry) { generations_[entry] = values_.generation(); }
    /// Somebody else put values: only that they are whole and their entries' own can be verified from now on.
    void forget();
    /// Reads some entries and throws unless each has the value it should have.
    void verify(std::uint64_t seed);

private:
    const driver* of_;
    const key_set* keys_;
    std::size_t value_bytes_;
    std::filesystem::path folder_;
    value_source values_;
    std::vector<std::uint64_t> generations_; ///< 0: unknown
    std::shared_ptr<void> server_;
    std::unique_ptr<store> store_;
    std::unique_ptr<session> session_;
};

/// A new folder below `parent`.
[[nodiscard]] std::filesystem::path new_folder(const std::filesystem::path& parent);

} // namespace compare
