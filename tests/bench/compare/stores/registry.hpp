// All stores that this program was built with, and those that it was not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "stores/store.hpp"

namespace compare {

using drivers = std::vector<std::unique_ptr<driver>>;

/// Those that were built in, Holdfast first, limits last.
[[nodiscard]] drivers all_drivers();

struct left_out {
    std::string what;
    std::string why;
};
/// Those whose libraries were not there when this was built.
[[nodiscard]] std::vector<left_out> not_built_in();

// One file each.
void add_holdfast(drivers& all);
void add_lmdb(drivers& all);
void add_rocksdb(drivers& all);
void add_leveldb(drivers& all);
void add_tkrzw(drivers& all);
void add_kyoto(drivers& all);
void add_sqlite(drivers& all);
void add_boost(drivers& all);
void add_redis(drivers& all);
void add_memcached(drivers& all);
void add_limits(drivers& all);

} // namespace compare
