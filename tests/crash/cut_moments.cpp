// The moments of a scene: what happens within its steps, and what is cut there.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <utility>

#include "cut_scene.hpp"
#include "format/commit.hpp"
#include "model.hpp"

namespace holdfast::crash {

namespace {

/// The name under /proc of a file of this folder that has none.
std::filesystem::path find_unnamed(const std::filesystem::path& folder) {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(each.path(), gone).string();
        if (target.starts_with(folder.string() + "/#") && target.ends_with(" (deleted)")) {
            return each.path();
        }
    }
    return {};
}

} // namespace

void cut_scene::arm() {
    const std::uint64_t gap = depth_ == 0 ? 6000 : opening_ ? 400 : 3000;
    countdown_ = random_.passage(gap);
}

void cut_scene::passed(std::string_view name) noexcept {
    try {
        if (medium_) {
            passing(name);
        } else {
            watch_creation(name);
        }
    } catch (const std::exception& problem) {
        trouble_ = "within " + std::string(name) + ": " + problem.what();
    }
}

/// Until it has a name nothing of the file can be found after a cut.
void cut_scene::watch_creation(std::string_view name) {
    if (name != "segment.create.allocated") {
        return;
    }
    const std::filesystem::path unnamed = find_unnamed(path_.parent_path());
    if (!unnamed.empty()) {
        medium_.emplace(unnamed, false);
        ++worker_->counts()[cut_count::creations];
    }
}

void cut_scene::passing(std::string_view name) {
    if (!named_ && name == "segment.create.linked") {
        named_ = true;
        take_images(name, 4);
    }
    if (countdown_ != 0 && --countdown_ == 0) {
        take_images(name, depth_ == 0 ? random_.between(1, 4) : 1);
        arm();
    } else if (random_.below(look_every_) == 0) {
        medium_->look();
    }
    if (copy_ && random_.chance(1, 64)) {
        go_on_copying();
    }
    if (syncing_ && inside_ == 0 && name.starts_with("sync.") && trouble_.empty()) {
        ++inside_;
        interrupt(name);
        --inside_;
    }
}

/// Others write between two steps of a sync point; now and then so much that the ring of commits goes round.
void cut_scene::interrupt(std::string_view name) {
    if (depth_ == 0 && random_.chance(1, 16)) {
        write_for_long();
        take_images(name, 6);
        return;
    }
    for (std::uint64_t left = random_.chance(1, 4) ? random_.passage(12) : 0; left > 0; --left) {
        transact();
    }
    if (depth_ == 0 && random_.chance(1, 8)) {
        take_images(name, random_.between(1, 4));
    }
}

void cut_scene::reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept {
    if (!medium_) {
        return;
    }
    try {
        if (random_.chance(1, depth_ == 0 ? 3 : 8)) { // a cut before the call returns
            take_images("a barrier", random_.between(1, 2));
        }
        settle(start, bytes);
    } catch (const std::exception& problem) {
        trouble_ = std::string("at a barrier: ") + problem.what();
    }
}

/// A barrier that is removed does nothing.
void cut_scene::settle(std::uint64_t start, std::uint64_t bytes) {
    const char* const kind = bytes == 0                              ? "barrier.file"
                             : bytes == sizeof(format::durable_slot) ? "barrier.slot"
                             : start == format::heap_offset          ? "barrier.heap"
                             : start == 0                            ? "barrier.header"
                                                                     : "barrier.log";
    if (worker_->settings().without != kind) {
        medium_->reached(start, bytes);
    }
}

void cut_scene::go_on_copying() {
    if (!medium_->copy(*copy_, random_.passage(50))) {
        return;
    }
    cut_job made;
    made.after = std::move(*copy_);
    made.what = cut_job::kind::copied_under_load;
    made.depth = depth_;
    made.possible = possible_;
    made.possible.insert(made.possible.end(), undone_.begin(), undone_.end());
    jobs_.push_back(std::move(made));
    copy_.reset();
}

void cut_scene::take_images(std::string_view moment, std::uint64_t count) {
    for (; named_ && count > 0 && images_left_ > 0; --count, --images_left_) {
        cut_job made;
        made.how = static_cast<survival>(random_.below(survivals));
        made.after = medium_->cut(made.how, random_);
        made.what = random_.chance(1, 8) ? cut_job::kind::copied : cut_job::kind::cut;
        made.opening = opening_;
        made.depth = depth_;
        const std::size_t oldest =
            made.how == survival::present ? std::max(committed_, acknowledged_) : acknowledged_;
        made.possible.assign(possible_.begin() + static_cast<std::ptrdiff_t>(oldest), possible_.end());
        made.possible.insert(made.possible.end(), in_doubt_.begin(), in_doubt_.end());
        made.version = version_;
        made.moment = moment;
        jobs_.push_back(std::move(made));
    }
}

void cut_scene::judge_images() {
    if (!trouble_.empty()) {
        throw broken_promise(trouble_);
    }
    observe_failpoints(nullptr);
    for (const cut_job& one : std::exchange(jobs_, {})) {
        if (!worker_->is_enough()) {
            judge(*worker_, one, random_);
        }
    }
    observe_failpoints(this);
}

} // namespace holdfast::crash
