// A type with one of everything that reading a document has to get right: recursion, sharing, classes with versions,
// polymorphic pointers, containers of all kinds.
#pragma once

#include <holdfast/document.hpp>

#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/variant.hpp>

namespace holdfast::fuzz {

struct shape {
    shape() = default;
    shape(const shape&) = delete;
    shape& operator=(const shape&) = delete;
    virtual ~shape() = default;
    double weight = 0;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(weight));
    }
};

struct circle : shape {
    float radius = 0;

    template <class Archive>
    void serialize(Archive& archive, std::uint32_t version) {
        archive(cereal::make_nvp("base", cereal::base_class<shape>(this)));
        if (version > 0) {
            archive(CEREAL_NVP(radius));
        }
    }
};

struct path : shape {
    std::vector<std::shared_ptr<shape>> parts;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(cereal::base_class<shape>(this), CEREAL_NVP(parts));
    }
};

enum class color : std::uint8_t { red, green };

struct rich_object {
    std::string text;
    bool flag = false;
    std::int8_t small = 0;
    std::uint64_t large = 0;
    float single = 0;
    double number = 0;
    long double longest = 0;
    color paint = color::red;
    std::vector<std::byte> bytes;
    std::array<std::uint8_t, 4> four{};
    int grid[2][2]{};
    std::vector<rich_object> children;
    std::map<std::string, rich_object> named;
    std::map<int, std::string> numbered;
    std::set<std::string> words;
    std::list<std::optional<int>> maybe;
    std::optional<std::optional<double>> twice;
    std::variant<std::monostate, int, std::string, std::vector<float>> either;
    std::unique_ptr<rich_object> next;
    std::shared_ptr<std::string> shared;
    std::shared_ptr<int> other;
    std::unique_ptr<shape> drawn;
    std::shared_ptr<shape> drawn_together;
    std::tuple<int, std::complex<double>, std::chrono::milliseconds> mixed;
    std::bitset<70> bits;
    std::u16string wide;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(text), CEREAL_NVP(flag), CEREAL_NVP(small), CEREAL_NVP(large), CEREAL_NVP(single),
                CEREAL_NVP(number), CEREAL_NVP(longest), CEREAL_NVP(paint), CEREAL_NVP(bytes),
                CEREAL_NVP(four), CEREAL_NVP(grid), CEREAL_NVP(children), CEREAL_NVP(named),
                CEREAL_NVP(numbered), CEREAL_NVP(words));
        archive(CEREAL_NVP(maybe), CEREAL_NVP(twice), CEREAL_NVP(either), CEREAL_NVP(next),
                CEREAL_NVP(shared), CEREAL_NVP(other), CEREAL_NVP(drawn), CEREAL_NVP(drawn_together));
        archive(mixed, bits, wide);
    }
};

} // namespace holdfast::fuzz

CEREAL_CLASS_VERSION(holdfast::fuzz::circle, 1)
CEREAL_REGISTER_TYPE(holdfast::fuzz::circle)
CEREAL_REGISTER_TYPE(holdfast::fuzz::path)
