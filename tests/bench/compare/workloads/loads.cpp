// Filling an empty store, and the disk space it takes then.
#include <filesystem>
#include <sys/stat.h>

#include "workloads/workload.hpp"

namespace compare {

namespace {

[[nodiscard]] bool writes(const abilities& can) { return can.batches; }

[[nodiscard]] double allocated_bytes(const std::filesystem::path& folder) {
    double sum = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
        struct stat found {};
        if (each.is_regular_file() && ::stat(each.path().c_str(), &found) == 0) {
            sum += static_cast<double>(found.st_blocks) * 512;
        }
    }
    return sum;
}

/// After a clean close, which is when a store has tidied up.
[[nodiscard]] measurement disk(const bench& with) {
    with.on.opened().settle();
    with.on.close();
    const double bytes = allocated_bytes(with.on.folder());
    with.on.open();
    return {"disk", bytes, "bytes"};
}

[[nodiscard]] measurements load(const bench& with, const key_sequence& keys) {
    const timed all = with.on.load(keys);
    with.on.verify(with.seed);
    measurements result = {{"", all.each()}};
    if (with.on.of().can().file) {
        result.push_back(disk(with));
    }
    return result;
}

} // namespace

void add_loads(std::vector<workload>& all) {
    all.push_back({"load-sorted",
                   "put all keys in their order into an empty store, 1000 a transaction",
                   {state::empty},
                   true,
                   false,
                   writes,
                   [](const bench& with, state) { return load(with, with.on.keys().sorted()); }});
    all.push_back({"load-random",
                   "put all keys in random order into an empty store, 1000 a transaction",
                   {state::empty},
                   true,
                   false,
                   writes,
                   [](const bench& with, state) { return load(with, with.on.keys().shuffled(with.seed)); }});
    all.push_back({"transaction-of-all",
                   "put all keys in random order in one transaction",
                   {state::loaded},
                   true,
                   false,
                   writes,
                   [](const bench& with, state) -> measurements {
                       const key_sequence keys = with.on.keys().shuffled(with.seed);
                       const timed done = with.on.load(keys, keys.size());
                       with.on.verify(with.seed);
                       return {{"", done.each()}};
                   }});
}

} // namespace compare
