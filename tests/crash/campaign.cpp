// The supervisor: lanes, limits, the sum of it all.
#include "campaign.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "lane.hpp"
#include "process.hpp"

namespace holdfast::crash {

namespace {

using std::chrono::steady_clock;

[[nodiscard]] campaign_result sum_up(const tally& counts, double seconds) {
    campaign_result result;
    result.kills = counts.kills();
    result.killed_at_random = counts.killed_at_random.load();
    result.killed_at_points = counts.killed_at_points.load();
    result.killed_recovering = counts.killed_recovering.load();
    result.killed_creating = counts.killed_creating.load();
    result.verified = counts.verified.load();
    result.undone = counts.undone.load();
    result.stores = counts.stores.load();
    result.transactions = counts.transactions.load();
    result.snapshots = counts.snapshots.load();
    result.seconds = seconds;
    result.failure = counts.failure.text();
    for (const tally::point& point : counts.points) {
        if (point.state.load() == 2) {
            result.points[point.name.data()] += point.kills.load();
        }
    }
    return result;
}

} // namespace

void tally::count_point(const std::string& name) noexcept {
    for (point& one : points) {
        std::uint32_t state = one.state.load();
        if (state == 0 && one.state.compare_exchange_strong(state, 1)) {
            std::copy_n(name.begin(), std::min(name.size(), one.name.size() - 1), one.name.begin());
            one.state.store(2);
            state = 2;
        }
        while (one.state.load() == 1) {
        }
        if (name == one.name.data()) {
            one.kills.fetch_add(1);
            return;
        }
    }
}

std::filesystem::path make_folder(const std::filesystem::path& parent) {
    std::filesystem::path in = parent;
    if (in.empty()) {
        const std::filesystem::path memory = "/dev/shm";
        in = ::access(memory.c_str(), W_OK | X_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    }
    std::string name = (in / "holdfast-crash-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("can't make a folder in " + in.string());
    }
    return name;
}

campaign_result run_campaign(const campaign_settings& settings) {
    const std::filesystem::path folder = make_folder(settings.folder);
    const shared<tally> counts;
    const unsigned lanes =
        settings.lanes != 0 ? settings.lanes : std::max(1U, std::thread::hardware_concurrency());
    const auto start = steady_clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(steady_clock::now() - start).count(); };

    std::vector<child> running;
    for (unsigned i = 0; i < lanes; ++i) {
        running.push_back(child::start(
            [&, i] {
                lane(settings, *counts, folder / ("lane-" + std::to_string(i)), mix(settings.seed) + i).run();
                return 0;
            },
            [&](const std::string& what) { counts->failure.set(what); }));
    }
    while (counts->kills() < settings.kills && elapsed() < settings.seconds_max &&
           !counts->failure.is_set()) {
        sleep_exactly(std::chrono::milliseconds(20));
        for (child& one : running) {
            if (const auto how = one.wait(std::chrono::microseconds(0)); how && !how->good()) {
                counts->failure.set("a lane " + how->describe()); // a lane that says why has said so before
            }
        }
    }
    counts->stop.store(true);
    for (child& one : running) {
        if (!one.wait(std::chrono::seconds(60))) {
            counts->failure.set("a lane is stuck");
        }
    }
    campaign_result result = sum_up(*counts, elapsed());
    if (result.failure.empty()) {
        std::filesystem::remove_all(folder);
    } else {
        result.folder = folder;
    }
    return result;
}

} // namespace holdfast::crash
