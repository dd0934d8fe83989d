// What is measured: a name, the states of the store in which it is measured, and a function that does it once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/clock.hpp"
#include "run/instance.hpp"
#include "run/options.hpp"
#include "stores/store.hpp"

namespace compare {

/// The state of a store when a measurement begins.
enum class state {
    empty,  ///< made, nothing put
    loaded, ///< all keys were put once, in their order, 1000 a transaction, and nothing since
    in_use, ///< random puts for seconds since, and other measurements
};
[[nodiscard]] std::string_view name_of(state of) noexcept;

/// One figure of one repetition.
struct measurement {
    std::string part; ///< appended to the workload's name where it has several figures; else ""
    double value = 0;
    std::string unit = "ns"; ///< of one operation; or "bytes"
    std::optional<latencies> each = std::nullopt;
};
using measurements = std::vector<measurement>;

/// What a measurement works on.
struct bench {
    const options& given;
    instance& on;
    std::uint64_t seed; ///< differs in each repetition, and is the same for all stores
    [[nodiscard]] limits until() const noexcept { return {given.seconds}; }
    /// For puts that would wear off the state of a store just loaded: at most a fifth of its entries.
    [[nodiscard]] limits few(state in) const noexcept {
        const std::uint64_t fifth = on.keys().entries() / 5;
        return in == state::in_use ? until() : limits{given.seconds, std::max<std::uint64_t>(fifth, 20)};
    }
};

struct workload {
    std::string name;
    std::string what; ///< a line for people
    std::vector<state> states;
    bool changes = false; ///< a store just loaded is not that any more afterwards
    bool durable = false; ///< every write must outlive a power cut
    std::function<bool(const abilities&)> possible;
    std::function<measurements(const bench&, state)> run;
    /// Whether it can be measured with such keys and values.
    std::function<bool(const key_set&, std::size_t)> fits = [](const key_set&, std::size_t) { return true; };
    bool fills = false; ///< starts from an empty store and brings it to the state by itself
};

/// All of them, in the order in which they run.
[[nodiscard]] std::vector<workload> all_workloads();

// By group, one file each.
void add_loads(std::vector<workload>& all);
void add_reads(std::vector<workload>& all);
void add_scans(std::vector<workload>& all);
void add_writes(std::vector<workload>& all);
void add_maps(std::vector<workload>& all);
void add_concurrent(std::vector<workload>& all);
void add_durable(std::vector<workload>& all);
void add_opening(std::vector<workload>& all);

/// Throws unless all the values taken, of so many look-ups, were right.
void require_all(const value_check& check, std::uint64_t expected, const std::string& what);

} // namespace compare
