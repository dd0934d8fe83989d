// Companions, by two pipes: one tells where they stopped, the other lets them go on.
#include "companion.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

#include "os/failpoint.hpp"

namespace holdfast::crash {

namespace {

/// What a companion is observed by, in its own process.
class stopper final : public failpoint_observer {
public:
    stopper(int to, int from, companion::stops where) : to_(to), from_(from), where_(std::move(where)) {}

    void passed(std::string_view name) noexcept override {
        const bool named = !where_.prefix.empty() && name.starts_with(where_.prefix);
        if (named || ++passages_ == where_.passage) {
            stop(companion_stop::kind::passed, name, 0, 0);
        }
    }
    void reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept override {
        stop(companion_stop::kind::reached, "", start, bytes);
    }
    void stop(companion_stop::kind what, std::string_view name, std::uint64_t start,
              std::uint64_t bytes) noexcept {
        companion_stop told{what, start, bytes, {}};
        std::copy_n(name.begin(), std::min(name.size(), told.name.size() - 1), told.name.begin());
        char go = 0;
        if (::write(to_, &told, sizeof told) != sizeof told || ::read(from_, &go, 1) != 1) {
            ::_exit(status_failed); // nobody is there to listen
        }
    }

private:
    int to_;
    int from_;
    companion::stops where_;
    std::uint64_t passages_ = 0;
};

int work_observed(const std::function<void()>& work, stopper& observer, unsigned seconds_max) {
    ::alarm(seconds_max);
    observe_failpoints(&observer);
    try {
        work();
    } catch (const std::exception& problem) {
        observer.stop(companion_stop::kind::failed, problem.what(), 0, 0);
    }
    observe_failpoints(nullptr);
    return 0;
}

} // namespace

companion::companion(const std::function<void()>& work, stops where, unsigned seconds_max) {
    std::array<int, 2> told{};
    std::array<int, 2> let{};
    if (::pipe(told.data()) != 0 || ::pipe(let.data()) != 0) {
        throw std::runtime_error("no pipe");
    }
    process_ = child::start(
        [&] {
            ::close(told[0]);
            ::close(let[1]);
            stopper observer(told[1], let[0], std::move(where));
            return work_observed(work, observer, seconds_max);
        },
        [](const std::string&) {});
    ::close(told[1]);
    ::close(let[0]);
    from_ = told[0];
    to_ = let[1];
}

companion::~companion() {
    process_ = child();
    ::close(from_);
    ::close(to_);
}

companion_stop companion::go_on() {
    if (std::exchange(stands_, true) && ::write(to_, "g", 1) != 1) {
        throw std::runtime_error("can't let another process go on");
    }
    companion_stop stop;
    ssize_t got = 0;
    while ((got = ::read(from_, &stop, sizeof stop)) < 0 && errno == EINTR) {
    }
    if (got == static_cast<ssize_t>(sizeof stop)) {
        return stop;
    }
    const ending end = process_.wait(std::chrono::minutes(1)).value_or(ending{});
    if (!end.good()) {
        throw std::runtime_error("another process " + end.describe());
    }
    return {};
}

void companion::kill() {
    process_.kill();
    static_cast<void>(process_.wait(std::chrono::minutes(1)));
}

} // namespace holdfast::crash
