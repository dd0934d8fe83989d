// holdfast_cut_campaign: simulates power cuts, until there were enough or until a promise is broken.
//
// Its status is 0 if every promise was kept, 1 if one was broken, 2 if it was called wrongly.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cut_scene.hpp"

namespace {

using namespace holdfast::crash;

constexpr std::string_view usage = R"(holdfast_cut_campaign [OPTION...]
  --images N       how many images to judge (2000)
  --seconds S      stop after S seconds, with however many images there were (3600)
  --seed N|time    of all random numbers (1)
  --without ORDER  an order of docs/design.md that is not kept
  --folder PATH    where the stores are (/dev/shm, or the folder for temporary files)
  --verbose        more figures
)";

void print(const char* what, std::uint64_t count) {
    std::printf("  %-52s %llu\n", what, static_cast<unsigned long long>(count));
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
            const std::string value = values[++i];
            if (option == "--images") {
                settings.images = std::stoull(value);
            } else if (option == "--seconds") {
                settings.seconds_max = std::stod(value);
            } else if (option == "--seed") {
                settings.seed =
                    value == "time" ? static_cast<std::uint64_t>(std::time(nullptr)) : std::stoull(value);
            } else if (option == "--without") {
                settings.without = value;
            } else if (option == "--folder") {
                settings.folder = value;
            } else {
                throw std::invalid_argument("unknown: " + std::string(option));
            }
        }
        std::printf("seed %llu\n", static_cast<unsigned long long>(settings.seed));
        std::fflush(stdout);
        const cut_result result = run_cuts(settings);
        std::printf("%llu images of %llu scenes in %.1f s\n",
                    static_cast<unsigned long long>(result.counts.images),
                    static_cast<unsigned long long>(result.scenes), result.seconds);
        if (verbose) {
            print("cut while an image was opened", result.counts.of_recoveries);
            print("opened as copies", result.counts.copies);
            print("openings that found all that was committed", result.counts.newest);
            print("commits lost, none of them acknowledged as durable", result.counts.commits_lost);
            print("commits", result.counts.commits);
            print("sync points", result.counts.syncs);
            print("syncers killed", result.counts.syncers_killed);
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
