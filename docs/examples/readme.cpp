// The first session of the README.
#undef NDEBUG // the assertions are the point
#include <cassert>
#include <iostream>
#include <string>

#include <holdfast/document.hpp>
#include <holdfast/store.hpp>

struct user {
    std::string name;
    int age = 0;
    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(age));
    }
};

int main() {
    auto store = holdfast::store::open("app.hold");     // opens, or creates
    auto users = store.map<std::string, user>("users"); // an ordered, typed, persistent map

    users.put("ada", {"Ada", 36}); // one transaction
    if (auto ada = users.get("ada")) {
        std::cout << ada->name << '\n'; // read without a lock
    }

    store.update([&](holdfast::write_transaction& tx) { // all or nothing, across maps
        tx.in(users).put("grace", {"Grace", 45});
        tx.map("log").erase("old");
    });

    holdfast::snapshot now = store.snapshot(); // one consistent state, no locks
    for (auto&& [key, one] : now.in(users).prefix("a")) {
        std::cout << key << " is " << one.age << '\n';
    }

    assert(users.size() == 2);
}
