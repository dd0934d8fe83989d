// holdfast_kill_campaign: kills processes that use stores, until told to stop or until a promise is broken.
//
// Its status is 0 if every promise was kept, 1 if one was broken, 2 if it was called wrongly.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "campaign.hpp"
#include "orders.hpp"

namespace {

using namespace holdfast::crash;

constexpr std::string_view usage = R"(holdfast_kill_campaign [OPTION...]
  --kills N       stop after N kills (no end)
  --seconds S     stop after S seconds (3600); fewer kills than asked for are a failure, then
  --seed N        of all random numbers (1); what processes do to each other depends on their timing, too
  --mode MODE     any (the default), random: SIGKILL at random moments, points: at named points of the protocol,
                  orders: remove each ordering of the protocol and see the campaign fail
  --lanes N       campaigns side by side (one a core)
  --folder PATH   where the stores are (/dev/shm, or the folder for temporary files)
  --with LIST     failpoints armed in all victims, for machines that lack something:
                  os.barrier.register=fail (membarrier), os.create_unnamed=fail:EOPNOTSUPP (O_TMPFILE)
  --verbose       kills by point
)";

struct arguments {
    campaign_settings settings;
    bool orders = false;
    bool verbose = false;
    std::uint64_t kills_min = 0; ///< that were asked for
};

[[nodiscard]] arguments parse(int count, char** values) {
    arguments parsed;
    for (int i = 1; i < count; ++i) {
        const std::string_view option = values[i];
        if (option == "--verbose") {
            parsed.verbose = true;
            continue;
        }
        if (i + 1 == count) {
            throw std::invalid_argument(std::string(option) + " needs a value, or is unknown");
        }
        const std::string value = values[++i];
        if (option == "--kills") {
            parsed.settings.kills = parsed.kills_min = std::stoull(value);
        } else if (option == "--seconds") {
            parsed.settings.seconds_max = std::stod(value);
        } else if (option == "--seed") {
            parsed.settings.seed = std::stoull(value);
        } else if (option == "--lanes") {
            parsed.settings.lanes = static_cast<unsigned>(std::stoul(value));
        } else if (option == "--with") {
            parsed.settings.programs = value;
        } else if (option == "--folder") {
            parsed.settings.folder = value;
        } else if (option == "--mode" && value == "random") {
            parsed.settings.how = manner::random;
        } else if (option == "--mode" && value == "points") {
            parsed.settings.how = manner::points;
        } else if (option == "--mode" && value == "orders") {
            parsed.orders = true;
        } else if (option != "--mode" || value != "any") {
            throw std::invalid_argument("unknown: " + std::string(option) + ' ' + value);
        }
    }
    return parsed;
}

void print(const campaign_result& result, bool verbose) {
    std::printf(
        "%llu kills in %.1f s (%.0f a second): %llu at random moments, %llu at named points;\n"
        "%llu of them while recovering, %llu while creating a store\n"
        "%llu verifications, %llu transactions undone, %llu committed, %llu stores, %llu snapshots read "
        "beside\n",
        static_cast<unsigned long long>(result.kills), result.seconds,
        static_cast<double>(result.kills) / result.seconds,
        static_cast<unsigned long long>(result.killed_at_random),
        static_cast<unsigned long long>(result.killed_at_points),
        static_cast<unsigned long long>(result.killed_recovering),
        static_cast<unsigned long long>(result.killed_creating),
        static_cast<unsigned long long>(result.verified), static_cast<unsigned long long>(result.undone),
        static_cast<unsigned long long>(result.transactions), static_cast<unsigned long long>(result.stores),
        static_cast<unsigned long long>(result.snapshots));
    if (verbose) {
        for (const auto& [name, kills] : result.points) {
            std::printf("  %-32s %llu\n", name.c_str(), static_cast<unsigned long long>(kills));
        }
    }
}

[[nodiscard]] int prove_orders(const campaign_settings& settings) {
    int status = 0;
    for (const proof& one : proofs()) {
        const campaign_result result = run_without(one, settings);
        std::printf("%-22s %s after %llu kills, %.2f s: %s\n", one.without.order.c_str(),
                    result.failure.empty() ? "NOT NOTICED" : "noticed",
                    static_cast<unsigned long long>(result.kills), result.seconds,
                    result.failure.substr(0, 200).c_str());
        status = result.failure.empty() ? 1 : status;
    }
    return status;
}

} // namespace

int main(int count, char** values) {
    try {
        const arguments parsed = parse(count, values);
        if (parsed.orders) {
            return prove_orders(parsed.settings);
        }
        const campaign_result result = run_campaign(parsed.settings);
        print(result, parsed.verbose);
        if (!result.failure.empty()) {
            std::printf("BROKEN PROMISE: %s\n", result.failure.c_str());
        }
        if (result.failure.empty() && result.kills < parsed.kills_min) {
            std::printf("THE TIME IS UP: %llu kills were asked for\n",
                        static_cast<unsigned long long>(parsed.kills_min));
            return 1;
        }
        return result.failure.empty() ? 0 : 1;
    } catch (const std::exception& problem) {
        std::cerr << "holdfast_kill_campaign: " << problem.what() << '\n' << usage;
        return 2;
    }
}
