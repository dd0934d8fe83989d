// The oracle's contents, and random transactions.
#include "cut_contents.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/checksum.hpp"
#include "model.hpp"

namespace holdfast::crash {

namespace {

std::uint64_t sum_of(std::string_view map, std::string_view key, std::string_view value) {
    const std::uint64_t name = checksum64(key.data(), key.size(), checksum64(map.data(), map.size()));
    return mix(checksum64(value.data(), value.size(), name));
}

template <class Use>
void for_each_entry(const snapshot& seen, Use&& use) {
    for (const map_information& map : seen.maps()) {
        for (auto&& [key, value] : seen.map(map.name)) {
            use(map.name, key, value.text());
        }
    }
}

std::string value_bytes(random_source& random, const cut_taste& taste) {
    std::string made(random.below(random.pick(taste.value_bytes)), '\0');
    std::uint64_t word = random.next();
    for (std::size_t at = 0; at < made.size(); at += sizeof word) {
        std::memcpy(made.data() + at, &word, std::min(sizeof word, made.size() - at));
        word += 0x9E3779B97F4A7C15U;
    }
    return made;
}

} // namespace

cut_contents::cut_contents(const snapshot& seen) {
    for_each_entry(seen, [&](const std::string& map, std::string_view key, std::string_view value) {
        put(map, std::string(key), value);
    });
}

void cut_contents::put(const std::string& map, const std::string& key, std::string_view value) {
    std::uint64_t& sum = entries_[{map, key}];
    digest_.entries += sum == 0 ? 1 : 0; // a sum of 0 is as unlikely as two that are equal
    digest_.sum -= sum;
    sum = sum_of(map, key, value);
    digest_.sum += sum;
}

void cut_contents::erase(entries::iterator first, entries::iterator last) {
    for (auto at = first; at != last; ++at) {
        --digest_.entries;
        digest_.sum -= at->second;
    }
    entries_.erase(first, last);
}

void cut_contents::erase(const std::string& map, const std::string& key) {
    const auto range = entries_.equal_range({map, key});
    erase(range.first, range.second);
}

void cut_contents::erase_range(const std::string& map, const std::string& first, const std::string& last) {
    erase(entries_.lower_bound({map, first}), entries_.lower_bound({map, last}));
}

void cut_contents::clear(const std::string& map) {
    erase(entries_.lower_bound({map, {}}), entries_.lower_bound({map + '\0', {}}));
}

cut_digest digest_of(const snapshot& seen) {
    cut_digest found;
    for_each_entry(seen, [&](std::string_view map, std::string_view key, std::string_view value) {
        ++found.entries;
        found.sum += sum_of(map, key, value);
    });
    return found;
}

cut_taste random_taste(random_source& random) {
    static constexpr std::array<std::uint64_t, 4> small = {12, 40, 40, 200};
    static constexpr std::array<std::uint64_t, 6> medium = {40, 40, 200, 200, 700, 3000};
    static constexpr std::array<std::uint64_t, 6> large = {40, 200, 3000, 12'000, 40'000, 100'000};
    static constexpr std::array<std::uint64_t, 3> huge = {200, 40'000, 600'000};
    switch (random.below(16)) {
    case 0:
        return {12, 12, large};
    case 1:
        return {4, 4, huge};
    case 2:
    case 3:
        return {100, 40, medium};
    case 4:
    case 5:
        return {20, 3, medium};
    case 6:
    case 7:
    case 8:
    case 9:
        return {200, 4, small};
    default:
        return {60, 12, small};
    }
}

void change(random_source& random, const cut_taste& taste, cut_contents& now,
            write_transaction* transaction) {
    for (std::uint64_t left = random.passage(taste.changes_max); left > 0; --left) {
        const std::uint64_t number = random.below(4);
        const std::string map = number == 0 ? std::string() : numbered("m", number);
        const std::string key = numbered("k", 100 + random.below(taste.keys));
        const auto in_store = [&](auto&& operation) {
            if (transaction != nullptr) {
                operation(transaction->map(map));
            }
        };
        const std::uint64_t what = random.below(128);
        if (what < 96) {
            const std::string value = value_bytes(random, taste);
            in_store([&](map_writer to) { to.put(key, value); });
            now.put(map, key, value);
        } else if (what < 124) {
            in_store([&](map_writer to) { to.erase(key); });
            now.erase(map, key);
        } else if (what < 127) {
            const std::string last = key.substr(0, 2) + "~"; // the rest of that hundred
            in_store([&](map_writer to) { to.erase_range(key, last); });
            now.erase_range(map, key, last);
        } else {
            in_store([&](map_writer to) { to.clear(); });
            now.clear(map);
        }
    }
}

} // namespace holdfast::crash
