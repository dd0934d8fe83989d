// A scene that is cut: random work on one store, images of it at random moments, and what each must hold.
//
// The oracle is a history: the contents after each commit. What is found in an image must be those after one of them,
// not older than what sync() or close() had acknowledged; if all that was in the page cache reached the medium, then
// after the last. An image is judged in a child process, by a scene that begins with it and may be cut in turn, also
// while it recovers.
//
// Between the steps of a sync point, which holds no lock that writers need, the scene runs transactions: as
// other processes would, but always in the same order.
//
// Thread safety: one thread. A process that makes scenes has no threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "medium.hpp"
#include "model.hpp"
#include "os/failpoint.hpp"

namespace holdfast::crash {

/// "MAP/KEY" and a hash of the value.
using cut_contents = std::map<std::string, std::uint64_t>;
/// Contents that are possible, oldest first.
using cut_history = std::vector<std::shared_ptr<const cut_contents>>;

struct cut_counts {
    std::uint64_t images = 0;
    std::uint64_t of_recoveries = 0; ///< cut while an image was opened
    std::uint64_t copies = 0;        ///< judged as the copy of a file
    std::uint64_t newest = 0;        ///< in which nothing committed was lost
    std::uint64_t commits_lost = 0;  ///< unacknowledged ones
    std::uint64_t commits = 0;
    std::uint64_t syncs = 0;
    std::uint64_t syncers_killed = 0;
    void add(const cut_counts& other) noexcept;
};

class cut_scene final : public failpoint_observer {
public:
    /// Works on the store at `path`, which holds the last, or one of `possible`. `without`: an order to remove.
    cut_scene(std::filesystem::path path, std::uint64_t seed, std::string without, cut_history possible,
              unsigned depth);
    ~cut_scene() override;
    cut_scene(const cut_scene&) = delete;
    cut_scene& operator=(const cut_scene&) = delete;

    /// Throws broken_promise. `floor`: a number that transactions must be above.
    void run(std::uint64_t steps, version_number floor);
    [[nodiscard]] const cut_counts& counts() const noexcept { return counts_; }

    void passed(std::string_view name) noexcept override;
    void reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept override;

private:
    struct job {
        image after_cut;
        survival how;
        bool same_file = true;
        bool opening = false;
        cut_history possible;
        version_number version = 0;
        std::string moment;
    };
    void open();
    void recognise();
    void step();
    void transact();
    void change(write_transaction& transaction, cut_contents& now);
    void sync();
    void kill_syncer();
    void reopen();
    void close();
    void arm();
    void passing(std::string_view name);
    void interrupt(std::string_view name);
    void write_for_long();
    void take_image(std::string_view moment);
    void judge_images();
    void judge(const job& one);
    void judge_here(const job& one, int result);

    std::filesystem::path path_;
    std::string without_;
    unsigned depth_;
    random_source random_;
    cut_history possible_;         ///< the last is the present one
    std::size_t acknowledged_ = 0; ///< index of the oldest that a cut may leave
    std::size_t committed_ = 0;    ///< index of the newest whose commit has returned
    version_number version_ = 0;
    std::optional<medium> medium_;
    std::optional<store> store_;
    std::vector<snapshot> held_;
    std::vector<job> jobs_;
    std::uint64_t countdown_ = 0; ///< passages until the next image; 0: none in this step
    std::uint64_t look_every_ = 1;
    bool opening_ = true;
    bool syncing_ = false;
    bool candidate_left_ = false; ///< by a killed syncer
    unsigned inside_ = 0;         ///< how deep in what passages run
    std::string trouble_;         ///< of what ran in a passage
    cut_counts counts_;
};

struct cut_settings {
    std::uint64_t images = 2000;
    double seconds_max = 3600; ///< a scene that has begun is played to its end
    std::uint64_t seed = 1;
    std::string without; ///< an order that is removed
    std::filesystem::path folder = std::filesystem::is_directory("/dev/shm")
                                       ? std::filesystem::path("/dev/shm")
                                       : std::filesystem::temp_directory_path();
};

struct cut_result {
    cut_counts counts;
    std::uint64_t scenes = 0;
    double seconds = 0;
    std::string failure; ///< empty: every promise was kept
};

/// Scenes until there were that many images, or a promise was broken.
[[nodiscard]] cut_result run_cuts(const cut_settings& settings);

} // namespace holdfast::crash
