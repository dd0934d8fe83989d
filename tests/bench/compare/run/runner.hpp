// Runs workloads: for each data set, each workload, each repetition, all stores in turns.
#pragma once

#include <vector>

#include "run/options.hpp"
#include "run/results.hpp"
#include "stores/store.hpp"
#include "workloads/workload.hpp"

namespace compare {

/// Stores and workloads are those that were asked for and can be had.
void run_all(const options& given, const std::vector<const driver*>& stores,
             const std::vector<workload>& workloads, results& to);

} // namespace compare
