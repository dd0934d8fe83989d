// Errors are one exception type with a closed list of reasons; absence is not an error.
#include <holdfast/store.hpp>

#undef NDEBUG // the assertions are the point
#include <cassert>
#include <fstream>
#include <iostream>

int main() {
    auto store = holdfast::store::open("errors.hold");
    assert(!store.get("no such key")); // absence: std::optional

    std::ofstream("notes.txt") << "not a store";
    try {
        auto other = holdfast::store::open("notes.txt");
    } catch (const holdfast::error& failure) {
        std::cout << failure.what() << '\n'; // one line: what, which file, what to do
        assert(failure.reason() == holdfast::errc::not_a_store);
    }

    try {
        store.put(std::string(holdfast::key_size_max + 1, 'k'), "value");
    } catch (const holdfast::error& failure) {
        assert(failure.code() == holdfast::errc::invalid_argument); // also a std::error_code
    }

    store.close(); // throws what could not be brought to the medium
}
