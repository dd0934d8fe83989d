// The order of a run.
//
// Reads and what is measured in use share one instance of each store, which all stay open side by side, so that rivals
// take turns within seconds. A write into a store just loaded gets a new instance in each repetition.
#include "run/runner.hpp"
#include "run/page_cache.hpp"

#include <algorithm>
#include <csignal>
#include <map>

namespace compare {

namespace {

volatile std::sig_atomic_t interruption = 0;

/// Folders and servers go away while the exception passes.
void stop_if_interrupted() { require(interruption == 0, "interrupted"); }

/// A workload in one of its states.
struct task {
    const workload* what;
    state in;
    [[nodiscard]] bool keeps() const noexcept {
        if (what->fills) {
            return false;
        }
        return in == state::in_use || (in == state::loaded && !what->changes);
    }
    /// What needs the kept instances as they were loaded comes before what is measured in use.
    [[nodiscard]] int turn() const noexcept { return in == state::in_use ? 2 : keeps() ? 1 : 0; }
};

[[nodiscard]] std::vector<task> tasks_of(const std::vector<workload>& workloads) {
    std::vector<task> result;
    for (const workload& each : workloads) {
        for (const state in : each.states) {
            result.push_back({&each, in});
        }
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const task& left, const task& right) { return left.turn() < right.turn(); });
    return result;
}

/// All that is measured with one data set.
class data_set_run {
public:
    data_set_run(const options& given, key_kind kind, std::uint64_t entries, std::size_t value_bytes,
                 results& to)
        : given_(given), keys_(kind, entries), value_bytes_(value_bytes), to_(to), sorted_(keys_.sorted()) {}

    void run(const std::vector<const driver*>& stores, const task& doing);

private:
    [[nodiscard]] std::unique_ptr<instance> make(const driver& of, state in);
    [[nodiscard]] instance& kept(const driver& of, state in);
    [[nodiscard]] measurements measure(const driver& of, const task& doing, std::uint64_t seed);
    [[nodiscard]] measurements measure_on(instance& on, const task& doing, std::uint64_t seed) const;

    const options& given_;
    key_set keys_;
    std::size_t value_bytes_;
    results& to_;
    key_sequence sorted_;
    struct kept_instance {
        std::unique_ptr<instance> one;
        state in = state::empty;
    };
    std::map<const driver*, kept_instance> kept_;
};

std::unique_ptr<instance> data_set_run::make(const driver& of, state in) {
    auto made = std::make_unique<instance>(of, keys_, value_bytes_, given_.folder, given_.seed);
    if (in != state::empty && of.can().batches) {
        made->load(sorted_);
        made->opened().settle();
    }
    return made;
}

instance& data_set_run::kept(const driver& of, state in) {
    kept_instance& found = kept_[&of];
    if (found.one == nullptr) {
        found = {make(of, state::loaded), state::loaded};
    }
    if (in == state::in_use && found.in == state::loaded) {
        found.one->put_randomly(keys_.drawn(given_.seed + 77), {given_.use_seconds});
        found.in = state::in_use;
    }
    return *found.one;
}

measurements data_set_run::measure_on(instance& on, const task& doing, std::uint64_t seed) const {
    if (doing.what->durable) {
        on.open(access::durable);
    }
    measurements result = doing.what->run({given_, on, seed}, doing.in);
    if (doing.what->durable) {
        on.open();
    }
    return result;
}

measurements data_set_run::measure(const driver& of, const task& doing, std::uint64_t seed) {
    if (doing.keeps()) {
        return measure_on(kept(of, doing.in), doing, seed);
    }
    const std::unique_ptr<instance> fresh = make(of, doing.what->fills ? state::empty : doing.in);
    return measure_on(*fresh, doing, seed);
}

void data_set_run::run(const std::vector<const driver*>& stores, const task& doing) {
    std::vector<row> rows;
    for (const driver* of : stores) {
        const std::optional<write_mode> mode = of->mode(doing.what->durable);
        if (mode && doing.what->possible(of->can()) && doing.what->fits(keys_, value_bytes_)) {
            rows.push_back(
                {of, doing.what, *mode, doing.in, keys_.entries(), value_bytes_, keys_.kind(), {}});
        }
    }
    for (int repetition = 0; repetition < given_.repetitions; ++repetition) {
        // Who comes first changes, too.
        std::rotate(rows.begin(), rows.begin() + (rows.empty() ? 0 : 1), rows.end());
        for (row& each : rows) {
            stop_if_interrupted();
            const auto seed = given_.seed + static_cast<std::uint64_t>(repetition) + 1;
            try {
                each.repetitions.push_back(measure(*each.of, doing, seed));
            } catch (const not_here& reason) {
                to_.write_left_out(each.of->name() + ", " + doing.what->name, reason.what());
            } catch (const std::exception& failure) {
                throw std::runtime_error(each.of->name() + ", " + doing.what->name + ": " + failure.what());
            }
        }
    }
    for (const row& each : rows) {
        if (!each.repetitions.empty()) {
            to_.write(each);
        }
    }
}

} // namespace

void run_all(const options& given, const std::vector<const driver*>& stores,
             const std::vector<workload>& workloads, results& to) {
    for (const int signal : {SIGINT, SIGTERM}) {
        std::signal(signal, [](int) { interruption = 1; });
    }
    to.write_header(given, stores);
    for (const key_kind kind : given.keys) {
        for (const std::size_t value_bytes : given.sizes) {
            for (const std::uint64_t entries : given.entries) {
                if (entries > given.data_bytes_max / value_bytes) {
                    to.write_left_out(std::to_string(entries) + " values of " + std::to_string(value_bytes) +
                                          " bytes",
                                      "more than --data-max");
                    continue;
                }
                data_set_run data(given, kind, entries, value_bytes, to);
                for (const task& each : tasks_of(workloads)) {
                    data.run(stores, each);
                }
            }
        }
    }
}

} // namespace compare
