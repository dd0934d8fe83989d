// Plans, their effect, and verification.
#include "model.hpp"

#include <charconv>
#include <cstring>

#include "base/checksum.hpp"
#include "random.hpp"

namespace holdfast::crash {

namespace {

/// The maps of the campaign; the last one stands for one map of each writer alone.
constexpr std::array<std::string_view, 6> map_names = {"", "alpha", "beta", "bulk", "large", "own"};
constexpr std::size_t shared_small_maps = 3;
constexpr std::size_t bulk_map = 3;
constexpr std::size_t large_map = 4;
constexpr std::size_t own_map = 5;

constexpr std::uint64_t small_keys = 60; ///< of a writer, in each of the small maps

constexpr std::uint64_t stride = 0x9E3779B97F4A7C15U;

/// The words of a value after its tag are base, base + stride, …
[[nodiscard]] std::uint64_t base_of(const value_model& value) noexcept {
    return mix(value.tag ^ std::uint64_t{value.bytes} << 40);
}

/// What an entry adds to the sum of its writer.
[[nodiscard]] std::uint64_t weight(std::string_view map, std::string_view key,
                                   const value_model& value) noexcept {
    const std::uint64_t hash = checksum64(key.data(), key.size(), checksum64(map.data(), map.size()));
    return mix(hash ^ mix(value.tag)) ^ mix(value.bytes);
}

[[nodiscard]] std::uint32_t small_size(random_source& random) {
    if (random.chance(1, 40)) {
        return static_cast<std::uint32_t>(random.between(5'000, 12'000));
    }
    return static_cast<std::uint32_t>(random.chance(1, 8) ? random.between(300, 4'000)
                                                          : random.between(8, 120));
}

/// "NUMBER SUM"
[[nodiscard]] std::string to_mark(std::uint64_t done, std::uint64_t sum) {
    return std::to_string(done) + ' ' + std::to_string(sum);
}

[[nodiscard]] std::pair<std::uint64_t, std::uint64_t> parse_mark(std::string_view text) {
    std::pair<std::uint64_t, std::uint64_t> mark{};
    const char* const end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, mark.first);
    if (first.ec != std::errc{} || first.ptr == end ||
        std::from_chars(first.ptr + 1, end, mark.second).ptr != end) {
        throw broken_promise("a mark is no mark: " + std::string(text.substr(0, 60)));
    }
    return mark;
}

/// The number in "w3/…", "w3" or "s3".
[[nodiscard]] std::size_t writer_of(std::string_view key) {
    const std::size_t id = key.size() < 2 ? writers_max : static_cast<std::size_t>(key[1] - '0');
    if (id >= writers_max) {
        throw broken_promise("a key of nobody: " + std::string(key.substr(0, 60)));
    }
    return id;
}

[[nodiscard]] value_model verified(std::string_view map, const entry& found) {
    const std::optional<value_model> value = value_of(found.second.text());
    if (!value) {
        throw broken_promise("torn value of " + std::string(found.first) + " in map '" + std::string(map) +
                             "', " + std::to_string(found.second.size()) + " bytes");
    }
    return *value;
}

} // namespace

std::string numbered(std::string_view prefix, std::uint64_t number) {
    std::string text(prefix);
    return text += std::to_string(number);
}

std::string bytes_of(const value_model& value) {
    std::string bytes(value.bytes, '\0');
    const std::size_t words = value.bytes / 8;
    std::uint64_t word = base_of(value);
    std::memcpy(bytes.data(), &value.tag, 8);
    for (std::size_t i = 1; i < words; ++i, word += stride) {
        std::memcpy(bytes.data() + i * 8, &word, 8);
    }
    std::memcpy(bytes.data() + words * 8, &word, value.bytes % 8);
    return bytes;
}

std::optional<value_model> value_of(std::string_view bytes) noexcept {
    if (bytes.size() < 8) {
        return std::nullopt;
    }
    value_model value{0, static_cast<std::uint32_t>(bytes.size())};
    std::memcpy(&value.tag, bytes.data(), 8);
    const std::size_t words = bytes.size() / 8;
    std::uint64_t word = base_of(value);
    std::uint64_t difference = 0;
    for (std::size_t i = 1; i < words; ++i, word += stride) {
        std::uint64_t found = 0;
        std::memcpy(&found, bytes.data() + i * 8, 8);
        difference |= found ^ word;
    }
    const bool same_rest = std::memcmp(bytes.data() + words * 8, &word, bytes.size() % 8) == 0;
    return difference == 0 && same_rest ? std::optional(value) : std::nullopt;
}

// --- Plans ------------------------------------------------------------------------------------------------

writer_model::writer_model(unsigned id, std::uint64_t seed) : id_(id), seed_(seed), maps_(map_names.size()) {}

std::string writer_model::map_name(std::size_t map) const {
    return map == own_map ? numbered("own", id_) : std::string(map_names[map]);
}

std::string writer_model::own(std::string_view rest) const {
    return numbered("w", id_).append("/").append(rest);
}

/// A key that exists and begins so, or null.
const std::string* writer_model::some_key(std::size_t map, std::string_view prefix,
                                          std::uint64_t random) const {
    const entries& in = maps_[map];
    const std::string from = own(std::string(prefix) + std::to_string(random % small_keys));
    auto found = in.lower_bound(from);
    if (found == in.end()) {
        found = in.lower_bound(own(prefix));
    }
    return found == in.end() || !found->first.starts_with(own(prefix)) ? nullptr : &found->first;
}

void writer_model::plan_puts(plan& made, random_source& random, std::uint64_t count) const {
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string key = own(numbered("k", random.below(small_keys)));
        if (random.chance(1, 20)) {
            key += std::string(random.between(20, 300), 'x'); // long keys, and separators of their own
        }
        made.steps.push_back({step::kind::put,
                              random.below(shared_small_maps),
                              std::move(key),
                              {mix(done_ + 1) + i, small_size(random)}});
    }
}

void writer_model::plan_erases(plan& made, random_source& random) const {
    const std::size_t map = random.below(shared_small_maps);
    if (random.chance(1, 6)) {
        made.steps.push_back({step::kind::erase_prefix, map, own(numbered("k", random.below(10))), {}});
        return;
    }
    if (random.chance(1, 30)) {
        made.steps.push_back({step::kind::erase_prefix, map, own(""), {}});
        return;
    }
    const std::uint64_t count = random.between(1, 8);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string* const key = some_key(map, "k", random.next());
        // Also what is not there, and what this transaction has erased already.
        made.steps.push_back({step::kind::erase, map, key != nullptr ? *key : own("nothing"), {}});
    }
}

/// Values of a few blocks to more than a MiB, in runs of their own.
void writer_model::plan_growth(plan& made, random_source& random) const {
    const std::string key = own(numbered("l", random.below(2)));
    if (random.chance(1, 3)) {
        made.steps.push_back({step::kind::erase, large_map, key, {}});
        return;
    }
    const std::uint64_t bytes = random.chance(1, 25)  ? random.between(1'048'577, 1'600'000)
                                : random.chance(1, 5) ? random.between(60'000, 300'000)
                                                      : random.between(8'193, 60'000);
    made.steps.push_back(
        {step::kind::put, large_map, key, {mix(done_ + 1), static_cast<std::uint32_t>(bytes)}});
}

/// More changes of the heap's accounts than the undo log's first chunk has room for.
void writer_model::plan_huge(plan& made, random_source& random) const {
    if (!maps_[bulk_map].empty() && random.chance(3, 4)) {
        made.steps.push_back({step::kind::erase_prefix, bulk_map, own("h"), {}});
        return;
    }
    const std::uint64_t count = random.between(400, 900);
    for (std::uint64_t i = 0; i < count; ++i) {
        made.steps.push_back({step::kind::put,
                              bulk_map,
                              own(numbered("h", i)),
                              {mix(done_ + 1) + i, static_cast<std::uint32_t>(random.between(8, 60))}});
    }
}

/// A map that comes and goes, so that the catalogue changes.
void writer_model::plan_own_map(plan& made, random_source& random) const {
    if (!maps_[own_map].empty() && random.chance(1, 2)) {
        made.steps.push_back({step::kind::drop, own_map, {}, {}});
    }
    const std::uint64_t count = random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
        made.steps.push_back({step::kind::put,
                              own_map,
                              own(numbered("o", random.below(30))),
                              {mix(done_ + 1) + i, small_size(random)}});
    }
}

plan writer_model::next(work kind) const {
    random_source random(seed_ ^ mix(std::uint64_t{id_} << 56 ^ (done_ + 1)));
    plan made;
    made.abort_first = random.chance(1, 12);
    if (kind == work::mixed) {
        const std::uint64_t roll = random.below(40);
        kind = roll < 12   ? work::put
               : roll < 24 ? work::batch
               : roll < 34 ? work::erase
               : roll < 38 ? work::grow
                           : work::huge;
    }
    if (random.chance(1, 10)) {
        plan_own_map(made, random);
    }
    switch (kind) {
    case work::put:
        if (made.steps.empty() && random.chance(1, 2)) {
            made.single = true;
            made.steps.push_back({step::kind::put, 0, single_key(), {done_ + 1, small_size(random)}});
            return made;
        }
        plan_puts(made, random, 1);
        break;
    case work::batch:
        plan_puts(made, random, random.between(2, 30));
        break;
    case work::erase:
        if (random.chance(1, 2)) {
            plan_puts(made, random, random.between(1, 10));
        }
        plan_erases(made, random);
        break;
    case work::grow:
        plan_growth(made, random);
        break;
    case work::huge:
        plan_huge(made, random);
        break;
    case work::mixed:
        break;
    }
    return made;
}

std::vector<step> writer_model::junk() const {
    random_source random(seed_ ^ mix(std::uint64_t{id_} << 56 ^ (done_ + 1)) ^ 1);
    plan made;
    if (random.chance(1, 10)) {
        plan_huge(made, random);
    }
    plan_puts(made, random, random.between(1, 20));
    plan_erases(made, random);
    return made.steps;
}

// --- Effects ----------------------------------------------------------------------------------------------

std::uint64_t writer_model::apply(const step& one) {
    entries& in = maps_[one.map];
    const std::string map = map_name(one.map);
    const auto remove = [&](entries::iterator first, entries::iterator last) {
        std::uint64_t count = 0;
        for (auto each = first; each != last; ++each, ++count) {
            sum_ -= weight(map, each->first, each->second);
        }
        in.erase(first, last);
        return count;
    };
    switch (one.what) {
    case step::kind::put: {
        if (one.key == single_key()) {
            single_ = one.value;
            return 0;
        }
        const auto [place, added] = in.try_emplace(one.key, one.value);
        if (!added) {
            sum_ -= weight(map, one.key, place->second);
            place->second = one.value;
        }
        sum_ += weight(map, one.key, one.value);
        return added ? 0 : 1;
    }
    case step::kind::erase: {
        const auto found = in.find(one.key);
        return found == in.end() ? 0 : remove(found, std::next(found));
    }
    case step::kind::erase_prefix: {
        auto last = in.lower_bound(one.key);
        while (last != in.end() && last->first.starts_with(one.key)) {
            ++last;
        }
        return remove(in.lower_bound(one.key), last);
    }
    case step::kind::drop:
        return remove(in.begin(), in.end()) != 0 ? 1 : 0;
    }
    return 0;
}

void writer_model::finish(const plan& done) {
    ++done_;
    if (!done.single) {
        marked_ = done_;
        marked_sum_ = sum_;
    }
}

void writer_model::apply(const plan& all) {
    for (const step& one : all.steps) {
        apply(one);
    }
    finish(all);
}

std::string writer_model::mark() const { return to_mark(done_ + 1, sum_); }

// --- Verification -----------------------------------------------------------------------------------------

std::map<std::string, std::uint64_t> writer_model::compare(const snapshot& now) const {
    std::map<std::string, std::uint64_t> counts;
    const auto fail = [this](const std::string& what) {
        throw broken_promise("writer " + std::to_string(id_) + " after " + std::to_string(done_) +
                             " transactions: " + what);
    };
    for (std::size_t map = 0; map < maps_.size(); ++map) {
        const std::string name = map_name(map);
        const map_view seen = now.map(name);
        for (const auto& [key, value] : maps_[map]) {
            const std::optional<value_view> found = seen.get(key);
            if (!found) {
                fail(key + " is missing in map '" + name + "'");
            }
            if (value_of(found->text()) != value) {
                fail(key + " has another value in map '" + name + "'");
            }
        }
        counts[name] += maps_[map].size();
    }
    const std::optional<value_view> single = now.get(single_key());
    if (single.has_value() != single_.has_value() || (single && value_of(single->text()) != single_)) {
        fail("the key put alone has another value");
    }
    counts[""] += single_ ? 1 : 0;
    const std::optional<value_view> mark = now.map("marks").get(mark_key());
    if (mark.has_value() != (marked_ != 0) || (mark && mark->text() != to_mark(marked_, marked_sum_))) {
        fail("its mark is another one");
    }
    counts["marks"] += marked_ != 0 ? 1 : 0;
    return counts;
}

observation observe(const snapshot& now) {
    observation seen;
    std::array<std::uint64_t, writers_max> sums{};
    for (const map_information& information : now.maps()) {
        if (information.name == "marks") {
            continue;
        }
        const map_view map = now.map(information.name);
        std::uint64_t count = 0;
        for (auto&& found : map) {
            const value_model value = verified(information.name, found);
            const std::size_t writer = writer_of(found.first);
            ++count;
            if (found.first[0] == 's') {
                seen.done[writer] = std::max(seen.done[writer], value.tag);
                seen.digest += weight(information.name, found.first, value);
            } else {
                sums[writer] += weight(information.name, found.first, value);
            }
        }
        if (count != map.size() || count != information.entries) {
            throw broken_promise("map '" + information.name + "' says it has " + std::to_string(map.size()) +
                                 " entries and has " + std::to_string(count));
        }
        seen.entries += count;
    }
    std::array<std::uint64_t, writers_max> marked_sums{};
    for (auto&& [key, value] : now.map("marks")) {
        const std::size_t writer = writer_of(key);
        const auto [done, sum] = parse_mark(value.text());
        seen.done[writer] = std::max(seen.done[writer], done);
        seen.digest += mix(done) + sum;
        marked_sums[writer] = sum;
    }
    if (sums != marked_sums) {
        throw broken_promise("the entries of a writer do not add up to its mark");
    }
    return seen;
}

void compare(const snapshot& now, std::span<const writer_model> writers) {
    std::map<std::string, std::uint64_t> expected;
    for (const writer_model& writer : writers) {
        for (const auto& [map, count] : writer.compare(now)) {
            expected[map] += count;
        }
    }
    for (const map_information& map : now.maps()) {
        if (map.entries != expected[map.name]) {
            throw broken_promise("map '" + map.name + "' has " + std::to_string(map.entries) +
                                 " entries, expected " + std::to_string(expected[map.name]));
        }
    }
}

} // namespace holdfast::crash
