// The first session of the guide: a store, single entries, a transaction, a snapshot.
#include <holdfast/store.hpp>

#undef NDEBUG // the assertions are the point
#include <cassert>
#include <iostream>

int main() {
    auto store = holdfast::store::open("app.hold"); // opens, or creates

    store.put("greeting", "hello"); // one transaction
    if (auto value = store.get("greeting")) {
        std::cout << value->text() << '\n'; // an owning copy
    }

    store.update([&](holdfast::write_transaction& tx) { // all or nothing, across maps
        tx.map("users").put("ada", "36");
        tx.map("users").put("alan", "41");
        tx.map("log").erase("old");
    });

    holdfast::snapshot now = store.snapshot(); // one consistent state, no locks
    for (auto&& [key, value] : now.map("users").prefix("a")) {
        std::cout << key << " is " << value.text() << '\n'; // views into the file
    }

    assert(store.get("greeting")->text() == "hello");
    assert(now.map("users").size() == 2);
    assert(!now.map("log").contains("old"));
}
