// Entries that were read and wait to be put, some thousand at a time. Reading them is no part of the transaction, so
// that a slow reader keeps nobody from writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <holdfast/key.hpp>
#include <holdfast/store.hpp>
#include <holdfast/value.hpp>

namespace holdfast::cli {

/// The maps that entries go to, each with the type of its keys: the stored one, else the one that was asked for.
class import_maps {
public:
    /// `target` may be nullopt as long as there is no store; its maps are new then.
    import_maps(const std::optional<store>& target, std::optional<key_type> asked)
        : target_(target), asked_(asked) {}

    struct map {
        std::string name;
        key_type keys;
    };
    /// `keys` is what a line asks for; it wins over what was asked for in general. Throws wrong_type if the map has
    /// others.
    [[nodiscard]] std::size_t find(std::string_view name, const std::optional<key_type>& keys);
    [[nodiscard]] const map& operator[](std::size_t index) const noexcept { return maps_[index]; }

private:
    void expect_keys(const map& found, const std::optional<key_type>& keys) const;

    [[nodiscard]] key_type keys_of(std::string_view name, const std::optional<key_type>& keys) const;

    const std::optional<store>& target_;
    std::optional<key_type> asked_;
    std::vector<map> maps_;
    std::unordered_map<std::string, std::size_t> index_; ///< by name, into maps_
    std::size_t last_ = 0;
};

class import_batch {
public:
    /// Adds an entry: `append_key(std::string&)`, then `append_value(std::string&)`, which returns the type, append
    /// its bytes. If one throws, the batch is as before.
    template <class AppendKey, class AppendValue>
    void add(std::size_t map, std::uint64_t line, AppendKey&& append_key, AppendValue&& append_value) {
        waiting one{map, line, bytes_.size(), 0, 0, value_type::null};
        try {
            append_key(bytes_);
            one.value_at = bytes_.size();
            one.type = append_value(bytes_);
        } catch (...) {
            bytes_.resize(one.key_at);
            throw;
        }
        one.end = bytes_.size();
        entries_.push_back(one);
    }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Of keys and values.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size(); }
    /// Puts all, in order, and forgets them. A failure names the line.
    void put_into(write_transaction& transaction, const import_maps& maps);

private:
    struct waiting {
        std::size_t map;
        std::uint64_t line;
        std::size_t key_at;
        std::size_t value_at;
        std::size_t end;
        value_type type;
    };

    void put(map_writer map, const waiting& one) const;

    std::string bytes_;
    std::vector<waiting> entries_;
};

/// Throws the error being handled with "line N: " before its message.
[[noreturn]] void rethrow_with_line(std::uint64_t line);

} // namespace holdfast::cli
