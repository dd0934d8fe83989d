// A lane's stores: made, worn out by rounds, verified once more, removed.
#include "lane.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "format/geometry.hpp"

namespace holdfast::crash {

namespace {

/// Longer than the stores' own time limit for locks, so that whoever waits in vain says so itself.
constexpr std::chrono::seconds patience{40};

constexpr std::uint64_t file_bytes_max = format::heap_offset + 80 * format::mib;

constexpr std::array<std::string_view, 3> creating_points = {"segment.create", "segment.back", "os.create"};

} // namespace

lane::lane(const campaign_settings& settings, tally& counts, std::filesystem::path folder, std::uint64_t seed)
    : settings_(&settings), tally_(&counts), folder_(std::move(folder)), random_(seed) {
    std::filesystem::create_directory(folder_);
}

void lane::run() {
    while (!tally_->stop.load()) {
        begin_store();
        const std::uint64_t rounds = random_.between(20, 120);
        for (std::uint64_t i = 1; i <= rounds && !tally_->stop.load(); ++i) {
            work_round();
            if (i % 16 == 0) {
                learn_points(
                    random_.pick(std::span<const part>(parts))); // an older store has other points to pass
            }
            if (board_->file_bytes.load() > file_bytes_max) {
                break;
            }
        }
        end_store();
    }
}

void lane::fail(const std::string& what) {
    std::ostringstream text;
    text << what << " [" << scene_ << "; store " << path_.string() << ", its round " << rounds_ << "]";
    throw broken_promise(text.str());
}

std::string lane::programs() const { return settings_->programs.empty() ? "" : settings_->programs + ","; }

std::string lane::programs_without_order() const {
    return programs() + (settings_->without.order.empty() ? "" : settings_->without.order + "=off,");
}

// --- A store's life ---------------------------------------------------------------------------------------

void lane::begin_store() {
    path_ = folder_ / ("store-" + std::to_string(++stores_));
    rounds_ = 0;
    board_->file_bytes.store(0);
    reset_writers();
    create_store();
    if (known_.size() <= parts.size()) {
        for (const part role : parts) {
            learn_points(role);
        }
    } else {
        learn_points(random_.pick(std::span<const part>(parts)));
    }
    start_reader();
    tally_->stores.fetch_add(1);
}

void lane::reset_writers() {
    writers_.clear();
    for (unsigned id = 0; id < writers_max; ++id) {
        writers_.emplace_back(id, random_.next());
    }
    roles_.assign(writers_max, part::mixed);
    recoveries_ = 0;
}

void lane::create_store() {
    if (!known_.contains(part::create)) {
        learn_points(part::create);
        std::filesystem::remove(path_);
        reset_writers();
    }
    if (settings_->without.order.empty()) {
        for (std::uint64_t rounds = random_.below(12); rounds > 0; --rounds) {
            creation_round();
        }
    }
    scene_ = "creating in peace";
    learn_points(part::create);
}

/// Some create the same store at once, and one of them is killed: there is no store, or a whole one.
void lane::creation_round() {
    if (std::filesystem::exists(path_) && random_.chance(1, 2)) {
        std::filesystem::remove(path_);
        reset_writers();
    }
    reset_board();
    const bool at_random = choose_random_manner();
    const std::string point =
        at_random ? "" : programs() + choose_point(known_[part::create], creating_points);
    scene_ = "killed while creating" + (at_random ? "" : " at " + point);
    std::vector<victim> all;
    const std::uint64_t count = random_.between(1, 3);
    for (unsigned id = 0; id < count; ++id) {
        roles_[id] = part::create;
        all.push_back(start(part::create, id, id == 0 && !at_random ? point : programs(), id == 0 ? 50 : 3));
    }
    const std::uint64_t before = tally_->kills();
    await_death(all.front(), point);
    tally_->killed_creating.fetch_add(tally_->kills() - before);
    for (victim& other : std::span(all).subspan(1)) {
        expect_good(end_of(other.process, "a creator beside it"), "a creator beside it");
    }
    if (std::filesystem::exists(path_)) {
        verify();
    } else {
        for (const acknowledgement& promised : board_->victims) {
            if (promised.opened.load()) {
                fail("a store that was opened has vanished");
            }
        }
    }
    check_debris();
}

/// What a life in that role passes, nobody being killed. It is part of the store's history, too.
void lane::learn_points(part role) {
    reset_board();
    scene_ = "counting points as " + std::string(name_of(role));
    const unsigned id = static_cast<unsigned>(random_.below(writers_max));
    roles_[id] = role;
    board_->passed.clear();
    victim counting = start(role, id, programs_without_order() + "*=count", steps_of_life(role), true);
    expect_good(end_of(counting.process, "a process in peace"), "a process in peace");
    learn(known_[role]);
    verify();
}

void lane::start_reader() {
    constexpr std::array kinds = {reading::none, reading::attached, reading::attached, reading::read_only};
    reader_how_ =
        settings_->without.order.empty() ? random_.pick(std::span<const reading>(kinds)) : reading::attached;
    if (reader_how_ == reading::none) {
        return;
    }
    board_->reader_stop.store(false);
    board_->snapshots.store(0);
    reader_ = child::start([this] { return run_reader(path_, reader_how_, *board_); },
                           [this](const std::string& what) { board_->failure.set("the reader: " + what); });
    scene_ = "starting a reader";
    await_survivors({});
}

void lane::end_store() {
    scene_ = "ending in peace";
    if (reader_.running()) {
        board_->reader_stop.store(true);
        expect_good(end_of(reader_, "the reader"), "the reader");
        tally_->snapshots.fetch_add(board_->snapshots.load());
    }
    reset_board();
    verify();
    for (const writer_model& writer : writers_) {
        tally_->transactions.fetch_add(writer.done());
    }
    check_debris();
    std::filesystem::remove(path_);
}

/// Nothing but the store may lie in the folder.
void lane::check_debris() {
    if (settings_->programs.find("os.create_unnamed") != std::string::npos) {
        return; // a file that has a name while it is made keeps it when its maker is killed
    }
    for (const auto& found : std::filesystem::directory_iterator(folder_)) {
        if (found.path() != path_) {
            fail("something was left behind: " + found.path().string());
        }
    }
}

// --- Pieces -----------------------------------------------------------------------------------------------

void lane::reset_board() {
    board_->stop.store(false);
    for (const writer_model& writer : writers_) {
        acknowledgement& promised = board_->victims[writer.id()];
        promised.begun.store(writer.done());
        promised.acked.store(writer.done());
        promised.steps.store(0);
        promised.opened.store(false);
    }
}

bool lane::choose_random_manner() {
    return settings_->how == manner::random || (settings_->how == manner::any && random_.chance(1, 2));
}

/// Where nobody has the store open, whoever opens it may take itself for the first one after a reboot.
std::string lane::choose_boot() {
    return !reader_.running() && random_.chance(1, 4) ? numbered("boot-", random_.below(3)) : std::string();
}

/// "NAME=kill@N". Half of the time one of those that matter most to what is tried, and every one as likely as any
/// other.
std::string lane::choose_point(const passages& from, std::span<const std::string_view> favourites) {
    if (from.empty() || random_.chance(1, 16)) {
        std::uint64_t all = 1;
        for (const auto& [name, count] : from) {
            all += count;
        }
        return "*=kill@" + std::to_string(random_.passage(all));
    }
    std::vector<const passages::value_type*> choice;
    const bool favoured = random_.chance(1, 2);
    for (const auto& each : from) {
        const auto begins = [&](std::string_view prefix) { return each.first.starts_with(prefix); };
        if (!favoured || std::any_of(favourites.begin(), favourites.end(), begins)) {
            choice.push_back(&each);
        }
    }
    if (choice.empty()) {
        return choose_point(from, favourites);
    }
    const auto& [name, count] = *choice[random_.below(choice.size())];
    return name + "=kill@" + std::to_string(random_.passage(count));
}

void lane::learn(passages& known) {
    std::istringstream lines(board_->passed.text());
    board_->passed.clear();
    std::string name;
    std::uint64_t count = 0;
    while (lines >> name >> count) {
        std::uint64_t& most = known[name];
        most = std::max(most, count);
    }
}

void lane::count_kill(const std::string& point) {
    if (point.empty()) {
        tally_->killed_at_random.fetch_add(1);
        return;
    }
    tally_->killed_at_points.fetch_add(1);
    const std::size_t last = point.rfind(','); // what comes before is no place to die
    const std::string program = last == std::string::npos ? point : point.substr(last + 1);
    tally_->count_point(program.substr(0, program.find('=')));
}

ending lane::end_of(child& process, const std::string& who) {
    const std::optional<ending> how = process.wait(patience);
    if (!how) {
        fail(who + " is stuck");
    }
    return *how;
}

void lane::expect_good(const ending& how, const std::string& who) {
    if (!how.good()) {
        fail(who + " " + how.describe() + ": " + board_->failure.text());
    }
}

lane::victim lane::start(part role, unsigned id, const std::string& failpoints, std::uint64_t steps_max,
                         bool report_passed) {
    victim made{role, id, {}};
    const victim_orders orders = {path_, role, failpoints, random_.next(), steps_max, report_passed};
    made.process = child::start(
        [&] { return run_victim(orders, writers_[id], *board_); },
        [&](const std::string& what) { board_->failure.set(std::string(name_of(role)) + ": " + what); });
    return made;
}

void lane::verify() {
    const verifier_orders orders = {path_, choose_boot(), roles_};
    board_->passed.clear();
    child verifier =
        child::start([&] { return run_verifier(orders, writers_, *board_); },
                     [&](const std::string& what) { board_->failure.set("verifying: " + what); });
    expect_good(end_of(verifier, "the verifier"), "the verifier");
    learn(recovery_known_);
    for (writer_model& writer : writers_) {
        while (writer.done() < board_->found[writer.id()].load()) {
            writer.apply(writer.next(work_of(roles_[writer.id()])));
        }
    }
    const std::uint64_t recoveries = board_->recoveries.load();
    tally_->undone.fetch_add(recoveries >= recoveries_ ? recoveries - recoveries_
                                                       : recoveries); // counted since a boot
    recoveries_ = recoveries;
    tally_->verified.fetch_add(1);
}

} // namespace holdfast::crash
