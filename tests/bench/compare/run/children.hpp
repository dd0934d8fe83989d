// Measurements that take processes of their own: this program again, with a role.
//
// A child opens the store of the parent's folder, says that it is ready, begins when told, and prints its figures. The
// parent must have closed the store; a server goes on.
#pragma once

#include <memory>
#include <vector>

#include "stores/store.hpp"
#include "workloads/workload.hpp"

namespace compare {

/// So many children together, "get" or "put", for the usual time: the time of one operation of all of them together.
/// Puts are durable if that is possible.
[[nodiscard]] measurement run_children(const bench& with, const std::string& role, std::size_t count);

struct opened_and_read {
    double open_ns = 0; ///< and the first get
    double close_ns = 0;
    double own_bytes = 0;  ///< anonymous memory, before closing, beyond that before opening
    double file_bytes = 0; ///< pages of files in memory, likewise
};
/// One child that opens, gets once, or as often as there are entries, and closes.
[[nodiscard]] opened_and_read run_opener(const bench& with, bool reads_on);

/// What a child does: `given.role` on the store in `given.folder`.
void be_child(const options& given, const driver& of);

} // namespace compare
