// Levels of durability: of a handle, and of one transaction.
#include <holdfast/store.hpp>

#undef NDEBUG // the assertions are the point
#include <cassert>
#include <cstdint>

int main() {
    auto store = holdfast::store::open("accounts.hold", {.durability = holdfast::durability::commit});
    store.put("balance/ada", std::int64_t{100}); // on the medium when it returns
    store.update([](holdfast::write_transaction& tx) {
        tx.set_durability(holdfast::durability::process); // this one need not be
        tx.put("last-seen/ada", "today");
    });
    assert(store.get<std::int64_t>("balance/ada") == 100);
    assert(store.stat().durability == holdfast::durability::commit);
}
