// The types of keys: their names, and taking keys apart.
#include <holdfast/key.hpp>

#include <algorithm>
#include <optional>

namespace holdfast {

namespace {

struct named_part {
    std::string_view name;
    key_part part;
};
constexpr std::array<named_part, 7> part_names = {{{"string", key_part::string},
                                                   {"int", key_part::int64},
                                                   {"uint", key_part::uint64},
                                                   {"float", key_part::float64},
                                                   {"bool", key_part::boolean},
                                                   {"time", key_part::time},
                                                   {"uuid", key_part::uuid}}};

[[nodiscard]] std::string_view name_of(key_part part) noexcept {
    const auto* const found = std::find_if(part_names.begin(), part_names.end(),
                                           [&](const named_part& one) { return one.part == part; });
    return found == part_names.end() ? "unknown" : found->name;
}

[[nodiscard]] std::optional<key_part> part_of(std::string_view name) noexcept {
    const auto* const found = std::find_if(part_names.begin(), part_names.end(),
                                           [&](const named_part& one) { return one.name == name; });
    if (found == part_names.end()) {
        return std::nullopt;
    }
    return found->part;
}

[[noreturn]] void throw_unknown(std::string_view name) {
    throw error(errc::invalid_argument, "'" + std::string(name) +
                                            "' is no type of keys; known are string, int, uint, float, bool, "
                                            "time, uuid, and tuples of two to "
                                            "eight of them, such as '(string,int)'");
}

/// NaN and -0.0 are no keys.
[[nodiscard]] bool is_float(std::string_view key) noexcept {
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    std::uint64_t bits = 0;
    for (const char byte : key.substr(0, 8)) {
        bits = bits << 8 | static_cast<unsigned char>(byte);
    }
    bits = (bits & sign) != 0 ? bits ^ sign : ~bits;
    return bits != sign && !std::isnan(std::bit_cast<double>(bits));
}

/// Takes one part off; false where the bytes are none.
[[nodiscard]] bool skip(std::string_view& key, key_part part, bool last) noexcept {
    const auto drop = [&](std::size_t bytes) {
        if (key.size() < bytes) {
            return false;
        }
        key.remove_prefix(bytes);
        return true;
    };
    switch (part) {
    case key_part::string:
        if (last) {
            return drop(key.size());
        }
        for (std::size_t i = 0; (i = key.find('\0', i)) != key.npos && i + 1 < key.size(); i += 2) {
            if (key[i + 1] == '\1') {
                return drop(i + 2);
            }
            if (key[i + 1] != '\xFF') {
                return false;
            }
        }
        return false;
    case key_part::boolean: {
        const bool known = !key.empty() && static_cast<unsigned char>(key[0]) <= 1;
        return known && drop(1);
    }
    case key_part::uuid:
        return drop(16);
    case key_part::float64:
        return is_float(key) && drop(8);
    default:
        return drop(8);
    }
}

} // namespace

key_type::key_type(std::span<const key_part> parts) {
    if (parts.empty() || parts.size() > parts_max) {
        throw error(errc::invalid_argument, "a key has one to eight parts");
    }
    std::copy(parts.begin(), parts.end(), parts_.begin());
    size_ = static_cast<std::uint8_t>(parts.size());
}

std::string key_type::name() const {
    if (!is_tuple()) {
        return std::string(name_of(parts_[0]));
    }
    std::string name;
    for (const key_part part : parts()) {
        name.append(name.empty() ? "(" : ",").append(name_of(part));
    }
    return name + ")";
}

key_type key_type::parse(std::string_view name) {
    if (const std::optional<key_part> only = part_of(name)) {
        return *only;
    }
    if (name.size() < 2 || name.front() != '(' || name.back() != ')') {
        throw_unknown(name);
    }
    std::vector<key_part> parts;
    for (std::string_view rest = name.substr(1, name.size() - 2);;) {
        const std::size_t comma = rest.find(',');
        const std::optional<key_part> part = part_of(rest.substr(0, comma));
        if (!part || parts.size() == parts_max) {
            throw_unknown(name);
        }
        parts.push_back(*part);
        if (comma == rest.npos) {
            break;
        }
        rest.remove_prefix(comma + 1);
    }
    if (parts.size() < 2) {
        throw_unknown(name);
    }
    return key_type(std::span<const key_part>(parts));
}

bool key_type::accepts(std::string_view key) const noexcept {
    for (std::size_t i = 0; i < size_; ++i) {
        if (!skip(key, parts_[i], i + 1U == size_)) {
            return false;
        }
    }
    return key.empty();
}

namespace detail {

void throw_bad_key(std::string_view what) { throw error(errc::invalid_argument, std::string(what)); }

void throw_corrupt_key() {
    throw error(errc::corrupt, "a key is not of the map's key type; run 'holdfast check' on the store");
}

void throw_key_out_of_range(std::string_view what) {
    throw error(errc::out_of_range, std::string(what) + " does not fit the type that the key is read as");
}

void append_float(std::string& to, double number) {
    if (std::isnan(number)) {
        throw_bad_key("NaN can't be a key: it has no place in an order");
    }
    const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number); // -0.0 equals 0
    append_big_endian(to, (bits & sign_bit) != 0 ? ~bits : bits ^ sign_bit);
}

double key_reader::take_float() {
    const std::uint64_t bits = take_big_endian();
    const double number = std::bit_cast<double>((bits & sign_bit) != 0 ? bits ^ sign_bit : ~bits);
    if (std::isnan(number)) {
        throw_corrupt_key();
    }
    return number;
}

void append_escaped(std::string& to, std::string_view text) {
    for (std::size_t zero = 0; (zero = text.find('\0')) != text.npos; text.remove_prefix(zero + 1)) {
        to.append(text.substr(0, zero + 1)).push_back('\xFF');
    }
    to.append(text).append("\0\1", 2);
}

std::string key_reader::take_escaped() {
    std::string text;
    for (;;) {
        const std::size_t zero = rest_.find('\0');
        if (zero == rest_.npos || zero + 1 == rest_.size()) {
            throw_corrupt_key();
        }
        text.append(take(zero));
        const char mark = take(2)[1];
        if (mark == '\1') {
            return text;
        }
        if (mark != '\xFF') {
            throw_corrupt_key();
        }
        text.push_back('\0');
    }
}

} // namespace detail

} // namespace holdfast
