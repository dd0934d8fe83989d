// A lane's rounds: victims work, one is killed, the others go on; who recovers is killed, too; then all is verified.
#include <array>
#include <string_view>
#include <utility>

#include "lane.hpp"

namespace holdfast::crash {

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds progress_patience{40};
constexpr std::array<std::string_view, 4> working_points = {"undo.", "begin.", "commit.", "reclaim."};
constexpr std::array<std::string_view, 4> recovering_points = {"undo.", "recover.", "segment.writer.rec",
                                                               "lock.before_take_over"};

constexpr std::uint64_t steps_unlimited = 1'000'000'000;

} // namespace

std::vector<part> lane::choose_parts() {
    if (!settings_->without.parts.empty()) {
        return settings_->without.parts;
    }
    std::vector<part> chosen;
    const std::uint64_t roll = random_.below(10);
    const std::uint64_t count = roll < 5 ? 1 : roll < 8 ? 2 : 3;
    for (std::uint64_t i = 0; i < count; ++i) {
        chosen.push_back(random_.pick(std::span<const part>(parts)));
    }
    return chosen;
}

void lane::work_round() {
    ++rounds_;
    reset_board();
    const removal& without = settings_->without;
    const bool at_random =
        without.order.empty() ? choose_random_manner() : without.point.empty() || without.in_recovery;
    const std::vector<part> chosen = choose_parts();
    std::string point;
    if (!at_random) {
        point = without.point.empty()
                    ? choose_point(known_[chosen.front()], working_points)
                    : without.point + "=kill@" + std::to_string(random_.passage(without.passage_max));
        point = programs_without_order() + point;
    }
    scene_ = "victims:";
    for (const part role : chosen) {
        scene_ += ' ' + std::string(name_of(role));
    }
    scene_ += point.empty() ? ", killed at random" : ", " + point;
    std::vector<victim> all;
    for (unsigned id = 0; id < chosen.size(); ++id) {
        roles_[id] = chosen[id];
        const bool is_target = id == 0;
        const std::string failpoints = is_target && !at_random ? point
                                       : without.in_recovery   ? programs()
                                                               : programs_without_order();
        all.push_back(
            start(chosen[id], id, failpoints, is_target ? steps_of_life(chosen[id]) : steps_unlimited));
    }
    const std::span<victim> survivors = std::span(all).subspan(1);
    await_death(all.front(), point);
    await_survivors(survivors);
    end_survivors(survivors);
    kill_recoverers();
    verify();
}

/// Kills the target, or waits until it dies at its point; it may also come to its end before.
void lane::await_death(victim& target, const std::string& point) {
    if (point.empty()) {
        kill_at_random(target);
    }
    const ending how = end_of(target.process, "the victim");
    if (how.killed) {
        count_kill(point);
    } else {
        expect_good(how, "the victim");
    }
}

void lane::kill_at_random(victim& target) {
    const bool from_start = random_.chance(1, 4);
    const acknowledgement& promised = board_->victims[target.id];
    const auto until = steady_clock::now() + progress_patience;
    while (!from_start && !promised.opened.load() && steady_clock::now() < until) {
        if (const std::optional<ending> early = target.process.wait(microseconds(0))) {
            expect_good(*early, "the victim"); // it has nothing to do
            return;
        }
        sleep_exactly(microseconds(20));
    }
    sleep_exactly(microseconds(random_.below(random_.chance(1, 4) ? 6'000 : 1'200)));
    target.process.kill();
}

/// Nobody waits for a dead writer: the reader takes two snapshots, each survivor does something.
void lane::await_survivors(std::span<victim> survivors) {
    const auto until = steady_clock::now() + progress_patience;
    board_->reader_hurry.store(true);
    const std::uint64_t snapshots_before = board_->snapshots.load();
    std::vector<std::uint64_t> steps_before;
    for (const victim& survivor : survivors) {
        steps_before.push_back(board_->victims[survivor.id].steps.load());
    }
    for (;;) {
        bool all_progressed = !reader_.running() || board_->snapshots.load() >= snapshots_before + 2;
        for (std::size_t i = 0; i < survivors.size(); ++i) {
            all_progressed &= board_->victims[survivors[i].id].steps.load() > steps_before[i];
        }
        if (all_progressed) {
            board_->reader_hurry.store(false);
            return;
        }
        if (board_->failure.is_set()) {
            fail(board_->failure.text());
        }
        if (reader_.running()) {
            if (const std::optional<ending> how = reader_.wait(microseconds(0))) {
                fail("the reader " + how->describe() + ": " + board_->failure.text());
            }
        }
        for (victim& survivor : survivors) {
            if (survivor.process.running()) {
                if (const std::optional<ending> how = survivor.process.wait(microseconds(0))) {
                    fail("a survivor " + how->describe() + ": " + board_->failure.text());
                }
            }
        }
        if (steady_clock::now() > until) {
            fail("the survivors do not go on");
        }
        sleep_exactly(microseconds(50));
    }
}

/// Some are killed at once, some end in good order.
void lane::end_survivors(std::span<victim> survivors) {
    std::vector<bool> killed;
    for (victim& survivor : survivors) {
        killed.push_back(random_.chance(1, 2));
        if (killed.back()) {
            sleep_exactly(microseconds(random_.below(300)));
            survivor.process.kill();
        }
    }
    board_->stop.store(true);
    for (std::size_t i = 0; i < survivors.size(); ++i) {
        const ending how = end_of(survivors[i].process, "a survivor");
        if (how.killed && killed[i]) {
            count_kill("");
        } else {
            expect_good(how, "a survivor");
        }
    }
}

/// Whoever recovers is killed, several times in a row perhaps; the work has to be begun again by the next one.
void lane::kill_recoverers() {
    const removal& without = settings_->without;
    const std::uint64_t count = without.in_recovery ? 1 : random_.chance(1, 2) ? random_.between(1, 4) : 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const bool at_random = !without.in_recovery && choose_random_manner();
        std::string point;
        if (without.in_recovery) {
            point = programs_without_order() + without.point + "=kill@1";
        } else if (!at_random) {
            point = programs_without_order() + choose_point(recovery_known_, recovering_points);
        }
        scene_ += at_random ? "; recoverer killed at random" : "; recoverer " + point;
        const recoverer_orders orders = {path_, choose_boot(), at_random ? programs_without_order() : point};
        child recoverer =
            child::start([&] { return run_recoverer(orders); },
                         [&](const std::string& what) { board_->failure.set("recovering: " + what); });
        if (at_random) {
            sleep_exactly(microseconds(random_.below(600)));
            recoverer.kill();
        }
        const ending how = end_of(recoverer, "a recovering process");
        if (how.killed) {
            count_kill(point);
            tally_->killed_recovering.fetch_add(1);
        } else {
            expect_good(how, "a recovering process");
        }
    }
}

} // namespace holdfast::crash
