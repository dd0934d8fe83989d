// The list of stores, as far as their libraries were found.
#include "stores/registry.hpp"

namespace compare {

drivers all_drivers() {
    drivers all;
    add_holdfast(all);
#ifdef HOLDFAST_COMPARE_LMDB
    add_lmdb(all);
#endif
#ifdef HOLDFAST_COMPARE_ROCKSDB
    add_rocksdb(all);
#endif
#ifdef HOLDFAST_COMPARE_LEVELDB
    add_leveldb(all);
#endif
#ifdef HOLDFAST_COMPARE_TKRZW
    add_tkrzw(all);
#endif
#ifdef HOLDFAST_COMPARE_KYOTO
    add_kyoto(all);
#endif
#ifdef HOLDFAST_COMPARE_SQLITE
    add_sqlite(all);
#endif
    add_boost(all);
#ifdef HOLDFAST_COMPARE_REDIS
    add_redis(all);
#endif
    add_memcached(all);
    add_limits(all);
    return all;
}

std::vector<left_out> not_built_in() {
    std::vector<left_out> all;
#ifndef HOLDFAST_COMPARE_LMDB
    all.push_back({"lmdb", "built without it (Debian: liblmdb-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_ROCKSDB
    all.push_back({"rocksdb", "built without it (Debian: librocksdb-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_LEVELDB
    all.push_back({"leveldb", "built without it (Debian: libleveldb-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_TKRZW
    all.push_back({"tkrzw", "built without it (Debian: libtkrzw-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_KYOTO
    all.push_back({"kyoto", "built without it (Debian: libkyotocabinet-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_SQLITE
    all.push_back({"sqlite", "built without it (Debian: libsqlite3-dev)"});
#endif
#ifndef HOLDFAST_COMPARE_REDIS
    all.push_back({"redis", "built without it (Debian: libhiredis-dev)"});
#endif
    return all;
}

} // namespace compare
