// The list of all workloads.
#include "workloads/workload.hpp"

namespace compare {

std::string_view name_of(state of) noexcept {
    switch (of) {
    case state::empty:
        return "empty";
    case state::loaded:
        return "just loaded";
    case state::in_use:
        return "in use";
    }
    return "";
}

void require_all(const value_check& check, std::uint64_t expected, const std::string& what) {
    require(check.taken() == expected && check.good() == expected,
            what + ": " + std::to_string(expected) + " values expected, " + std::to_string(check.taken()) +
                " found, " + std::to_string(check.good()) + " of them right");
}

std::vector<workload> all_workloads() {
    std::vector<workload> all;
    add_loads(all);
    add_reads(all);
    add_scans(all);
    add_writes(all);
    add_maps(all);
    add_concurrent(all);
    add_opening(all);
    add_durable(all);
    return all;
}

} // namespace compare
