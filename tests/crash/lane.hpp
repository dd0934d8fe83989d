// One lane of the campaign: rounds of victims on one store after another.
//
// Thread safety: none. Process safety: owns its board and its stores; shares the tally with other lanes.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "board.hpp"
#include "campaign.hpp"
#include "process.hpp"
#include "random.hpp"
#include "victim.hpp"

namespace holdfast::crash {

class lane final {
public:
    lane(const campaign_settings& settings, tally& counts, std::filesystem::path folder, std::uint64_t seed);

    /// Until the tally says stop; throws broken_promise.
    void run();

private:
    /// How many times each named point is passed in one life.
    using passages = std::map<std::string, std::uint64_t>;
    struct victim {
        part role = part::mixed;
        unsigned id = 0;
        child process;
    };

    // A store's life.
    void begin_store();
    void reset_writers();
    void create_store();
    void creation_round();
    void learn_points(part role);
    void start_reader();
    void end_store();

    // A round.
    void work_round();
    [[nodiscard]] std::vector<part> choose_parts();
    [[nodiscard]] victim start(part role, unsigned id, const std::string& failpoints, std::uint64_t steps_max,
                               bool report_passed = false);
    void await_death(victim& target, const std::string& point);
    void await_survivors(std::span<victim> survivors);
    void end_survivors(std::span<victim> survivors);
    void kill_recoverers();
    void verify();

    // Pieces.
    void reset_board();
    [[nodiscard]] std::string choose_point(const passages& from,
                                           std::span<const std::string_view> favourites);
    [[nodiscard]] bool choose_random_manner();
    [[nodiscard]] std::string choose_boot();
    void kill_at_random(victim& target);
    [[nodiscard]] ending end_of(child& process, const std::string& who);
    void count_kill(const std::string& point);
    void learn(passages& known);
    void expect_good(const ending& how, const std::string& who);
    void check_debris();
    [[noreturn]] void fail(const std::string& what);
    [[nodiscard]] std::string programs() const;
    [[nodiscard]] std::string programs_without_order() const;

    const campaign_settings* settings_;
    tally* tally_;
    std::filesystem::path folder_;
    std::filesystem::path path_;
    random_source random_;
    shared<board> board_;
    std::vector<writer_model> writers_;
    std::vector<part> roles_; ///< of each writer in the running round
    std::map<part, passages> known_;
    passages recovery_known_;
    reading reader_how_ = reading::none;
    child reader_;
    std::uint64_t stores_ = 0;
    std::uint64_t rounds_ = 0;
    std::uint64_t recoveries_ = 0; ///< of this store, as last seen
    std::string scene_;            ///< what is being tried, for the report
};

} // namespace holdfast::crash
