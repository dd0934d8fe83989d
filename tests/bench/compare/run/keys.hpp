// Keys, made before the clock starts and laid out in the order of their use, so that fetching them costs next to
// nothing. Every key has an absent twin right behind it in the order of keys: it is looked for in vain, and inserted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace compare {

enum class key_kind {
    user, ///< "user:" and 12 digits: 17 bytes
    hex,  ///< 16 random hexadecimal digits
    url,  ///< a URL of 60 bytes
};
[[nodiscard]] std::string_view name_of(key_kind kind) noexcept;
[[nodiscard]] key_kind key_kind_of(std::string_view name); ///< throws for others

/// Some keys and the numbers of their entries.
class key_sequence {
public:
    key_sequence(std::size_t count, std::size_t key_bytes) : key_bytes_(key_bytes) {
        entries_.reserve(count);
        bytes_.reserve(count * key_bytes);
    }
    void add(std::uint64_t entry, std::string_view key) {
        entries_.push_back(entry);
        bytes_.insert(bytes_.end(), key.begin(), key.end());
    }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::string_view key(std::size_t i) const noexcept {
        return {&bytes_[i * key_bytes_], key_bytes_};
    }
    [[nodiscard]] const std::vector<std::uint64_t>& entries() const noexcept { return entries_; }

private:
    std::size_t key_bytes_;
    std::vector<std::uint64_t> entries_;
    std::vector<char> bytes_;
};

/// The keys of a data set of so many entries. An absent twin's entry has the number of its key plus `entries`.
class key_set {
public:
    key_set(key_kind kind, std::uint64_t entries) noexcept : kind_(kind), entries_(entries) {}
    [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
    [[nodiscard]] key_kind kind() const noexcept { return kind_; }
    [[nodiscard]] std::size_t key_bytes() const noexcept;
    [[nodiscard]] std::string key(std::uint64_t entry) const;
    /// What the keys of about 100 entries begin with, that of `entry` among them; only where `has_prefixes`.
    [[nodiscard]] std::string prefix(std::uint64_t entry) const;
    [[nodiscard]] bool has_prefixes() const noexcept { return kind_ != key_kind::hex; }
    /// Entries whose keys begin with `prefix(entry)`.
    [[nodiscard]] std::uint64_t entries_of_prefix(std::uint64_t entry) const noexcept;

    /// All keys in their order.
    [[nodiscard]] key_sequence sorted() const;
    /// All keys, shuffled.
    [[nodiscard]] key_sequence shuffled(std::uint64_t seed) const;
    /// Keys drawn at random, twice as many as there are entries, within reason.
    [[nodiscard]] key_sequence drawn(std::uint64_t seed) const;
    /// Absent twins, shuffled, at most so many.
    [[nodiscard]] key_sequence twins(std::uint64_t seed, std::uint64_t count_max) const;

private:
    key_kind kind_;
    std::uint64_t entries_;
};

} // namespace compare
