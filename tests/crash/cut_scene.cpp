// A scene, its images and their judges.
#include "cut_scene.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

#include "format/commit.hpp"

namespace holdfast::crash {

namespace {

constexpr unsigned depth_max = 2;
constexpr unsigned judge_seconds_max = 60;

open_options cut_options() {
    open_options options;
    options.sync_interval = std::chrono::milliseconds(0); // sync points are steps of the scene
    return options;
}

std::uint64_t hash_of(std::string_view bytes) { return std::hash<std::string_view>{}(bytes); }

std::string value_bytes(random_source& random) {
    constexpr std::array<std::uint64_t, 12> limits = {40,  40,   40,   200,    200,    200,
                                                      200, 3000, 3000, 12'000, 40'000, 300'000};
    std::string made(random.below(random.pick(std::span<const std::uint64_t>(limits))), '\0');
    std::uint64_t word = random.next();
    for (std::size_t at = 0; at < made.size(); at += sizeof word) {
        std::memcpy(made.data() + at, &word, std::min(sizeof word, made.size() - at));
        word += 0x9E3779B97F4A7C15U;
    }
    return made;
}

cut_contents contents_of(const store& seen) {
    cut_contents found;
    const snapshot now = seen.snapshot();
    for (const map_information& map : now.maps()) {
        for (auto&& [key, value] : now.map(map.name)) {
            found.emplace(map.name + "/" + std::string(key), hash_of(value.text()));
        }
    }
    return found;
}

class thrown_away : public std::exception {};

} // namespace

void cut_counts::add(const cut_counts& other) noexcept {
    images += other.images;
    of_recoveries += other.of_recoveries;
    copies += other.copies;
    newest += other.newest;
    commits_lost += other.commits_lost;
    commits += other.commits;
    syncs += other.syncs;
    syncers_killed += other.syncers_killed;
}

cut_scene::cut_scene(std::filesystem::path path, std::uint64_t seed, std::string without,
                     cut_history possible, unsigned depth)
    : path_(std::move(path)),
      without_(std::move(without)),
      depth_(depth),
      random_(seed),
      possible_(std::move(possible)) {
    constexpr std::array<std::uint64_t, 4> rates = {300, 1000, 5000, 20'000};
    look_every_ = random_.pick(std::span<const std::uint64_t>(rates));
}

cut_scene::~cut_scene() {
    observe_failpoints(nullptr);
    held_.clear();
}

void cut_scene::run(std::uint64_t steps, version_number floor) {
    arm_failpoints(without_.empty() ? "" : without_ + "=off");
    medium_.emplace(path_);
    observe_failpoints(this);
    arm();
    open();
    recognise();
    judge_images();
    for (std::uint64_t i = 0; i < steps; ++i) {
        arm();
        step();
        if (!trouble_.empty()) {
            throw broken_promise(trouble_);
        }
        if (version_ != 0 && version_ <= floor) {
            throw broken_promise("number " + std::to_string(version_) + " was given after " +
                                 std::to_string(floor));
        }
        judge_images();
    }
    arm();
    close();
    judge_images();
    observe_failpoints(nullptr);
    open();
    recognise();
    store_->close();
    store_.reset();
    medium_.reset();
}

void cut_scene::open() {
    opening_ = true;
    store_.emplace(store::open(path_, cut_options()));
    opening_ = false;
}

/// Which of the possible contents these are: from now on, the only ones.
void cut_scene::recognise() {
    const cut_contents found = contents_of(*store_);
    std::size_t which = possible_.size();
    while (which > 0 && *possible_[which - 1] != found) {
        --which;
    }
    if (which == 0) {
        throw broken_promise("what was found is not what any commit left that may have been the last; " +
                             std::to_string(found.size()) + " entries, " + std::to_string(possible_.size()) +
                             " possible");
    }
    counts_.commits_lost += possible_.size() - which;
    counts_.newest += which == possible_.size() ? 1 : 0;
    possible_ = {possible_[which - 1]};
    acknowledged_ = committed_ = 0;
    const std::vector<finding> findings = store_->check();
    if (!findings.empty()) {
        throw broken_promise("check: " + findings.front().what);
    }
}

// --- Work -------------------------------------------------------------------------------------------------

/// An image at some passage of the next step.
void cut_scene::arm() {
    const bool wanted = depth_ == 0 ? random_.chance(2, 3) : depth_ < depth_max && random_.chance(1, 24);
    countdown_ = wanted ? random_.passage(4000) : 0;
    if (opening_ && depth_ > 0) {
        countdown_ = depth_ < depth_max && random_.chance(1, 4) ? random_.passage(600) : 0;
    }
}

void cut_scene::step() {
    const std::uint64_t what = random_.below(40);
    if (what < 4) {
        sync();
    } else if (what < 6) {
        kill_syncer();
    } else if (what < 7) {
        reopen();
    } else if (what < 9) {
        held_.push_back(store_->snapshot());
    } else if (what < 12) {
        held_.clear();
    } else {
        transact();
    }
    if (countdown_ != 0) {
        countdown_ = 0;
        take_image("the end of a step");
    }
}

void cut_scene::transact() {
    cut_contents now = *possible_.back();
    try {
        store_->update([&](write_transaction& transaction) {
            change(transaction, now);
            if (random_.chance(1, 12)) {
                throw thrown_away();
            }
            possible_.push_back(std::make_shared<const cut_contents>(std::move(now)));
        });
    } catch (const thrown_away&) {
        return;
    }
    committed_ = possible_.size() - 1;
    ++counts_.commits;
    if (possible_.size() < 2 || *possible_[possible_.size() - 2] != *possible_.back()) {
        version_ = store_->snapshot().version(); // what changes nothing gets no number
    }
}

void cut_scene::change(write_transaction& transaction, cut_contents& now) {
    for (std::uint64_t left = random_.passage(24); left > 0; --left) {
        const std::uint64_t number = random_.below(4);
        const std::string map = number == 0 ? std::string() : numbered("m", number);
        const std::string key = numbered("k", random_.between(100, 299));
        const auto first = now.lower_bound(map + "/" + key);
        const std::uint64_t what = random_.below(32);
        if (what < 24) {
            const std::string value = value_bytes(random_);
            transaction.map(map).put(key, value);
            now.insert_or_assign(map + "/" + key, hash_of(value));
        } else if (what < 30) {
            transaction.map(map).erase(key);
            now.erase(map + "/" + key);
        } else if (what < 31) {
            const std::string last = key.substr(0, 2) + "~"; // the rest of that hundred
            transaction.map(map).erase_range(key, last);
            now.erase(first, now.lower_bound(map + "/" + last));
        } else if (random_.chance(1, 4)) {
            transaction.map(map).clear();
            now.erase(now.lower_bound(map + "/"), now.lower_bound(map + "0"));
        }
    }
}

void cut_scene::sync() {
    const std::size_t before = possible_.size() - 1;
    syncing_ = true;
    store_->sync();
    syncing_ = false;
    candidate_left_ = false;
    acknowledged_ = std::max(acknowledged_, before);
    ++counts_.syncs;
}

/// Another process dies in its sync point. What it had brought to the medium is told by where it died.
void cut_scene::kill_syncer() {
    if (candidate_left_ || version_ == 0) {
        return; // it would begin by writing what the dead one left, unseen; or by saying that the file is in use
    }
    constexpr std::array<const char*, 4> points = {"sync.begin", "sync.candidate", "sync.flushed",
                                                   "sync.written"};
    const std::size_t point = random_.below(points.size());
    medium_->look();
    const pid_t child = ::fork();
    if (child == 0) {
        observe_failpoints(nullptr);
        ::alarm(judge_seconds_max);
        try {
            arm_failpoints(std::string(points[point]) + "=kill@1" +
                           (without_.empty() ? "" : "," + without_ + "=off"));
            store::open(path_, cut_options()).sync();
        } catch (...) {
            ::_exit(3);
        }
        ::_exit(0);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) {
        throw std::runtime_error("can't run a syncer");
    }
    if (!WIFSIGNALED(status)) {
        if (status != 0) {
            throw broken_promise("a sync point beside others failed");
        }
        return; // there was nothing to sync
    }
    ++counts_.syncers_killed;
    candidate_left_ = true;
    if (point >= 2) {
        medium_->reached(format::heap_offset, 0 - format::heap_offset - 1);
        medium_->reached(0, format::durable_slot_a_offset);
    }
    if (point == 3 && random_.chance(1, 2)) { // else it was killed within the system call
        medium_->reached(format::durable_slot_a_offset,
                         format::superblock_copy_offset - format::durable_slot_a_offset);
    }
    if (depth_ == 0 && random_.chance(1, 2)) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1100)); // until its snapshot is given up
        for (int i = 0; i < 12; ++i) {
            transact();
            take_image("a syncer's death");
        }
    }
}

void cut_scene::reopen() {
    close();
    open();
    candidate_left_ = false;
    version_ = 0; // the next transaction is the first after a clean close
}

void cut_scene::close() {
    held_.clear();
    const std::size_t before = possible_.size() - 1;
    store_->close();
    store_.reset();
    acknowledged_ = before;
}

// --- Passages ---------------------------------------------------------------------------------------------

void cut_scene::passed(std::string_view name) noexcept {
    try {
        passing(name);
    } catch (const std::exception& problem) {
        trouble_ = "within " + std::string(name) + ": " + problem.what();
    }
}

void cut_scene::passing(std::string_view name) {
    if (countdown_ != 0 && --countdown_ == 0) {
        take_image(name);
    } else if (random_.below(look_every_) == 0) {
        medium_->look();
    }
    if (syncing_ && inside_ == 0 && name.starts_with("sync.") && trouble_.empty()) {
        ++inside_;
        interrupt(name);
        --inside_;
    }
}

/// Others write between two steps of a sync point; now and then so much that the ring of commits goes round.
void cut_scene::interrupt(std::string_view name) {
    if (depth_ == 0 && random_.chance(1, 24)) {
        write_for_long();
        for (int i = 0; i < 4; ++i) {
            take_image(name);
        }
        return;
    }
    for (std::uint64_t left = random_.chance(1, 4) ? random_.passage(12) : 0; left > 0; --left) {
        transact();
    }
    if (depth_ == 0 && random_.chance(1, 8)) {
        take_image(name);
    }
}

void cut_scene::write_for_long() {
    for (std::uint64_t left = random_.between(format::commit_slots + 1, format::commit_slots + 20); left > 0;
         --left) {
        transact();
    }
}

void cut_scene::reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept {
    try {
        if (countdown_ != 0 && random_.chance(1, 4)) { // a cut before the call returns
            countdown_ = 0;
            take_image("a barrier");
        }
        medium_->reached(start, bytes);
    } catch (const std::exception& problem) {
        trouble_ = std::string("at a barrier: ") + problem.what();
    }
}

// --- Images -----------------------------------------------------------------------------------------------

void cut_scene::take_image(std::string_view moment) {
    job made;
    made.how = static_cast<survival>(random_.below(survivals));
    made.after_cut = medium_->cut(made.how, random_);
    made.same_file = random_.chance(7, 8);
    made.opening = opening_;
    const std::size_t oldest =
        made.how == survival::present ? std::max(committed_, acknowledged_) : acknowledged_;
    made.possible = {possible_.begin() + static_cast<std::ptrdiff_t>(oldest), possible_.end()};
    made.version = version_;
    made.moment = moment;
    jobs_.push_back(std::move(made));
}

void cut_scene::judge_images() {
    for (const job& one : std::exchange(jobs_, {})) {
        judge(one);
    }
}

void cut_scene::judge(const job& one) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        throw std::runtime_error("no pipe");
    }
    const pid_t child = ::fork();
    if (child == 0) {
        observe_failpoints(nullptr);
        ::alarm(judge_seconds_max);
        judge_here(one, ends[1]);
        ::_exit(0);
    }
    ::close(ends[1]);
    cut_counts nested;
    std::string text(4096, '\0');
    const ssize_t got = ::read(ends[0], &nested, sizeof nested);
    const ssize_t told = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(told, 0)));
    ++counts_.images;
    counts_.of_recoveries += one.opening && depth_ > 0 ? 1 : 0;
    counts_.copies += one.same_file ? 0 : 1;
    if (got == sizeof nested) {
        counts_.add(nested);
    }
    if (got != sizeof nested || !text.empty() || status != 0) {
        throw broken_promise("[cut at " + one.moment + ", survival " +
                             std::to_string(static_cast<int>(one.how)) + (one.same_file ? "" : ", copied") +
                             (one.opening ? ", while opening" : "") + ", depth " + std::to_string(depth_) +
                             "] " + (text.empty() ? "its judge ended with " + std::to_string(status) : text));
    }
}

void cut_scene::judge_here(const job& one, int result) {
    const std::filesystem::path place = path_.string() + "+";
    cut_counts found;
    std::string failure;
    try {
        one.after_cut.write(place, one.same_file);
        ::setenv("HOLDFAST_TEST_BOOT_ID", place.c_str(), 1); // one more '+' than before the cut
        cut_scene next(place, random_.next(), without_, one.possible, depth_ + 1);
        next.run(6, one.version);
        found = next.counts();
    } catch (const std::exception& problem) {
        failure = problem.what();
    }
    static_cast<void>(::write(result, &found, sizeof found) +
                      ::write(result, failure.data(), failure.size()));
}

cut_result run_cuts(const cut_settings& settings) {
    cut_result result;
    const auto begun = std::chrono::steady_clock::now();
    std::string folder = (settings.folder / "holdfast-cuts-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        throw std::runtime_error("can't make a folder in " + settings.folder.string());
    }
    const std::filesystem::path path = std::filesystem::path(folder) / "store";
    random_source random(settings.seed);
    const auto seconds = [begun] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    };
    while (result.counts.images < settings.images && seconds() < settings.seconds_max &&
           result.failure.empty()) {
        const std::uint64_t seed = random.next();
        std::filesystem::remove(path);
        store::open(path, cut_options()).close();
        cut_scene scene(path, seed, settings.without, {std::make_shared<const cut_contents>()}, 0);
        try {
            ++result.scenes;
            scene.run(random.between(10, 120), 0);
        } catch (const std::exception& problem) {
            result.failure = "scene " + std::to_string(result.scenes) + ": " + problem.what();
        }
        result.counts.add(scene.counts());
    }
    arm_failpoints("");
    if (result.failure.empty() || !settings.without.empty()) {
        std::filesystem::remove_all(folder);
    } else {
        result.failure += " (the files are in " + folder + ")";
    }
    result.seconds = seconds();
    return result;
}

} // namespace holdfast::crash
