// Judging images.
#include "cut_judge.hpp"

#include <array>
#include <optional>

#include <holdfast/error.hpp>

#include "cut_scene.hpp"
#include "model.hpp"

namespace holdfast::crash {

namespace {

constexpr unsigned depth_max = 2;
constexpr std::uint64_t steps_after_cut = 6;
constexpr std::array<const char*, survivals> survival_names = {
    "old", "present", "page", "sector", "header", "heap", "only one", "all but one"};

/// Transactions with keys that nobody had before: what they add is known without knowing what was there.
class further_writes {
public:
    further_writes(store& to, random_source& random) : to_(&to), random_(&random) {}

    void write() {
        to_->update([&](write_transaction& transaction) {
            for (std::uint64_t left = random_->between(1, 6); left > 0; --left) {
                const std::string map = random_->chance(1, 2) ? "" : "m1";
                const std::string key = numbered("after", random_->below(8));
                const std::string value(random_->below(random_->chance(1, 16) ? 50'000 : 300), 'a');
                transaction.map(map).put(key, value);
                added_.put(map, key, value);
            }
        });
    }
    [[nodiscard]] cut_digest on(const cut_digest& before) const {
        return {before.entries + added_.digest().entries, before.sum + added_.digest().sum};
    }

private:
    store* to_;
    random_source* random_;
    cut_contents added_;
};

void expect_contents(const store& seen, const cut_digest& expected, const char* when) {
    if (digest_of(seen.snapshot()) != expected) {
        throw broken_promise(std::string("other contents than were written ") + when);
    }
    const std::vector<finding> findings = seen.check();
    if (!findings.empty()) {
        throw broken_promise(std::string("check ") + when + ": " + findings.front().what);
    }
}

/// What was copied while somebody wrote may be said to be damaged.
std::optional<store> open_image(cut_worker& worker, const cut_job& one, const std::filesystem::path& path) {
    try {
        return store::open(path, cut_options());
    } catch (const error& refusal) {
        if (one.what != cut_job::kind::copied_under_load || refusal.reason() != errc::corrupt) {
            throw;
        }
        ++worker.counts()[cut_count::refused];
        return std::nullopt;
    }
}

void judge_here(cut_worker& worker, const cut_job& one, const std::filesystem::path& path,
                random_source& random) {
    std::optional<store> opened = open_image(worker, one, path);
    if (!opened) {
        return;
    }
    const cut_digest found = one.possible[recognise(*opened, one.possible, worker.counts())];
    further_writes further(*opened, random);
    for (std::uint64_t left = random.between(1, 3); left > 0; --left) {
        further.write();
    }
    const version_number version = opened->snapshot().version();
    if (version <= one.version) {
        throw broken_promise("number " + std::to_string(version) + " was given after " +
                             std::to_string(one.version));
    }
    expect_contents(*opened, further.on(found), "after a cut");
    if (random.chance(1, 2)) {
        opened->sync();
    }
    opened->close();
    if (random.chance(1, 4)) {
        opened.emplace(store::open(path, cut_options()));
        expect_contents(*opened, further.on(found), "and closed after a cut");
    }
}

bool becomes_scene(const cut_job& one, random_source& random) {
    return one.what != cut_job::kind::copied_under_load && one.depth < depth_max && random.chance(1, 8);
}

} // namespace

std::string cut_job::describe() const {
    const char* const kinds[] = {"cut", "cut, copied", "copied under load"};
    return std::string(kinds[static_cast<int>(what)]) + " at " + moment + (opening ? " of an opening" : "") +
           ", survival " + survival_names[static_cast<std::size_t>(how)] + ", depth " + std::to_string(depth);
}

std::size_t recognise(const store& seen, const cut_history& possible, cut_counts& counts) {
    const cut_digest found = digest_of(seen.snapshot());
    std::size_t which = possible.size();
    while (which > 0 && possible[which - 1] != found) {
        --which;
    }
    if (which == 0) {
        throw broken_promise("what was found is not what any commit left that may have been the last: " +
                             std::to_string(found.entries) + " entries, " + std::to_string(possible.size()) +
                             " possible");
    }
    expect_contents(seen, found, "after opening");
    counts[cut_count::commits_lost] += possible.size() - which;
    counts[cut_count::newest] += which == possible.size() ? 1 : 0;
    return which - 1;
}

void judge(cut_worker& worker, const cut_job& one, random_source& random) {
    worker.begin_image(one.describe());
    worker.counts()[cut_count::of_recoveries] += one.opening && one.depth > 0 ? 1 : 0;
    worker.counts()[cut_count::copies] += one.what == cut_job::kind::copied ? 1 : 0;
    worker.counts()[cut_count::copies_under_load] += one.what == cut_job::kind::copied_under_load ? 1 : 0;
    image_file& place = worker.place(one.depth);
    const pretended_boot after;
    place.put(one.after, one.what == cut_job::kind::cut, random.chance(1, 16));
    try {
        if (becomes_scene(one, random)) {
            ++worker.counts()[cut_count::worked_on];
            cut_scene next(worker, place.path(), random.next(), one.possible, one.depth + 1);
            next.run(steps_after_cut, one.version);
        } else {
            judge_here(worker, one, place.path(), random);
        }
    } catch (const std::exception& problem) {
        place.put(one.after, one.what == cut_job::kind::cut, true); // as it was, to be looked at
        throw broken_promise("[" + one.describe() + "] " + problem.what());
    }
}

} // namespace holdfast::crash
