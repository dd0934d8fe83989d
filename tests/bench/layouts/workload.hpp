// Keys, orders and values of the layout benchmark. Everything is drawn from fixed seeds: each run measures
// the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace layouts {

enum class key_kind { decimal, binary, path };

inline constexpr std::array<std::pair<key_kind, char const*>, 3> key_kinds{
    {{key_kind::decimal, "decimal"}, {key_kind::binary, "binary"}, {key_kind::path, "path"}}};

/// Keys side by side in the order of use, so that reading them costs the measured loops no cache miss.
class key_sequence final {
public:
    key_sequence(std::vector<std::string> const& keys, std::uint64_t seed)
        : ids_(keys.size()), offsets_(1, 0) {
        std::iota(ids_.begin(), ids_.end(), 0U);
        std::shuffle(ids_.begin(), ids_.end(), std::mt19937_64{seed});
        for (std::uint32_t const id : ids_) {
            bytes_ += keys[id];
            offsets_.push_back(static_cast<std::uint32_t>(bytes_.size()));
        }
    }

    std::size_t size() const noexcept { return ids_.size(); }
    std::uint32_t id(std::size_t i) const noexcept { return ids_[i]; }
    std::string_view operator[](std::size_t i) const noexcept {
        return {bytes_.data() + offsets_[i], offsets_[i + 1] - offsets_[i]};
    }

private:
    std::vector<std::uint32_t> ids_;
    std::vector<std::uint32_t> offsets_;
    std::string bytes_;
};

inline std::string path_key(std::uint32_t number, std::mt19937_64& random) {
    static constexpr char const* words[] = {"logs",      "backup", "photo-album", "report",
                                            "invoice",   "src",    "archive",     "customer",
                                            "telemetry", "model",  "session",     "attachment"};
    static constexpr char const* endings[] = {"", ".txt", ".json", ".tar.gz"};
    auto const word = [&] { return words[random() % std::size(words)]; };
    auto const tenant = static_cast<unsigned>(random() % 40);
    char text[128];
    int const size = std::snprintf(text, sizeof text, "/srv/storage/tenant-%03u/%s/%s/%s-%07u%s", tenant,
                                   word(), word(), word(), number, endings[random() % std::size(endings)]);
    return {text, static_cast<std::size_t>(size)};
}

/// 17 bytes of decimal digits, 16 random bytes, or paths of 40 to 80 bytes.
inline std::vector<std::string> make_keys(key_kind kind, std::size_t count) {
    std::mt19937_64 random{42};
    std::vector<std::string> keys;
    keys.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        char text[32];
        switch (kind) {
        case key_kind::decimal:
            std::snprintf(text, sizeof text, "key%014u", i);
            keys.emplace_back(text);
            break;
        case key_kind::binary: {
            std::uint64_t const raw[] = {random(), random()};
            keys.emplace_back(reinterpret_cast<char const*>(raw), sizeof raw);
            break;
        }
        case key_kind::path:
            keys.push_back(path_key(i, random));
            break;
        }
    }
    return keys;
}

/// A value whose first 8 bytes say which key it belongs to and which round wrote it.
class value_source final {
public:
    explicit value_source(std::size_t size) : bytes_(size, 'v') {}

    static std::uint64_t stamp(std::uint32_t id, unsigned round) noexcept {
        return std::uint64_t{id} << 8 | round;
    }
    static std::uint64_t stamp_of(std::string_view value) noexcept {
        std::uint64_t s;
        std::memcpy(&s, value.data(), sizeof s);
        return s;
    }
    std::string_view operator()(std::uint32_t id, unsigned round) noexcept {
        std::uint64_t const s = stamp(id, round);
        std::memcpy(bytes_.data(), &s, sizeof s);
        return bytes_;
    }

private:
    std::string bytes_;
};

} // namespace layouts
