// A scene that is cut: random work on one store, and images of it at random moments.
//
// The oracle is a history: the contents after each commit. What is found in an image must be those after one of them,
// not older than what sync() or close() had acknowledged; if all that was in the page cache reached the medium, then
// after the last.
//
// Between the steps of a sync point, which holds no lock that writers need, the scene runs transactions, as other
// processes would. Real other processes do some of the work, one at a time, and may be killed where they stand.
//
// Each scene plays each kind of step more or less often, some never, so that scenes differ.
//
// Thread safety: one thread. A process that makes scenes has no threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/store.hpp>

#include "companion.hpp"
#include "cut_contents.hpp"
#include "cut_judge.hpp"
#include "cut_worker.hpp"
#include "medium.hpp"
#include "os/failpoint.hpp"

namespace holdfast::crash {

class cut_scene final : public failpoint_observer {
public:
    /// Works on the store at `path`, which holds the last of `possible`, or one of them; if there is no such file, it
    /// is created, and cut meanwhile. `depth`: how many cuts there were before.
    cut_scene(cut_worker& worker, std::filesystem::path path, std::uint64_t seed, cut_history possible,
              unsigned depth);
    ~cut_scene() override;
    cut_scene(const cut_scene&) = delete;
    cut_scene& operator=(const cut_scene&) = delete;

    /// Throws broken_promise. `floor`: a number that transactions must be above.
    void run(std::uint64_t steps, version_number floor);

    void passed(std::string_view name) noexcept override;
    void reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept override;

private:
    struct step {
        std::string_view name;
        unsigned weight;
        void (cut_scene::*play)();
    };
    /// All kinds of steps: one line each.
    [[nodiscard]] static std::span<const step> steps() noexcept;

    // cut_scene.cpp
    void open();
    void close();
    void play_step();
    void transact();
    void transact(durability level);
    void transact_at_intervals();
    void transact_durably();
    void write_for_long();
    void hold_snapshot();
    void let_snapshots_go();
    void sync();
    void sync_elsewhere();
    void sync_on_full_disk();
    void write_elsewhere();
    void write_durably_elsewhere();
    /// Another process's transactions.
    struct foreign_work {
        std::uint64_t transactions;
        bool to_end; ///< it does not die
        durability level;
    };
    void write_elsewhere(const foreign_work& work);
    void find_what_the_dead_left(const foreign_work& work, const cut_contents& before, std::uint64_t seed);
    void reopen();
    void copy_under_load();
    /// Whether the other process lived to its end.
    bool accompany(companion& other, bool is_syncing, bool may_die);

    // cut_moments.cpp
    void arm();
    void watch_creation(std::string_view name);
    void settle(std::uint64_t start, std::uint64_t bytes);
    void passing(std::string_view name);
    void interrupt(std::string_view name);
    void go_on_copying();
    void take_images(std::string_view moment, std::uint64_t count);
    void judge_images();

    cut_worker* worker_;
    std::filesystem::path path_;
    unsigned depth_;
    random_source random_;
    cut_taste taste_;
    std::vector<std::uint64_t> weights_; ///< of each kind of step, in this scene
    cut_history possible_;
    std::size_t acknowledged_ = 0; ///< index of the oldest that a cut may leave
    std::size_t committed_ = 0;    ///< index of the newest whose commit has returned
    std::size_t foreign_ = 0;      ///< index of what another process commits durably next; 0: it does not
    /// What a writer that died may have left in the redo log, until the next one has undone it. Nobody saw it, and a
    /// cut may bring it to light.
    cut_history in_doubt_;
    cut_history undone_; ///< all that ever were: a copy may have the log of a moment when they were in doubt
    cut_contents contents_; ///< after the last of `possible_`
    version_number version_ = 0;
    std::optional<medium> medium_;
    std::optional<store> store_;
    std::vector<snapshot> held_;
    std::vector<cut_job> jobs_;
    std::optional<image> copy_;   ///< being made by `cp`
    std::uint64_t countdown_ = 0; ///< passages until the next images; 0: none
    std::uint64_t look_every_ = 1;
    std::uint64_t images_left_;
    bool named_ = true; ///< the file has its name; until then a cut leaves nothing
    bool opening_ = true;
    bool syncing_ = false;
    bool sync_failed_ = false; ///< whoever writes or syncs next follows it up, under the writer lock
    unsigned inside_ = 0;      ///< how deep in what passages run
    std::string trouble_;      ///< of what ran in a passage
};

} // namespace holdfast::crash
