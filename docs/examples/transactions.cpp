// Transactions roll back by exception, and see their own changes.
#include <holdfast/store.hpp>

#undef NDEBUG // the assertions are the point
#include <cassert>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

namespace {

void transfer(holdfast::store& store, std::string_view from, std::string_view to, int amount) {
    store.update([&](holdfast::write_transaction& tx) {
        auto accounts = tx.map("accounts");
        const int have = std::stoi(accounts.get(from).value().text());
        const int other = std::stoi(accounts.get(to).value().text());
        accounts.put(from, std::to_string(have - amount));
        if (have < amount) {
            throw std::runtime_error("not enough money"); // nothing of the above happened
        }
        accounts.put(to, std::to_string(other + amount));
    });
}

} // namespace

int main() {
    auto store = holdfast::store::open("bank.hold");
    store.update([](holdfast::write_transaction& tx) {
        tx.map("accounts").put("ada", "100");
        tx.map("accounts").put("bob", "0");
    });

    transfer(store, "ada", "bob", 70);
    bool refused = false;
    try {
        transfer(store, "ada", "bob", 70);
    } catch (const std::runtime_error&) {
        refused = true;
    }
    assert(refused);
    assert(store.snapshot().map("accounts").get<std::string>("ada") == "30");
    assert(store.snapshot().map("accounts").get<std::string>("bob") == "70");

    store.put("leader", "host-1", holdfast::if_absent); // only if there is none
    const auto seen = store.get("leader");
    const auto outcome = store.put("leader", "host-2", {.if_version = seen->version()}); // only if unchanged
    assert(outcome == holdfast::put_outcome::replaced); // or inserted, or refused

    store.update([](holdfast::write_transaction& tx) {
        tx.map("jobs").put("job-1", "clean");
        tx.map("jobs").put("job-2", "sweep");
    });
    store.update([](holdfast::write_transaction& tx) {
        auto jobs = tx.map("jobs");
        const auto oldest = jobs.take(jobs.begin()); // the two oldest jobs
        const auto next = jobs.take(jobs.begin());
        assert(oldest->first == "job-1" && next->second.text() == "sweep");
    });

    std::jthread worker([&](std::stop_token stop) { // its end does not wait for other writers
        store.update([](holdfast::write_transaction& tx) { tx.put("worker", "was here"); }, stop);
    });
    worker.join();

    // By hand: begin, change, commit. Without commit, nothing happens.
    holdfast::write_transaction tx = store.begin_write();
    tx.put("note", "kept");
    const holdfast::version_number version = std::move(tx).commit();
    assert(store.get("note")->version() == version);
}
