// What a scene does, step by step.
#include "cut_scene.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <numeric>
#include <utility>

#include <holdfast/error.hpp>

#include "format/commit.hpp"
#include "model.hpp"

namespace holdfast::crash {

namespace {

constexpr unsigned companion_seconds_max = 30;
/// Where another process stops that has committed durably; what changes nothing brings nothing to the medium.
constexpr const char* changed_point = "cuts.changed";
constexpr const char* unchanged_point = "cuts.unchanged";

class thrown_away : public std::exception {};

} // namespace

std::span<const cut_scene::step> cut_scene::steps() noexcept {
    static constexpr step all[] = {
        {"transact", 24, &cut_scene::transact},
        {"transact at intervals", 2, &cut_scene::transact_at_intervals},
        {"transact durably", 6, &cut_scene::transact_durably},
        {"write for long", 1, &cut_scene::write_for_long},
        {"hold a snapshot", 2, &cut_scene::hold_snapshot},
        {"let snapshots go", 3, &cut_scene::let_snapshots_go},
        {"sync", 4, &cut_scene::sync},
        {"sync elsewhere", 2, &cut_scene::sync_elsewhere},
        {"sync on a full disk", 1, &cut_scene::sync_on_full_disk},
        {"write elsewhere", 1, &cut_scene::write_elsewhere},
        {"write durably elsewhere", 1, &cut_scene::write_durably_elsewhere},
        {"close and reopen", 1, &cut_scene::reopen},
        {"copy under load", 1, &cut_scene::copy_under_load},
    };
    return all;
}

cut_scene::cut_scene(cut_worker& worker, std::filesystem::path path, std::uint64_t seed, cut_history possible,
                     unsigned depth)
    : worker_(&worker),
      path_(std::move(path)),
      depth_(depth),
      random_(seed),
      taste_(random_taste(random_)),
      possible_(std::move(possible)),
      images_left_(depth == 0 ? 120 : 6) {
    static constexpr std::array<std::uint64_t, 4> rates = {300, 1000, 5000, 20'000};
    static constexpr std::array<std::uint64_t, 4> favours = {0, 1, 1, 3};
    look_every_ = random_.pick(std::span<const std::uint64_t>(rates));
    const std::vector<std::string>& only = worker.settings().only;
    for (const step& kind : steps()) {
        const bool wanted = only.empty() || std::find(only.begin(), only.end(), kind.name) != only.end();
        weights_.push_back(wanted ? kind.weight * random_.pick(std::span<const std::uint64_t>(favours)) : 0);
    }
    weights_.front() += 4;
}

cut_scene::~cut_scene() {
    observe_failpoints(nullptr);
    held_.clear();
}

void cut_scene::run(std::uint64_t steps, version_number floor) {
    worker_->arm("");
    named_ = std::filesystem::exists(path_);
    if (named_) {
        medium_.emplace(path_);
    }
    observe_failpoints(this);
    arm();
    open();
    possible_ = {possible_[recognise(*store_, possible_, worker_->counts())]};
    contents_ = cut_contents(store_->snapshot());
    acknowledged_ = committed_ = 0;
    judge_images();
    for (std::uint64_t i = 0; i < steps && images_left_ > 0 && !worker_->is_enough(); ++i) {
        play_step();
        if (version_ != 0 && version_ <= floor) {
            throw broken_promise("number " + std::to_string(version_) + " was given after " +
                                 std::to_string(floor));
        }
        judge_images();
    }
    close();
    judge_images();
    observe_failpoints(nullptr);
    open();
    static_cast<void>(recognise(*store_, {possible_.back()}, worker_->counts()));
    store_->close();
    store_.reset();
    medium_.reset();
}

void cut_scene::open() {
    opening_ = true;
    store_.emplace(store::open(path_, cut_options()));
    opening_ = false;
}

void cut_scene::close() {
    held_.clear();
    store_->close();
    store_.reset();
    in_doubt_.clear();
    acknowledged_ = possible_.size() - 1;
}

void cut_scene::play_step() {
    std::uint64_t at = random_.below(std::accumulate(weights_.begin(), weights_.end(), std::uint64_t{0}));
    std::size_t kind = 0;
    for (; at >= weights_[kind]; ++kind) {
        at -= weights_[kind];
    }
    (this->*steps()[kind].play)();
    if (random_.chance(1, 8)) {
        take_images("the end of '" + std::string(steps()[kind].name) + "'", 1);
    }
}

// --- Transactions -----------------------------------------------------------------------------------------

void cut_scene::transact() { transact(durability::process); }

void cut_scene::transact_at_intervals() { transact(durability::interval); }

void cut_scene::transact_durably() {
    const cut_digest before = contents_.digest();
    transact(durability::commit);
    if (before != contents_.digest()) { // what changes nothing brings nothing to the medium
        acknowledged_ = committed_;
    }
}

void cut_scene::transact(durability level) {
    const bool throws = random_.chance(1, 12);
    cut_contents scratch;
    cut_contents& now = throws ? scratch = contents_ : contents_;
    const cut_digest before = contents_.digest();
    try {
        store_->update([&](write_transaction& transaction) {
            transaction.set_durability(level);
            change(random_, taste_, now, &transaction);
            if (throws) {
                throw thrown_away();
            }
            possible_.push_back(now.digest());
        });
    } catch (const thrown_away&) {
        in_doubt_.clear();
        ++worker_->counts()[cut_count::undone];
        return;
    }
    committed_ = possible_.size() - 1;
    sync_failed_ = false;
    in_doubt_.clear();
    ++worker_->counts()[cut_count::commits];
    if (before != contents_.digest()) {
        version_ = store_->snapshot().version(); // what changes nothing gets no number
    }
}

/// So much that the ring of commits goes round.
void cut_scene::write_for_long() {
    for (std::uint64_t left = random_.between(format::commit_slots + 1, 3 * format::commit_slots); left > 0;
         --left) {
        transact();
    }
}

void cut_scene::hold_snapshot() { held_.push_back(store_->snapshot()); }

void cut_scene::let_snapshots_go() { held_.clear(); }

void cut_scene::write_elsewhere() {
    write_elsewhere({random_.between(1, 6), random_.chance(1, 4), durability::process});
}

void cut_scene::write_durably_elsewhere() {
    write_elsewhere({random_.between(1, 6), random_.chance(1, 4), durability::commit});
}

/// It may die in a transaction, which the next writer undoes; or behind a commit that nobody has been shown yet.
void cut_scene::write_elsewhere(const foreign_work& work) {
    const std::uint64_t seed = random_.next();
    const cut_contents before = contents_;
    const std::size_t oldest = possible_.size() - 1;
    foreign_ = work.level == durability::commit ? possible_.size() : 0;
    random_source foretold(seed);
    for (std::uint64_t i = 0; i < work.transactions; ++i) {
        change(foretold, taste_, contents_, nullptr);
        possible_.push_back(contents_.digest());
    }
    companion other(
        [&] {
            store there = store::open(path_, cut_options());
            random_source random(seed);
            cut_contents now = before;
            for (std::uint64_t i = 0; i < work.transactions; ++i) {
                const cut_digest earlier = now.digest();
                there.update([&](write_transaction& open) {
                    open.set_durability(work.level);
                    change(random, taste_, now, &open);
                });
                failpoint(earlier == now.digest() ? unchanged_point : changed_point);
            }
        },
        {.prefix = work.level != durability::commit      ? ""
                   : work.to_end || random_.chance(1, 2) ? "cuts."
                                                         : "log.written",
         .passage = random_.passage(4000)},
        companion_seconds_max);
    if (!accompany(other, false, !work.to_end)) {
        find_what_the_dead_left(work, before, seed);
    } else {
        in_doubt_.clear();
    }
    if (digest_of(store_->snapshot()) != possible_.back()) {
        throw broken_promise("another process's transactions left something else");
    }
    worker_->counts()[cut_count::commits] += possible_.size() - 1 - oldest;
    committed_ = possible_.size() - 1;
    version_ = before.digest() == contents_.digest() ? version_ : store_->snapshot().version();
}

void cut_scene::find_what_the_dead_left(const foreign_work& work, const cut_contents& before,
                                        std::uint64_t seed) {
    ++worker_->counts()[cut_count::writers_killed];
    const std::size_t oldest = possible_.size() - 1 - work.transactions;
    if (work.level == durability::commit) {
        take_images("a writer's death", random_.below(4));
        store_->sync(); // shows commits that waited for the medium
    }
    const cut_digest found = digest_of(store_->snapshot());
    while (possible_.size() > oldest + 1 && possible_.back() != found) {
        in_doubt_.push_back(possible_.back());
        undone_.push_back(possible_.back());
        possible_.pop_back();
    }
    contents_ = before;
    random_source again(seed);
    for (std::size_t i = oldest + 1; i < possible_.size(); ++i) {
        change(again, taste_, contents_, nullptr);
    }
    acknowledged_ = work.level == durability::commit ? possible_.size() - 1 : acknowledged_;
}

// --- Sync points ------------------------------------------------------------------------------------------

void cut_scene::sync() {
    const std::size_t before = possible_.size() - 1;
    syncing_ = !sync_failed_;
    store_->sync();
    syncing_ = sync_failed_ = false;
    acknowledged_ = std::max(acknowledged_, before);
    ++worker_->counts()[cut_count::sync_points];
}

/// Another process makes a sync point, and may die in it; then perhaps the one that follows it, too. Whoever writes
/// anew then finds the snapshots of the dead given up.
void cut_scene::sync_elsewhere() {
    unsigned dead = 0;
    for (bool again = true; again; again = dead > 0 && random_.chance(1, 2)) {
        const std::size_t before = possible_.size() - 1;
        companion other([&] { store::open(path_, cut_options()).sync(); }, {.prefix = "sync.", .passage = 0},
                        companion_seconds_max);
        if (accompany(other, true, random_.chance(2, 3))) {
            sync_failed_ = false;
            acknowledged_ = std::max(acknowledged_, before);
            ++worker_->counts()[cut_count::sync_points];
            return;
        }
        ++worker_->counts()[cut_count::syncers_killed];
        ++dead;
    }
    if (depth_ == 0 && random_.chance(3, 4)) {
        const bool for_long = random_.chance(2, 3);
        const std::uint64_t many = random_.between(format::commit_slots, 2 * format::commit_slots);
        write_elsewhere({for_long ? many : 12, true, durability::process});
        take_images("a syncer's death", 6);
    }
}

void cut_scene::sync_on_full_disk() {
    static constexpr const char* calls[] = {"os.flush", "os.write_durably"};
    worker_->arm(std::string(calls[random_.below(2)]) +
                 (random_.chance(1, 2) ? "=fail:ENOSPC@" : "=fail:EIO@") +
                 std::to_string(random_.between(1, 2)));
    const std::size_t before = possible_.size() - 1;
    try {
        store_->sync();
        acknowledged_ = std::max(acknowledged_, before);
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space && failure.reason() != errc::io_error) {
            throw;
        }
        sync_failed_ = true;
        ++worker_->counts()[cut_count::sync_failures];
    }
    worker_->arm("");
}

void cut_scene::reopen() {
    close();
    ++worker_->counts()[cut_count::closes];
    open();
}

// --- Other processes --------------------------------------------------------------------------------------

bool cut_scene::accompany(companion& other, bool is_syncing, bool may_die) {
    const bool at_barrier = is_syncing && random_.chance(1, 2);
    std::uint64_t left = !may_die ? 0
                                  : random_.between(1, at_barrier   ? 3
                                                       : is_syncing ? 12
                                                                    : 2); // 0: for ever
    for (;;) {
        const companion_stop stop = other.go_on();
        const std::string where = "another process's " + std::string(stop.text());
        const bool is_barrier = stop.what == companion_stop::kind::reached;
        const bool dies = left > 0 && (is_barrier || !at_barrier) && --left == 0;
        switch (stop.what) {
        case companion_stop::kind::ended:
            return true;
        case companion_stop::kind::failed:
            throw broken_promise("another process failed: " + std::string(stop.text()));
        case companion_stop::kind::reached:
            if (random_.chance(1, 4)) { // before the call returns
                take_images("another process's barrier", random_.below(4));
            }
            if (!dies || random_.chance(1, 3)) { // else it dies within the call
                settle(stop.start, stop.bytes);
            }
            break;
        case companion_stop::kind::passed:
            if (foreign_ != 0 && (stop.text() == changed_point || stop.text() == unchanged_point)) {
                acknowledged_ = stop.text() == changed_point ? foreign_ : acknowledged_;
                ++foreign_;
            }
            if (is_syncing && !sync_failed_) {
                interrupt(where);
            } else {
                take_images(where, random_.below(4));
            }
            break;
        }
        if (dies) {
            other.kill();
            medium_->look();
            return false;
        }
    }
}

/// Somebody runs `cp` from now on, until it has all.
void cut_scene::copy_under_load() {
    if (!copy_) {
        copy_.emplace();
    }
}

} // namespace holdfast::crash
