// Your own types: documents and their versions, raw objects, typed keys and maps.
#undef NDEBUG // the assertions are the point
#include <cassert>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <holdfast/document.hpp>
#include <holdfast/json.hpp>
#include <holdfast/store.hpp>

struct user {
    std::string name;
    int age = 0;
    std::vector<std::string> groups;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age), CEREAL_NVP(groups));
    }
};

template <>
struct holdfast::type_description<user> {
    static constexpr std::string_view name = "user";
};

struct user_since_2027 {
    std::string name;
    int age = 0;
    std::vector<std::string> groups;
    std::string language = "en"; // new: what an older program stored keeps this default

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age), CEREAL_NVP(groups), CEREAL_NVP(language));
    }
};

struct sample {
    std::int64_t time_ns;
    double value;
};

template <>
struct holdfast::type_description<sample> {
    static constexpr std::string_view name = "sample";
    static constexpr std::uint32_t raw_version = 1; // raise it when the layout changes
};

int main() {
    auto store = holdfast::store::open("app.hold");

    auto users = store.map<std::string, user>("users"); // an ordered, typed, persistent map
    auto visits = store.map<std::string, std::int64_t>("visits");

    users.put("ada", {"Ada", 36, {"admins"}});
    if (std::optional<user> found = users.get("ada")) {
        std::cout << found->name << " is " << found->age << '\n';
    }

    store.update([&](holdfast::write_transaction& tx) { // all or nothing, across maps
        tx.in(users).put("alan", {"Alan", 41, {}});
        tx.in(users).modify("ada", [](user& ada) { ada.age += 1; });
        tx.in(visits).add("alan", 1); // a counter
    });

    holdfast::snapshot now = store.snapshot();
    for (auto&& [key, one] : now.in(users).prefix("a")) {
        std::cout << key << ": " << one.name << '\n';
    }
    assert(users.get("ada")->age == 37);

    auto later = store.map<std::string, user_since_2027>("users");
    assert(later.get("ada")->language == "en");

    const holdfast::map_view untyped = now.map("users");
    assert(holdfast::document_to_json(untyped.get("alan")->text()) ==
           R"({"name":"Alan","age":41,"groups":[]})");

    store.update([](holdfast::write_transaction& tx) { // as `holdfast put -t json` does it
        const std::string document = holdfast::document_from_json(R"({"age": 45, "name": "Grace"})");
        tx.map("users").put("grace", holdfast::value_view(holdfast::value_type::document, document));
    });
    assert(users.get("grace")->age == 45);

    using sample_key = std::tuple<std::string, std::int64_t>; // sensor and time; sorts by both
    auto samples = store.map<sample_key, sample>("samples");
    samples.put({"kitchen", 1}, {1, 20.5});
    samples.put({"kitchen", 2}, {2, 20.75});
    samples.put({"roof", 1}, {1, -3.0});

    now = store.snapshot();
    const sample* first = now.in(samples).get({"kitchen", 1}); // in the file, nothing is copied
    assert(first != nullptr && first->value == 20.5);
    double sum = 0;
    for (auto&& [key, one] : now.in(samples).prefix("kitchen")) {
        sum += one.value; // a const sample&
    }
    assert(sum == 41.25);

    try {
        (void)store.map<std::string, sample>("samples");
        assert(false);
    } catch (const holdfast::error& failure) {
        // app.hold: map 'samples' has keys of type (string,int), not string; open it with that type, or drop it first
        assert(failure.reason() == holdfast::errc::wrong_type);
    }
    store.put("answer", 42);
    assert(store.get<double>("answer") == 42.0); // numbers convert when that is exact
    try {
        (void)store.get<std::string>("answer");
        assert(false);
    } catch (const holdfast::error& failure) {
        assert(std::string_view(failure.what()) == "app.hold, key 'answer': holds an int, not a string");
    }
}
