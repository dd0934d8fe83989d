// A small user of the installed package: opens a store, and puts and gets a document of its own type.

#include <string>

#include <holdfast/document.hpp>
#include <holdfast/json.hpp>
#include <holdfast/store.hpp>

struct user {
    std::string name;
    int age = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age));
    }
};

int main(int argc, char** argv) {
    if (argc != 2) {
        return 2;
    }
    auto store = holdfast::store::open(argv[1]);
    auto users = store.map<std::string, user>("users");
    users.put("ada", {"Ada", 36});
    const holdfast::snapshot now = store.snapshot();
    const bool right =
        users.get("ada")->age == 36 &&
        holdfast::document_to_json(now.map("users").get("ada")->text()) == R"({"name":"Ada","age":36})";
    return right ? 0 : 1;
}
