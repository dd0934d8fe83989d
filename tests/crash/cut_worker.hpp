// What the scenes of one process share: settings, counts, the files that images are put into, and the end of it all.
//
// Thread safety: one thread. Process safety: the board lies in memory that all workers share; each counts in a part of
// its own.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "board.hpp"
#include "medium.hpp"

namespace holdfast::crash {

enum class cut_count : std::uint8_t {
    images,
    of_recoveries,     ///< cut while an image was opened
    worked_on,         ///< in which a scene went on, and was cut in turn
    copies,            ///< of a cut, judged as the copy of a file
    copies_under_load, ///< made as `cp` makes them
    refused,           ///< of those: said to be damaged
    newest,            ///< openings in which nothing committed was lost
    commits_lost,      ///< unacknowledged ones
    commits,
    undone, ///< transactions
    sync_points,
    sync_failures, ///< injected
    syncers_killed,
    writers_killed,
    closes,    ///< clean ones that a scene went on after
    creations, ///< of the recorded store
};
inline constexpr std::size_t cut_count_kinds = 16;

struct cut_counts {
    std::array<std::uint64_t, cut_count_kinds> of{};
    [[nodiscard]] std::uint64_t& operator[](cut_count what) { return of[static_cast<std::size_t>(what)]; }
    [[nodiscard]] std::uint64_t operator[](cut_count what) const {
        return of[static_cast<std::size_t>(what)];
    }
    void add(const cut_counts& other) noexcept;
};

struct cut_settings {
    std::uint64_t images = 2000;
    double seconds_max = 3600;
    std::uint64_t seed = 1;
    std::uint64_t first_scene = 1; ///< scenes are numbered; each follows from the seed and its number
    unsigned workers = 0;          ///< processes; 0: one a core
    std::string without;           ///< an order that is removed
    std::vector<std::string> only; ///< kinds of steps that scenes are made of; none: all
    std::filesystem::path folder = std::filesystem::is_directory("/dev/shm")
                                       ? std::filesystem::path("/dev/shm")
                                       : std::filesystem::temp_directory_path();
};

inline constexpr unsigned cut_workers_max = 64;

struct cut_board {
    std::atomic<std::uint64_t> next_scene{0};
    std::atomic<std::uint64_t> images{0};
    std::atomic<bool> stop{false};
    note<4096> failure;
    struct desk {
        cut_counts counts;
        std::array<char, 400> doing{}; ///< for whoever finds the worker dead
    };
    std::array<desk, cut_workers_max> desks;
};

class cut_worker {
public:
    cut_worker(const cut_settings& settings, cut_board& board, std::filesystem::path folder, unsigned number);

    [[nodiscard]] const cut_settings& settings() const noexcept { return *settings_; }
    [[nodiscard]] cut_counts& counts() noexcept { return desk_->counts; }
    [[nodiscard]] std::filesystem::path recorded() const { return folder_ / "store"; }
    /// For images of scenes of that depth.
    [[nodiscard]] image_file& place(unsigned depth);
    /// Counts one image, and gives it some time.
    void begin_image(const std::string& what);
    /// Whether there were enough images, or seconds, or a promise was broken elsewhere.
    [[nodiscard]] bool is_enough() const;
    /// Which points fail, besides the order that is removed.
    void arm(const std::string& failpoints) const;

private:
    const cut_settings* settings_;
    cut_board* board_;
    cut_board::desk* desk_;
    std::filesystem::path folder_;
    std::chrono::steady_clock::time_point end_;
    std::vector<std::unique_ptr<image_file>> places_;
};

/// While it exists, the machine has started anew.
class pretended_boot {
public:
    pretended_boot();
    ~pretended_boot();
    pretended_boot(const pretended_boot&) = delete;
    pretended_boot& operator=(const pretended_boot&) = delete;

private:
    std::string before_;
};

/// As scenes and judges open stores.
[[nodiscard]] open_options cut_options();

} // namespace holdfast::crash
