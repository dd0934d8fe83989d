// holdfast_cut_campaign: simulates power cuts, until there were enough or until a promise is broken.
//
// Its status is 0 if every promise was kept, 1 if one was broken, 2 if it was called wrongly.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cut_run.hpp"

namespace {

using namespace holdfast::crash;

constexpr std::string_view usage = R"(holdfast_cut_campaign [OPTION...]
  --images N       how many images to judge (2000)
  --seconds S      stop after S seconds, with however many images there were (3600)
  --seed N|time    of all random numbers (1)
  --scene N        begin with that scene (1); a failure names its scene
  --workers N      processes (one a core)
  --without WHAT   an order of docs/design.md that is not kept, or a barrier that does nothing: barrier.heap,
                   barrier.header, barrier.slot, barrier.log, barrier.file
  --only STEP      such steps, and transactions; may be given again (all)
  --folder PATH    where the stores are (/dev/shm, or the folder for temporary files)
  --verbose        more figures
)";

constexpr std::array<const char*, cut_count_kinds> labels = {
    "images",
    "cut while another image was opened",
    "that were worked on and cut in turn",
    "opened as copies",
    "copied while the store was written",
    "... of which were said to be damaged",
    "openings that found all that was committed",
    "commits lost, none of them acknowledged as durable",
    "commits",
    "transactions thrown away",
    "sync points",
    "sync points that failed",
    "syncers killed",
    "writers killed",
    "clean closes",
    "creations",
};

void print(const cut_counts& counts) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::printf("  %-52s %llu\n", labels[i], static_cast<unsigned long long>(counts.of[i]));
    }
}

/// Whether there is an option of that name.
bool set_option(cut_settings& settings, std::string_view option, const std::string& value) {
    if (option == "--images") {
        settings.images = std::stoull(value);
    } else if (option == "--seconds") {
        settings.seconds_max = std::stod(value);
    } else if (option == "--seed") {
        settings.seed = value == "time" ? static_cast<std::uint64_t>(std::time(nullptr)) : std::stoull(value);
    } else if (option == "--scene") {
        settings.first_scene = std::stoull(value);
    } else if (option == "--workers") {
        settings.workers = static_cast<unsigned>(std::stoul(value));
    } else if (option == "--without") {
        settings.without = value;
    } else if (option == "--only") {
        settings.only.push_back(value);
    } else if (option == "--folder") {
        settings.folder = value;
    } else {
        return false;
    }
    return true;
}

} // namespace

int main(int count, char** values) {
    try {
        cut_settings settings;
        bool verbose = false;
        for (int i = 1; i < count; ++i) {
            const std::string_view option = values[i];
            if (option == "--verbose") {
                verbose = true;
                continue;
            }
            if (i + 1 == count) {
                throw std::invalid_argument(std::string(option) + " needs a value, or is unknown");
            }
            if (!set_option(settings, option, values[++i])) {
                throw std::invalid_argument("unknown: " + std::string(option));
            }
        }
        std::printf("seed %llu\n", static_cast<unsigned long long>(settings.seed));
        std::fflush(stdout);
        const cut_result result = run_cuts(settings);
        std::printf("%llu images of %llu scenes in %.1f s\n",
                    static_cast<unsigned long long>(result.counts[cut_count::images]),
                    static_cast<unsigned long long>(result.scenes), result.seconds);
        if (verbose) {
            print(result.counts);
        }
        if (!result.failure.empty()) {
            std::printf("BROKEN PROMISE: %s\n", result.failure.c_str());
        }
        return result.failure.empty() ? 0 : 1;
    } catch (const std::exception& problem) {
        std::cerr << "holdfast_cut_campaign: " << problem.what() << '\n' << usage;
        return 2;
    }
}
