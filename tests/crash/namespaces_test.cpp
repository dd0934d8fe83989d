// Processes of different PID namespaces, as containers are, on one store: ids say nothing, and may be equal.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "board.hpp"
#include "process.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::crash {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

enum class stage : int { none, ready, go, done };

struct stages {
    std::atomic<pid_t> pid{0}; ///< in the test's own namespace
    std::atomic<stage> at{stage::none};
    std::atomic<std::uint64_t> count{0};
    std::atomic<int> refused{0}; ///< why there is no new namespace
    note<512> failure;

    void wait_for(stage wanted) const {
        while (at.load() != wanted) {
            sleep_exactly(microseconds(100));
        }
    }
};

/// A process that is number 1 of a PID namespace of its own.
class contained final {
public:
    explicit contained(const std::function<int(stages&)>& body) {
        outside_ = child::start([&] { return contain(body); },
                                [this](const std::string& what) { board_->failure.set(what); });
    }
    [[nodiscard]] stages& board() noexcept { return *board_; }

    /// Whether it came so far; else it was not to be had in a namespace, or failed.
    [[nodiscard]] bool reaches(stage wanted) {
        const auto until = steady_clock::now() + seconds(20);
        while (board_->at.load() != wanted && !board_->failure.is_set() && board_->refused.load() == 0) {
            if (steady_clock::now() > until) {
                return false;
            }
            sleep_exactly(microseconds(100));
        }
        return board_->at.load() == wanted;
    }
    void kill() {
        ::kill(board_->pid.load(), SIGKILL);
        static_cast<void>(outside_.wait(seconds(20)));
    }
    [[nodiscard]] std::optional<ending> wait() { return outside_.wait(seconds(20)); }

private:
    int contain(const std::function<int(stages&)>& body) {
        if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
            board_->refused.store(errno);
            return 0;
        }
        child inside = child::start([&] { return body(*board_); },
                                    [this](const std::string& what) { board_->failure.set(what); });
        board_->pid.store(inside.pid());
        const std::optional<ending> how = inside.wait(seconds(60));
        return how && how->good() ? 0 : 1;
    }

    shared<stages> board_;
    child outside_;
};

#define HOLDFAST_NEEDS(process, wanted)                                                                      \
    do {                                                                                                     \
        const bool came = (process).reaches(wanted);                                                         \
        if ((process).board().refused.load() != 0) {                                                         \
            GTEST_SKIP() << "no PID namespace to be had here: "                                              \
                         << std::strerror((process).board().refused.load());                                 \
        }                                                                                                    \
        ASSERT_TRUE(came) << (process).board().failure.text();                                               \
    } while (false)

/// Begins a transaction, is ready, and commits when told.
int hold_the_lock(const std::filesystem::path& path, stages& board) {
    store in = store::open(path);
    write_transaction transaction = in.begin_write();
    for (int i = 0; i < 100; ++i) {
        transaction.map("held").put(numbered("key-", static_cast<std::uint64_t>(i)), "by the holder");
    }
    board.at.store(stage::ready);
    board.wait_for(stage::go);
    std::move(transaction).commit();
    board.at.store(stage::done);
    return ::getpid() == 1 ? 0 : 1;
}

TEST(namespaces, a_killed_writer_is_noticed_in_another) {
    const test::temporary_store place;
    place.open().put("key", "before");
    contained reader([&](stages& board) {
        const store in = place.open(open_mode::write);
        const snapshot before = in.snapshot();
        board.at.store(stage::ready);
        while (board.at.load() != stage::go) {
            if (in.get("key").value().text() == "after") {
                board.count.store(1);
            }
            if (before.get("key").value().text() != "before" || in.snapshot().has_map("held")) {
                throw broken_promise("the reader sees what nobody committed");
            }
        }
        return 0;
    });
    HOLDFAST_NEEDS(reader, stage::ready);
    contained writer([&](stages& board) { return hold_the_lock(place.path(), board); });
    HOLDFAST_NEEDS(writer, stage::ready);
    writer.kill();

    store in = place.open();
    in.put("key", "after");
    const auto until = steady_clock::now() + seconds(10);
    while (reader.board().count.load() == 0 && steady_clock::now() < until) {
        sleep_exactly(milliseconds(1));
    }
    EXPECT_EQ(reader.board().count.load(), 1U) << reader.board().failure.text();
    EXPECT_EQ(in.stat().recoveries, 1U);
    test::expect_sound(in);
    reader.board().at.store(stage::go);
    EXPECT_TRUE(reader.wait()->good()) << reader.board().failure.text();
}

/// What a dead reader's snapshot held comes back, though nobody can ask the kernel for its process by number.
TEST(namespaces, a_killed_readers_snapshot_is_released_in_another) {
    const test::temporary_store place;
    store in = place.open();
    in.put("key", "before");
    contained reader([&](stages& board) {
        const store mine = place.open(open_mode::write);
        const snapshot held = mine.snapshot();
        board.at.store(stage::ready);
        board.wait_for(stage::go);
        return 0;
    });
    HOLDFAST_NEEDS(reader, stage::ready);
    ASSERT_EQ(in.stat().snapshots.size(), 1U);
    reader.kill();
    const auto until = steady_clock::now() + seconds(20);
    while (!in.stat().snapshots.empty() && steady_clock::now() < until) {
        in.update([](write_transaction& transaction) {
            for (int i = 0; i < 2'000; ++i) {
                transaction.put(numbered("key-", static_cast<std::uint64_t>(i)), "again");
            }
        });
    }
    EXPECT_TRUE(in.stat().snapshots.empty());
    test::expect_sound(in);
}

/// The kernel tells robust mutexes of a death by thread number; in different namespaces there may be two of one number,
/// one that has the mutex and one that waits for it. The death of the second must not be taken for that of the first.
TEST(namespaces, a_killed_waiter_does_not_rob_the_holder_of_the_same_number) {
    const test::temporary_store place;
    place.open().put("key", "before");
    contained holder([&](stages& board) { return hold_the_lock(place.path(), board); });
    HOLDFAST_NEEDS(holder, stage::ready);
    contained waiter([&](stages& board) {
        store in = place.open();
        board.at.store(stage::ready);
        in.put("key", "by the waiter");
        return 0;
    });
    HOLDFAST_NEEDS(waiter, stage::ready);
    sleep_exactly(milliseconds(200)); // it waits now
    waiter.kill();

    open_options impatient;
    impatient.timeout = milliseconds(500);
    store in = store::open(place.path(), impatient);
    test::expect_failure(errc::timed_out, [&] { in.put("key", "by a robber"); });
    holder.board().at.store(stage::go);
    EXPECT_TRUE(holder.wait()->good()) << holder.board().failure.text();
    EXPECT_EQ(in.snapshot().map("held").size(), 100U);
    EXPECT_EQ(in.get("key").value().text(), "before");
    in.put("key", "after");
    test::expect_sound(in);
}

} // namespace
} // namespace holdfast::crash
