// The kill campaign: what is asked of it and what came out.
//
// The supervisor forks one lane a core; each lane has stores of its own, starts victims on them, kills them, lets
// others recover and kills those, and has everything verified after each death. No supervisor or lane ever opens a
// store itself, so what it forks is clean.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "board.hpp"
#include "victim.hpp"

namespace holdfast::crash {

enum class manner : std::uint8_t {
    any,    ///< now this, now that
    random, ///< SIGKILL from outside after a random time
    points, ///< SIGKILL at a random passage of a random named point
};

/// Removes one ordering of the protocol and looks where that must hurt.
struct removal {
    std::string order; ///< of docs/design.md; empty: none, the protocol is whole
    std::string point; ///< where victims are killed; empty: at random moments
    std::uint64_t passage_max = 200;
    bool in_recovery = false; ///< the recovering process lacks the order and is killed there, not the victim
    std::vector<part> parts;  ///< roles of the victims, first that of the one to be killed; empty: any
};

struct campaign_settings {
    std::uint64_t kills = ~std::uint64_t{0};
    double seconds_max = 3'600;
    std::uint64_t seed = 1;
    manner how = manner::any;
    unsigned lanes = 0;           ///< 0: one a core
    std::filesystem::path folder; ///< empty: /dev/shm if it is there, else that for temporary files
    std::string programs;         ///< of failpoints, for all victims: a machine that lacks something
    removal without;
};

/// Counters in shared memory. Each lane adds, the supervisor looks.
struct tally {
    std::atomic<std::uint64_t> killed_at_random{0};
    std::atomic<std::uint64_t> killed_at_points{0};
    std::atomic<std::uint64_t> killed_recovering{
        0}; ///< of both, those who were undoing a dead one's transaction
    std::atomic<std::uint64_t> killed_creating{0}; ///< likewise, who were making a new store
    std::atomic<std::uint64_t> verified{0};
    std::atomic<std::uint64_t> undone{0}; ///< transactions of the dead that were rolled back
    std::atomic<std::uint64_t> stores{0};
    std::atomic<std::uint64_t> transactions{0};
    std::atomic<std::uint64_t> snapshots{0}; ///< that surviving readers verified
    std::atomic<bool> stop{false};
    note<2048> failure;

    struct point {
        std::atomic<std::uint32_t> state{0};
        std::array<char, 60> name{};
        std::atomic<std::uint64_t> kills{0};
    };
    std::array<point, 512> points;

    void count_point(const std::string& name) noexcept;
    [[nodiscard]] std::uint64_t kills() const noexcept {
        return killed_at_random.load() + killed_at_points.load();
    }
};

struct campaign_result {
    std::uint64_t kills = 0;
    std::uint64_t killed_at_random = 0;
    std::uint64_t killed_at_points = 0;
    std::uint64_t killed_recovering = 0;
    std::uint64_t killed_creating = 0;
    std::uint64_t verified = 0;
    std::uint64_t undone = 0;
    std::uint64_t stores = 0;
    std::uint64_t transactions = 0;
    std::uint64_t snapshots = 0;
    double seconds = 0;
    std::map<std::string, std::uint64_t> points; ///< kills by named point
    std::string failure;                         ///< empty: every promise was kept
    std::filesystem::path folder;                ///< with the store in question, if one was broken
};

/// Runs until so many kills were done, the time is up, or a promise is broken (then the store in question stays in
/// the folder). The calling process must have one thread and no store open.
[[nodiscard]] campaign_result run_campaign(const campaign_settings& settings);

/// A new, empty folder for stores that are killed: in memory if possible, as the page cache is what survives.
[[nodiscard]] std::filesystem::path make_folder(const std::filesystem::path& parent);

} // namespace holdfast::crash
