// A type with every kind of field, and random values of it.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <deque>
#include <forward_list>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/variant.hpp>

#include <holdfast/document.hpp>

namespace holdfast::test {

enum class kind : std::int16_t { none, some, many };

struct inner_object {
    std::string text;
    std::int32_t number = 0;
    std::optional<kind> which;
    bool operator==(const inner_object&) const = default;

    template <class Archive>
    void serialize(Archive& archive, std::uint32_t) {
        archive(CEREAL_NVP(text), CEREAL_NVP(number), CEREAL_NVP(which));
    }
};

struct everything {
    std::tuple<bool, char, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
               std::uint32_t, std::int64_t, std::uint64_t>
        integers;
    std::tuple<float, double, long double> floats;
    std::string text;
    std::u32string wide;
    std::vector<std::byte> bytes;
    std::array<std::uint8_t, 5> five{};
    std::vector<double> numbers;
    std::vector<bool> flags;
    std::array<std::string, 2> two;
    std::deque<std::int16_t> deque;
    std::list<std::string> list;
    std::forward_list<kind> forward;
    std::set<std::int64_t> set;
    std::multiset<std::string> multiset;
    std::map<std::string, inner_object> named;
    std::map<std::int32_t, std::vector<std::string>> numbered;
    std::unordered_map<std::string, double> unordered;
    std::multimap<std::string, std::int32_t> multi;
    std::optional<inner_object> maybe;
    std::optional<std::optional<std::string>> twice;
    std::variant<std::monostate, std::int32_t, std::string, inner_object> either;
    std::pair<std::complex<double>, std::chrono::nanoseconds> pair;
    std::bitset<77> bits;
    std::vector<inner_object> objects;
    bool operator==(const everything&) const = default;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(integers), CEREAL_NVP(floats), CEREAL_NVP(text), CEREAL_NVP(wide),
                CEREAL_NVP(bytes), CEREAL_NVP(five), CEREAL_NVP(numbers), CEREAL_NVP(flags), CEREAL_NVP(two),
                CEREAL_NVP(deque));
        archive(list, forward, set, multiset, named);
        archive(CEREAL_NVP(numbered), CEREAL_NVP(unordered), CEREAL_NVP(multi), CEREAL_NVP(maybe),
                CEREAL_NVP(twice), CEREAL_NVP(either), CEREAL_NVP(pair), CEREAL_NVP(bits),
                CEREAL_NVP(objects));
    }
};

/// Random values, the remarkable ones often.
class random_values {
public:
    explicit random_values(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    template <class T>
    requires std::is_integral_v<T>
    void fill(T& value) {
        const std::uint64_t bits = random_() >> below(64);
        value = static_cast<T>(below(2) == 0 ? bits : ~bits);
    }
    void fill(bool& value) { value = below(2) == 0; }
    template <class T>
    requires std::is_floating_point_v<T>
    void fill(T& value) {
        constexpr std::array<double, 8> remarkable{0.0,  -0.0, 1.0, 0.1, 1e300, 5e-324, 9007199254740993.0,
                                                   -1e15};
        double number = remarkable[below(remarkable.size())];
        if (below(3) > 0) {
            const std::uint64_t bits = random_();
            std::memcpy(&number, &bits, sizeof number);
        }
        value = static_cast<T>(number);
        if (value != value) {
            value = std::numeric_limits<T>::infinity();
        }
    }
    void fill(kind& value) { value = static_cast<kind>(below(3)); }
    void fill(std::byte& value) { value = static_cast<std::byte>(below(256)); }
    void fill(std::string& value) {
        constexpr std::array<const char*, 8> pieces{"a",  "$bytes",           "\xC3\xA9", "\"\\",
                                                    "\n", "\xF0\x9F\x98\x80", "\x7F",     "x"};
        for (std::uint64_t left = size(); left > 0; --left) {
            value += pieces[below(pieces.size())];
        }
        if (below(20) == 0) {
            value += "\xFF";
        }
    }
    void fill(inner_object& value) {
        fill(value.text);
        fill(value.number);
        fill(value.which);
    }
    void fill(std::monostate&) {}
    template <std::size_t Size>
    void fill(std::bitset<Size>& value) {
        for (std::size_t i = 0; i < Size; ++i) {
            value[i] = below(2) == 0;
        }
    }
    void fill(std::complex<double>& value) { value = {make<double>(), make<double>()}; }
    void fill(std::chrono::nanoseconds& value) { value = std::chrono::nanoseconds(make<std::int64_t>()); }
    template <class T>
    void fill(std::optional<T>& value) {
        if (below(3) > 0) {
            fill(value.emplace());
        }
    }
    template <class T, class U>
    void fill(std::pair<T, U>& value) {
        fill(const_cast<std::remove_const_t<T>&>(value.first));
        fill(value.second);
    }
    template <class... Ts>
    void fill(std::tuple<Ts...>& value) {
        std::apply([this](auto&... each) { (this->fill(each), ...); }, value);
    }
    template <class... Ts>
    void fill(std::variant<Ts...>& value) {
        std::uint64_t left = below(sizeof...(Ts));
        static_cast<void>(((left-- == 0 ? (value = make<Ts>(), true) : false) || ...));
    }
    template <class T, std::size_t Size>
    void fill(std::array<T, Size>& value) {
        for (T& each : value) {
            fill(each);
        }
    }
    void fill(std::vector<bool>& value) {
        for (std::uint64_t left = size(); left > 0; --left) {
            value.push_back(below(2) == 0);
        }
    }
    template <class T>
    void fill(std::forward_list<T>& value) {
        value.resize(size());
        for (T& each : value) {
            fill(each);
        }
    }
    template <class Container>
    requires requires(Container container) {
        container.insert(container.end(), typename Container::value_type{});
    }
    void fill(Container& value) {
        for (std::uint64_t left = size(); left > 0; --left) {
            typename Container::value_type made{};
            fill(made);
            value.insert(value.end(), made);
        }
    }
    void fill(everything& value) {
        fill(value.integers);
        fill(value.floats);
        fill(value.text);
        fill(value.wide);
        fill(value.bytes);
        fill(value.five);
        fill(value.numbers);
        fill(value.flags);
        fill(value.two);
        fill(value.deque);
        fill(value.list);
        fill(value.forward);
        fill(value.set);
        fill(value.multiset);
        fill(value.named);
        fill(value.numbered);
        fill(value.unordered);
        fill(value.multi);
        fill(value.maybe);
        fill(value.twice);
        fill(value.either);
        fill(value.pair);
        fill(value.bits);
        fill(value.objects);
    }

    template <class T>
    [[nodiscard]] T make() {
        T value{};
        fill(value);
        return value;
    }

private:
    /// Of a container: mostly few, at times beyond what the short heads count.
    std::uint64_t size() { return below(30) == 0 ? below(300) : below(5); }

    std::mt19937_64 random_;
};

} // namespace holdfast::test

CEREAL_CLASS_VERSION(holdfast::test::inner_object, 4)
