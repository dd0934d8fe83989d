// The smallest user of the installed package: it opens a store.

#include <holdfast/store.hpp>

int main(int argc, char** argv) {
    if (argc != 2) {
        return 2;
    }
    const auto store = holdfast::store::open(argv[1]);
    return 0;
}
