// What a store holds, as the oracle of simulated cuts knows it, and random transactions on both.
//
// Contents are told apart by a digest: the number of entries and a sum over them. So a history of hundreds of commits
// takes no more than some kilobytes, and a store is compared with all of it by one walk.
//
// Thread and process safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/store.hpp>

#include "random.hpp"

namespace holdfast::crash {

/// Equal for equal contents; for others, but for a chance of 2^-64, not.
struct cut_digest {
    std::uint64_t entries = 0;
    std::uint64_t sum = 0;
    friend bool operator==(const cut_digest&, const cut_digest&) = default;
};
/// Contents that are possible, oldest first.
using cut_history = std::vector<cut_digest>;

class cut_contents {
public:
    cut_contents() = default;
    /// All that a snapshot sees.
    explicit cut_contents(const snapshot& seen);

    void put(const std::string& map, const std::string& key, std::string_view value);
    void erase(const std::string& map, const std::string& key);
    void erase_range(const std::string& map, const std::string& first, const std::string& last);
    void clear(const std::string& map);
    [[nodiscard]] const cut_digest& digest() const noexcept { return digest_; }

private:
    using entries = std::map<std::pair<std::string, std::string>, std::uint64_t>;
    void erase(entries::iterator first, entries::iterator last);
    entries entries_; ///< what each adds to the sum
    cut_digest digest_;
};

[[nodiscard]] cut_digest digest_of(const snapshot& seen);

/// What the transactions of a scene are like.
struct cut_taste {
    std::uint64_t keys = 100; ///< in each map
    std::uint64_t changes_max = 24;
    std::span<const std::uint64_t> value_bytes; ///< limits
};
[[nodiscard]] cut_taste random_taste(random_source& random);

/// A transaction, told by a random source: done to the contents, and to the store if there is one.
void change(random_source& random, const cut_taste& taste, cut_contents& now, write_transaction* transaction);

} // namespace holdfast::crash
