// The list of stores, as far as their libraries were found.
#include "stores/registry.hpp"

namespace compare {

drivers all_drivers() {
    drivers all;
    add_holdfast(all);
#ifdef HOLDFAST_COMPARE_LMDB
    add_lmdb(all);
#endif
    return all;
}

std::vector<left_out> not_built_in() {
    std::vector<left_out> all;
#ifndef HOLDFAST_COMPARE_LMDB
    all.push_back({"lmdb", "built without it (Debian: liblmdb-dev)"});
#endif
    return all;
}

} // namespace compare
