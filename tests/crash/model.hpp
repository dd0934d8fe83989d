// What the campaign's writers do, and what must then be in the store: the oracle.
//
// Each writer has keys of its own ("w3/…") in maps that all of them share, so their work meets in the same nodes but
// can be foretold for each alone. Its transaction number n is a function of the seed, n and what it did before. Every
// transaction leaves, in the map "marks", the number of the writer's transactions and a sum over all of its entries;
// so any snapshot can be verified without knowing what happened ("observe"), and exactly by who knows ("compare").
//
// Thread and process safety: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/store.hpp>

namespace holdfast::crash {

/// A promise of the store was broken.
class broken_promise : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A value is told by two numbers; its bytes follow from them.
struct value_model {
    std::uint64_t tag = 0;
    std::uint32_t bytes = 0;
    friend bool operator==(const value_model&, const value_model&) = default;
};
[[nodiscard]] std::string bytes_of(const value_model& value);
/// Nothing if the bytes are those of no value.
[[nodiscard]] std::optional<value_model> value_of(std::string_view bytes) noexcept;

inline constexpr std::size_t writers_max = 4;

/// "w" and 3 give "w3".
[[nodiscard]] std::string numbered(std::string_view prefix, std::uint64_t number);

/// What a transaction is made of, mostly.
enum class work : std::uint8_t { put, batch, erase, grow, huge, mixed };
inline constexpr std::array works = {work::put,  work::batch, work::erase,
                                     work::grow, work::huge,  work::mixed};

struct step {
    enum class kind : std::uint8_t { put, erase, erase_prefix, drop } what = kind::put;
    std::size_t map = 0; ///< index into the names of maps
    std::string key;     ///< or prefix
    value_model value;
};

/// One transaction.
struct plan {
    bool single = false;      ///< `store::put` of one key, without marks
    bool abort_first = false; ///< another transaction is begun and thrown away before it
    std::vector<step> steps;
};

class writer_model {
public:
    writer_model(unsigned id, std::uint64_t seed);

    [[nodiscard]] unsigned id() const noexcept { return id_; }
    /// Transactions done.
    [[nodiscard]] std::uint64_t done() const noexcept { return done_; }
    /// The next transaction of that kind of work.
    [[nodiscard]] plan next(work kind) const;
    /// What a transaction that is thrown away does.
    [[nodiscard]] std::vector<step> junk() const;

    /// Does one step; returns how many entries it replaced or removed.
    std::uint64_t apply(const step& one);
    /// Ends a transaction of which all steps were applied.
    void finish(const plan& done);
    void apply(const plan& all);

    /// The value of this writer's entry in "marks", before `finish`.
    [[nodiscard]] std::string mark() const;
    [[nodiscard]] std::string mark_key() const { return numbered("w", id_); }
    [[nodiscard]] std::string single_key() const { return numbered("s", id_); }
    [[nodiscard]] std::string map_name(std::size_t map) const;

    /// Throws broken_promise unless the snapshot has all of this writer's entries; returns how many there are in each
    /// map, marks included.
    [[nodiscard]] std::map<std::string, std::uint64_t> compare(const snapshot& now) const;

private:
    using entries = std::map<std::string, value_model>;
    [[nodiscard]] std::string own(std::string_view rest) const;
    [[nodiscard]] const std::string* some_key(std::size_t map, std::string_view prefix,
                                              std::uint64_t random) const;
    void plan_puts(plan& made, class random_source& random, std::uint64_t count) const;
    void plan_erases(plan& made, random_source& random) const;
    void plan_growth(plan& made, random_source& random) const;
    void plan_huge(plan& made, random_source& random) const;
    void plan_own_map(plan& made, random_source& random) const;

    unsigned id_;
    std::uint64_t seed_;
    std::uint64_t done_ = 0;
    std::uint64_t marked_ = 0; ///< the last transaction that was not a single put
    std::uint64_t sum_ = 0;
    std::uint64_t marked_sum_ = 0;
    std::optional<value_model> single_;
    std::vector<entries> maps_;
};

/// A snapshot as it verifies itself.
struct observation {
    std::array<std::uint64_t, writers_max> done{}; ///< by writer
    std::uint64_t digest = 0;                      ///< of all that it sees
    std::uint64_t entries = 0;
    friend bool operator==(const observation&, const observation&) = default;
};
/// Reads all of it; throws broken_promise where a value is of no writer, or a sum is wrong.
[[nodiscard]] observation observe(const snapshot& now);

/// Throws broken_promise unless the snapshot holds exactly what the writers did.
void compare(const snapshot& now, std::span<const writer_model> writers);

} // namespace holdfast::crash
