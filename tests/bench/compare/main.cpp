// Holdfast beside other stores: the program. `--help` explains; docs/benchmarks.md says what the rows mean.
#include <algorithm>
#include <cstdio>
#include <exception>

#include "run/children.hpp"
#include "run/options.hpp"
#include "run/results.hpp"
#include "run/runner.hpp"
#include "stores/registry.hpp"
#include "workloads/workload.hpp"

namespace compare {

namespace {

/// "put*" names all that begin with put.
[[nodiscard]] bool names(const std::string& pattern, const std::string& name) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : pattern == name;
}

[[nodiscard]] bool wanted(const std::vector<std::string>& patterns, const std::string& name) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [&](const std::string& each) { return names(each, name); });
}

void expect_known(const std::vector<std::string>& patterns, const std::vector<std::string>& known) {
    for (const std::string& each : patterns) {
        require(std::any_of(known.begin(), known.end(),
                            [&](const std::string& name) { return names(each, name); }),
                "there is no '" + each + "' here; --list shows what there is");
    }
}

void list(const drivers& stores, const std::vector<workload>& workloads,
          const std::vector<left_out>& missing) {
    std::printf("Stores:\n");
    for (const auto& each : stores) {
        std::printf("  %-22s %s\n", each->name().c_str(), each->version().c_str());
    }
    for (const left_out& each : missing) {
        std::printf("  %-22s left out: %s\n", each.what.c_str(), each.why.c_str());
    }
    std::printf("Workloads:\n");
    for (const workload& each : workloads) {
        std::printf("  %-22s %s\n", each.name.c_str(), each.what.c_str());
    }
}

[[nodiscard]] std::vector<left_out> without(drivers& stores) {
    std::vector<left_out> missing = not_built_in();
    std::erase_if(stores, [&](const std::unique_ptr<driver>& each) {
        const std::string why = each->missing();
        if (!why.empty()) {
            missing.push_back({each->name(), why});
        }
        return !why.empty();
    });
    return missing;
}

void run(const options& given) {
    drivers stores = all_drivers();
    const std::vector<left_out> missing = without(stores);
    std::vector<workload> workloads = all_workloads();
    if (given.list) {
        list(stores, workloads, missing);
        return;
    }
    std::vector<std::string> store_names;
    std::vector<const driver*> chosen;
    for (const auto& each : stores) {
        store_names.push_back(each->name());
        if (wanted(given.stores, each->name())) {
            chosen.push_back(each.get());
        }
    }
    std::vector<std::string> workload_names;
    for (const workload& each : workloads) {
        workload_names.push_back(each.name);
    }
    expect_known(given.stores, store_names);
    if (!given.role.empty()) {
        be_child(given, *chosen.at(0));
        return;
    }
    expect_known(given.workloads, workload_names);
    std::erase_if(workloads, [&](const workload& each) { return !wanted(given.workloads, each.name); });
    results to(given.out);
    run_all(given, chosen, workloads, to);
    for (const left_out& each : missing) {
        to.write_left_out(each.what, each.why);
    }
}

} // namespace

} // namespace compare

int main(int count, char** words) {
    try {
        compare::run(compare::parse(count, words));
        return 0;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "holdfast_bench_compare: %s\n", failure.what());
        return 1;
    }
}
