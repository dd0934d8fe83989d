// Polymorphic types behind smart pointers: registered ones come back as what they were, and a document can't pass one
// type off as another.
#include <cereal/types/base_class.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>

#include "support.hpp"

namespace holdfast::test {

struct animal {
    animal() = default;
    animal(const animal&) = delete;
    animal& operator=(const animal&) = delete;
    virtual ~animal() = default;
    [[nodiscard]] virtual std::string sound() const = 0;
    int legs = 4;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(legs));
    }
};

struct dog : animal {
    std::string name;
    [[nodiscard]] std::string sound() const override { return name + " barks"; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(cereal::base_class<animal>(this), CEREAL_NVP(name));
    }
};

struct puppy final : dog {
    int weeks = 0;
    [[nodiscard]] std::string sound() const override { return name + " yaps"; }

    template <class Archive>
    void serialize(Archive& archive) {
        archive(cereal::make_nvp("base", cereal::virtual_base_class<dog>(this)), CEREAL_NVP(weeks));
    }
};

struct stray : animal {
    [[nodiscard]] std::string sound() const override { return "-"; }
    template <class Archive>
    void serialize(Archive&) {}
};

/// Without a default constructor.
struct point {
    point(int first, int second) : x(first), y(second) {}
    int x, y;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(x), CEREAL_NVP(y));
    }
    template <class Archive>
    static void load_and_construct(Archive& archive, cereal::construct<point>& construct) {
        int x = 0;
        int y = 0;
        archive(CEREAL_NVP(x), CEREAL_NVP(y));
        construct(x, y);
    }
};

struct chain {
    std::shared_ptr<chain> next;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(next));
    }
};

} // namespace holdfast::test

CEREAL_REGISTER_TYPE(holdfast::test::dog)
CEREAL_REGISTER_TYPE_WITH_NAME(holdfast::test::puppy, "puppy")

namespace holdfast::test {
namespace {

TEST(polymorphic, types_come_back_as_what_they_were) {
    std::vector<std::unique_ptr<animal>> animals;
    auto rex = std::make_unique<dog>();
    rex->name = "Rex";
    rex->legs = 3;
    animals.push_back(std::move(rex));
    auto ada = std::make_unique<puppy>();
    ada->name = "Ada";
    ada->weeks = 5;
    animals.push_back(std::move(ada));
    animals.push_back(nullptr);
    const std::string document = to_document(animals);
    const auto read = from_document<std::vector<std::unique_ptr<animal>>>(document);
    ASSERT_EQ(read.size(), 3U);
    EXPECT_EQ(read[0]->sound(), "Rex barks");
    EXPECT_EQ(read[0]->legs, 3);
    EXPECT_EQ(read[1]->sound(), "Ada yaps");
    EXPECT_EQ(dynamic_cast<const puppy&>(*read[1]).weeks, 5);
    EXPECT_EQ(read[2], nullptr);
    EXPECT_EQ(to_hex(to_document(read)), to_hex(document));
    EXPECT_EQ(json_of(animals[1]),
              R"({"polymorphic_id":2147483649,"polymorphic_name":"puppy","ptr_wrapper":{"valid":1,"data":)"
              R"({"base":{"value0":{"legs":4},"name":"Ada"},"weeks":5}}})");
}

TEST(polymorphic, shared_pointers_share) {
    std::pair<std::shared_ptr<animal>, std::shared_ptr<dog>> both;
    both.second = std::make_shared<dog>();
    both.first = both.second;
    const auto read = from_document<decltype(both)>(to_document(both));
    EXPECT_EQ(read.first, read.second);
}

TEST(polymorphic, unregistered_types_are_errors) {
    const std::unique_ptr<animal> unknown = std::make_unique<stray>();
    expect_error(errc::invalid_argument, "unregistered polymorphic type",
                 [&] { static_cast<void>(to_document(unknown)); });
    expect_error(errc::wrong_type, "unregistered polymorphic type (cat)", [] {
        static_cast<void>(
            from_json<std::unique_ptr<animal>>(R"({"polymorphic_id":2147483649,"polymorphic_name":"cat"})"));
    });
    expect_error(errc::corrupt, "Could not find type id 7",
                 [] { static_cast<void>(from_json<std::unique_ptr<animal>>(R"({"polymorphic_id":7})")); });
    expect_error(errc::wrong_type, "lacks 'polymorphic_id'",
                 [] { static_cast<void>(from_json<std::unique_ptr<animal>>("{}")); });
}

TEST(polymorphic, types_without_a_default_constructor) {
    const std::vector<std::unique_ptr<point>> points = [] {
        std::vector<std::unique_ptr<point>> made;
        made.push_back(std::make_unique<point>(1, 2));
        return made;
    }();
    EXPECT_EQ(from_document<std::vector<std::unique_ptr<point>>>(to_document(points))[0]->y, 2);
    const auto shared = std::make_shared<point>(3, 4);
    EXPECT_EQ(from_document<std::shared_ptr<point>>(to_document(shared))->x, 3);
}

TEST(polymorphic, a_shared_object_is_not_taken_for_one_of_another_type) {
    using both = std::pair<std::shared_ptr<std::string>, std::shared_ptr<std::vector<int>>>;
    const char* json =
        R"({"first":{"ptr_wrapper":{"id":2147483649,"data":"text"}},"second":{"ptr_wrapper":{"id":1}}})";
    expect_error(errc::corrupt, "an object of another type",
                 [&] { static_cast<void>(from_json<both>(json)); });
    expect_error(errc::corrupt, "Could not find id 5",
                 [] { static_cast<void>(from_json<std::shared_ptr<int>>(R"({"ptr_wrapper":{"id":5}})")); });
}

TEST(polymorphic, pointers_nest_as_deep_as_a_document_may) {
    // Three levels a link: the object, the pointer and its wrapper.
    std::shared_ptr<chain> first;
    for (int i = 0; i < 42; ++i) {
        auto link = std::make_shared<chain>();
        link->next = first;
        first = link;
    }
    EXPECT_NO_THROW(static_cast<void>(from_document<std::shared_ptr<chain>>(to_document(first))));
    for (int i = 0; i < 1000; ++i) {
        auto link = std::make_shared<chain>();
        link->next = first;
        first = link;
    }
    expect_error(errc::invalid_argument, "more than 128 levels",
                 [&] { static_cast<void>(to_document(first)); });
}

} // namespace
} // namespace holdfast::test
