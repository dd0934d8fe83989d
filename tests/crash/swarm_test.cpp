// Thirty-two processes at once: they read, write, join, leave and are killed, and every snapshot adds up.
//
//     holdfast_swarm_test --seconds 60
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "bank.hpp"
#include "campaign.hpp"
#include "format/geometry.hpp"
#include "process.hpp"

namespace holdfast::crash {

double swarm_seconds = 8;

namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr unsigned places = 32;

enum class job : std::uint8_t {
    teller,  ///< transfers money, all the time
    visitor, ///< opens, transfers, closes, and again
    auditor, ///< takes snapshots, holds some, and adds up, twice
    guest,   ///< likewise through handles opened for reading only
    checker, ///< runs the whole check now and then
};

[[nodiscard]] job job_of(unsigned place) noexcept {
    constexpr std::array jobs = {job::teller, job::auditor, job::teller,  job::guest,
                                 job::teller, job::auditor, job::visitor, job::guest};
    return place + 1 == places ? job::checker : jobs[place % jobs.size()];
}
[[nodiscard]] bool transfers(job what) noexcept { return what == job::teller || what == job::visitor; }

struct swarm_board {
    std::array<acknowledgement, places> at;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> audits{0};
    std::atomic<std::uint64_t> openings{0};
    std::atomic<std::uint64_t> checks{0};
    note<1024> failure;
};

struct inspected {
    snapshot now;
    audit_result seen;
};

class employee {
public:
    employee(const std::filesystem::path& path, unsigned place, std::uint64_t seed, swarm_board& board)
        : path_(path), place_(place), random_(seed), board_(&board), mine_(&board.at.at(place)) {}

    int work() {
        const job what = job_of(place_);
        while (!board_->stop.load()) {
            store in = open(what == job::guest ? open_mode::read_only : open_mode::write);
            begin_shift(in.snapshot(), transfers(what));
            const std::uint64_t turns = what == job::visitor ? 3
                                        : what == job::guest ? 40
                                                             : ~std::uint64_t{0};
            for (std::uint64_t turn = 0; turn < turns && !board_->stop.load(); ++turn) {
                if (transfers(what)) {
                    transfer(in, place_, random_, *mine_);
                } else if (what == job::checker) {
                    check(in);
                } else {
                    inspect(in);
                }
                mine_->steps.fetch_add(1);
            }
            kept_.clear();
        }
        return 0;
    }

private:
    store open(open_mode mode) {
        open_options options;
        options.mode = mode;
        store in = store::open(path_, options);
        board_->openings.fetch_add(1);
        return in;
    }

    /// Who was here before may have died between a commit and its acknowledgement, but nowhere else.
    void begin_shift(const snapshot& now, bool counts) {
        const std::uint64_t done = transfers_of(now, place_);
        if (counts && (done < mine_->acked.load() || done > mine_->begun.load())) {
            throw broken_promise("teller " + std::to_string(place_) + " has " + std::to_string(done) +
                                 " transfers, acknowledged " + std::to_string(mine_->acked.load()));
        }
        mine_->begun.store(done);
        mine_->acked.store(done);
    }

    void inspect(const store& in) {
        snapshot now = in.snapshot();
        const audit_result seen = audit(now);
        kept_.push_back({std::move(now), seen});
        if (kept_.size() > 4 || random_.chance(1, 2)) {
            const std::size_t which = random_.below(kept_.size());
            if (audit(kept_[which].now) != kept_[which].seen) {
                throw broken_promise("a snapshot changed under its reader");
            }
            kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(which));
        }
        board_->audits.fetch_add(1);
        sleep_exactly(microseconds(random_.below(2'000)));
    }

    void check(const store& in) {
        if (const auto findings = in.check(); !findings.empty()) {
            throw broken_promise("check: " + findings.front().what);
        }
        board_->checks.fetch_add(1);
        sleep_exactly(microseconds(50'000));
    }

    const std::filesystem::path& path_;
    unsigned place_;
    random_source random_;
    swarm_board* board_;
    acknowledgement* mine_;
    std::deque<inspected> kept_;
};

struct swarm_result {
    std::uint64_t kills = 0;
    std::uint64_t transfers = 0;
};

/// Kills somebody now and then and puts another in the place, until the time is up; then all end in good order.
void run_swarm(const std::filesystem::path& path, swarm_board& board, swarm_result& result) {
    std::array<child, places> staff;
    random_source random(7);
    const auto hire = [&](unsigned place) {
        staff[place] =
            child::start([&, seed = random.next()] { return employee(path, place, seed, board).work(); },
                         [&](const std::string& what) { board.failure.set(what); });
    };
    for (unsigned place = 0; place < places; ++place) {
        hire(place);
    }
    const auto end = steady_clock::now() + std::chrono::duration<double>(swarm_seconds);
    while (steady_clock::now() < end && !board.failure.is_set()) {
        sleep_exactly(microseconds(random.below(20'000)));
        const auto place = static_cast<unsigned>(random.below(places));
        staff[place].kill();
        const auto how = staff[place].wait(std::chrono::seconds(30));
        ASSERT_TRUE(how && how->killed) << (how ? how->describe() : "stuck") << ": " << board.failure.text();
        ++result.kills;
        hire(place);
    }
    board.stop.store(true);
    for (child& one : staff) {
        const auto how = one.wait(std::chrono::seconds(60));
        ASSERT_TRUE(how && how->good()) << (how ? how->describe() : "stuck") << ": " << board.failure.text();
    }
}

TEST(swarm, keeps_every_total) {
    const std::filesystem::path folder = make_folder({});
    const std::filesystem::path path = folder / "bank.hold";
    const shared<swarm_board> board;
    child founding = child::start(
        [&] {
            store in = store::open(path);
            open_accounts(in);
            return 0;
        },
        [&](const std::string& what) { board->failure.set(what); });
    ASSERT_TRUE(founding.wait(std::chrono::seconds(30))->good()) << board->failure.text();
    swarm_result result;
    run_swarm(path, *board, result);
    EXPECT_EQ(board->failure.text(), "");

    const store in = store::open(path);
    const snapshot last = in.snapshot();
    static_cast<void>(audit(last));
    for (unsigned place = 0; place < places; ++place) {
        if (transfers(job_of(place))) {
            EXPECT_EQ(transfers_of(last, place), board->at[place].acked.load()) << "teller " << place;
            result.transfers += transfers_of(last, place);
        }
    }
    for (const finding& found : in.check()) {
        ADD_FAILURE() << found.what << " in map '" << found.map << "', key '" << found.key << "'";
    }
    EXPECT_LT(in.stat().file_bytes, format::heap_offset + 48 * format::mib) << "space is not given back";
    std::printf(
        "%u processes, %.0f s: %llu killed, %llu openings, %llu transfers, %llu audits, %llu checks\n",
        places, swarm_seconds, static_cast<unsigned long long>(result.kills),
        static_cast<unsigned long long>(board->openings.load()),
        static_cast<unsigned long long>(result.transfers),
        static_cast<unsigned long long>(board->audits.load()),
        static_cast<unsigned long long>(board->checks.load()));
    if (!testing::Test::HasFailure()) {
        std::filesystem::remove_all(folder);
    }
}

} // namespace
} // namespace holdfast::crash

int main(int count, char** values) {
    testing::InitGoogleTest(&count, values);
    if (count == 3 && std::string_view(values[1]) == "--seconds") {
        holdfast::crash::swarm_seconds = std::atof(values[2]);
    } else if (count != 1) {
        std::fprintf(stderr, "usage: holdfast_swarm_test [--seconds S] [GoogleTest options]\n");
        return 2;
    }
    return RUN_ALL_TESTS();
}
