// Another process that works on the same store, one stretch at a time: it stops where it is told to, and behind each
// barrier, and goes on when it is let. So the interleaving of several processes is the choice of one.
//
// Thread safety: none; the process that has companions has one thread. While one works, its maker waits; so a maker
// must not wait for a lock that a stopped companion holds.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "process.hpp"

namespace holdfast::crash {

/// Where a companion stopped.
struct companion_stop {
    enum class kind : std::uint8_t {
        passed, ///< at a failpoint, `name`
        reached, ///< what it stored in [start, start + bytes) is on the medium, and the system call has not returned
        failed, ///< with an exception, whose message `name` begins with
        ended,  ///< and is gone
    };
    kind what = kind::ended;
    std::uint64_t start = 0;
    std::uint64_t bytes = 0;
    std::array<char, 200> name{};
    [[nodiscard]] std::string_view text() const noexcept { return name.data(); }
};

class companion {
public:
    /// At which passages it stops: at each of a name that begins with `prefix`, unless that is empty, and at the
    /// `passage`-th of any.
    struct stops {
        std::string prefix;
        std::uint64_t passage = 0;
    };
    /// Begins `work` in a process of its own, without this one's store handles. `seconds_max`: it is killed then.
    companion(const std::function<void()>& work, stops where, unsigned seconds_max);
    ~companion();
    companion(const companion&) = delete;
    companion& operator=(const companion&) = delete;

    /// Lets it go on to where it stops next. Throws std::runtime_error if it died by anything but `kill`.
    [[nodiscard]] companion_stop go_on();
    /// It dies where it stands, and is gone when this returns.
    void kill();

private:
    child process_;
    int from_ = -1;
    int to_ = -1;
    bool stands_ = false;
};

} // namespace holdfast::crash
