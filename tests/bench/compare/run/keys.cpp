// How keys are spelled, and the orders in which they are used.
#include "run/keys.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>
#include <stdexcept>

namespace compare {

namespace {

constexpr std::uint64_t drawn_min = 1U << 12;
constexpr std::uint64_t drawn_max = 1U << 22;
constexpr std::uint64_t entries_of_a_prefix = 100;

/// A bijection that leaves no order (the finaliser of MurmurHash3).
[[nodiscard]] std::uint64_t mixed(std::uint64_t word) noexcept {
    word ^= word >> 33;
    word *= 0xff51afd7ed558ccdULL;
    word ^= word >> 33;
    word *= 0xc4ceb9fe1a85ec53ULL;
    return word ^ word >> 33;
}

/// The last character of a twin's key: another one for each, and greater.
[[nodiscard]] char twin_of(char last) noexcept {
    return static_cast<char>(last <= '9' ? last - '0' + 'g' : last - 'a' + 'q');
}

template <class... Argument>
[[nodiscard]] std::string printed(const char* format, Argument... arguments) {
    char text[80];
    const int length = std::snprintf(text, sizeof text, format, arguments...);
    return {text, static_cast<std::size_t>(length)};
}

} // namespace

std::string_view name_of(key_kind kind) noexcept {
    switch (kind) {
    case key_kind::user:
        return "user";
    case key_kind::hex:
        return "hex";
    case key_kind::url:
        return "url";
    }
    return "";
}

key_kind key_kind_of(std::string_view name) {
    for (const key_kind kind : {key_kind::user, key_kind::hex, key_kind::url}) {
        if (name == name_of(kind)) {
            return kind;
        }
    }
    throw std::invalid_argument("there are no keys '" + std::string(name) + "'; choose user, hex or url");
}

std::size_t key_set::key_bytes() const noexcept {
    return kind_ == key_kind::user ? 17 : kind_ == key_kind::hex ? 16 : 60;
}

std::string key_set::key(std::uint64_t entry) const {
    const bool is_twin = entry >= entries_;
    const auto number = static_cast<unsigned long long>(is_twin ? entry - entries_ : entry);
    std::string key;
    switch (kind_) {
    case key_kind::user:
        key = printed("user:%012llu", number);
        break;
    case key_kind::hex:
        key = printed("%016llx", static_cast<unsigned long long>(mixed(number)));
        break;
    case key_kind::url:
        key = printed("https://www.example.com/goods/%012llu/overview-in-brief", number);
        break;
    }
    if (is_twin) {
        key.back() = twin_of(key.back());
    }
    return key;
}

std::string key_set::prefix(std::uint64_t entry) const {
    const std::string whole = key(entry);
    return whole.substr(0, whole.find_first_of("0123456789") + 10);
}

std::uint64_t key_set::entries_of_prefix(std::uint64_t entry) const noexcept {
    const std::uint64_t first = entry / entries_of_a_prefix * entries_of_a_prefix;
    return std::min(entries_of_a_prefix, entries_ - first);
}

key_sequence key_set::sorted() const {
    std::vector<std::string> keys(entries_);
    std::vector<std::uint64_t> order(entries_);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    for (const std::uint64_t entry : order) {
        keys[entry] = key(entry);
    }
    std::sort(order.begin(), order.end(), [&](auto left, auto right) { return keys[left] < keys[right]; });
    key_sequence result(entries_, key_bytes());
    for (const std::uint64_t entry : order) {
        result.add(entry, keys[entry]);
    }
    return result;
}

key_sequence key_set::shuffled(std::uint64_t seed) const {
    std::vector<std::uint64_t> order(entries_);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
    key_sequence result(entries_, key_bytes());
    for (const std::uint64_t entry : order) {
        result.add(entry, key(entry));
    }
    return result;
}

key_sequence key_set::drawn(std::uint64_t seed) const {
    const std::uint64_t count = std::clamp(2 * entries_, drawn_min, drawn_max);
    std::mt19937_64 random(seed);
    key_sequence result(count, key_bytes());
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t entry = random() % entries_;
        result.add(entry, key(entry));
    }
    return result;
}

key_sequence key_set::twins(std::uint64_t seed, std::uint64_t count_max) const {
    std::vector<std::uint64_t> order(entries_);
    std::iota(order.begin(), order.end(), entries_);
    std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
    order.resize(std::min(entries_, count_max));
    key_sequence result(order.size(), key_bytes());
    for (const std::uint64_t entry : order) {
        result.add(entry, key(entry));
    }
    return result;
}

} // namespace compare
