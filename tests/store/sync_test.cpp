// Sync points as a user sees them: by call, by themselves, and the thread that makes them.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

/// Under ThreadSanitizer, which has threads of its own, they can't be counted: then always 0.
[[nodiscard]] std::ptrdiff_t threads_of_this_process() {
#ifdef __SANITIZE_THREAD__
    return 0;
#else
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
#endif
}

/// Whether it comes true within some seconds.
template <class Condition>
[[nodiscard]] bool comes_true(Condition&& condition) {
    for (int tries = 0; tries < 1000; ++tries) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

[[nodiscard]] bool is_durable(const store& asked) {
    const statistics now = asked.stat();
    return now.durable_version == now.version;
}

open_options every(std::chrono::milliseconds interval) {
    open_options options;
    options.sync_interval = interval;
    return options;
}

TEST(sync_test, brings_what_was_committed_to_the_medium) {
    const temporary_store place;
    store opened = store::open(place.path(), every(0ms));
    EXPECT_TRUE(is_durable(opened)) << "a new store is on the medium";
    opened.put("key", "value");
    EXPECT_FALSE(is_durable(opened));
    opened.sync();
    EXPECT_TRUE(is_durable(opened));
    opened.sync(); // nothing to do
    EXPECT_TRUE(is_durable(opened));
    expect_sound(opened);
}

TEST(sync_test, works_beside_a_transaction_and_leaves_out_what_that_has_not_committed) {
    const temporary_store place;
    store opened = store::open(place.path(), every(0ms));
    opened.put("key", "value");
    write_transaction running = opened.begin_write();
    running.put("later", "value");
    opened.sync();
    EXPECT_TRUE(is_durable(opened));
    std::move(running).commit();
    EXPECT_FALSE(is_durable(opened));
}

TEST(sync_test, is_made_by_itself_in_a_thread_that_is_there_only_while_something_waits) {
    const temporary_store place;
    const std::ptrdiff_t threads = threads_of_this_process();
    store opened = store::open(place.path(), every(30ms));
    static_cast<void>(opened.get("key"));
    EXPECT_EQ(threads_of_this_process(), threads) << "nothing was written";
    for (int round = 0; round < 3; ++round) {
        opened.put("key", round);
        EXPECT_TRUE(comes_true([&] { return is_durable(opened); }));
        EXPECT_TRUE(comes_true([&] { return threads_of_this_process() == threads; }));
    }
    opened.put("key", "last");
    opened.close(); // with the thread at work
    EXPECT_EQ(threads_of_this_process(), threads);
    expect_sound(store::open(place.path()));
}

TEST(sync_test, happens_before_a_process_leaves_others_alone_with_the_store) {
    const temporary_store place;
    store stays = store::open(place.path(), every(0ms));
    EXPECT_EQ(run_child([&] {
                  store goes = store::open(place.path(), every(1h));
                  goes.put("key", "value");
              }),
              child_end::finished);
    EXPECT_TRUE(is_durable(stays));
}

TEST(sync_test, is_not_for_those_who_only_read_nor_for_a_child_of_fork) {
    const temporary_store place;
    store opened = store::open(place.path(), every(10ms));
    opened.put("key", "value"); // the thread is there when we fork
    EXPECT_EQ(run_child([&] {
                  expect_failure(errc::forked, [&] { opened.sync(); });
                  { const store gone = std::move(opened); }
                  store own = store::open(place.path(), every(0ms)); // ThreadSanitizer allows it no thread
                  own.put("child", "value");
                  own.sync();
                  if (testing::Test::HasFailure()) {
                      throw std::runtime_error("see above");
                  }
              }),
              child_end::finished);
    store reader = store::open(place.path(), {.mode = open_mode::read_only});
    expect_failure(errc::read_only, [&] { reader.sync(); });
    EXPECT_TRUE(comes_true([&] { return is_durable(opened); }));
}

TEST(sync_test, several_processes_and_threads_may_sync_at_once) {
    const temporary_store place(folder_in_memory());
    store opened = store::open(place.path(), every(1ms));
    const auto work = [](store& mine, int who) {
        for (int i = 0; i < 200; ++i) {
            mine.put(numbered("key", static_cast<std::uint64_t>(who * 1000 + i % 50)), patterned(300, i));
            if (i % 10 == 0) {
                mine.sync();
            }
        }
    };
    const pid_t other = start_child([&] {
        store mine = store::open(place.path(), every(1ms));
        work(mine, 1);
    });
    std::thread beside([&] { work(opened, 2); });
    work(opened, 3);
    beside.join();
    EXPECT_EQ(wait_for_child(other), child_end::finished);
    opened.sync();
    EXPECT_TRUE(is_durable(opened));
    expect_sound(opened);
}

class failing_medium_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build has no failpoints";
        }
    }
    void TearDown() override { arm(""); }
    static void arm(const char* points) {
        if constexpr (failpoints_built_in) {
            arm_failpoints(points);
        }
    }
    temporary_store place_;
};

TEST_F(failing_medium_test, throws_and_leaves_what_is_durable) {
    store opened = store::open(place_.path(), every(0ms));
    opened.put("key", "value");
    const version_number before = opened.stat().durable_version;
    for (const char* point : {"os.flush=fail:EIO@1", "os.write_durably=fail:EIO@1"}) {
        arm(point);
        expect_failure(errc::io_error, [&] { opened.sync(); });
        EXPECT_EQ(opened.stat().durable_version, before) << point;
    }
    opened.sync();
    EXPECT_TRUE(is_durable(opened));
}

// What would go wrong: the kernel drops pages that it could not write and says so once, so the next sync succeeds
// without them.
TEST_F(failing_medium_test, lets_nobody_write_until_everything_was_written_again) {
    store opened = store::open(place_.path(), every(0ms));
    opened.put("key", "value");
    arm("os.flush=fail:EIO");
    expect_failure(errc::io_error, [&] { opened.sync(); });
    expect_failure(errc::io_error, [&] { opened.put("key", "other"); });
    EXPECT_EQ(opened.get("key")->text(), "value") << "reading goes on";
    EXPECT_EQ(run_child([&] {
                  store own = store::open(place_.path(), every(0ms));
                  expect_failure(errc::io_error, [&] { own.put("key", "other"); });
                  if (testing::Test::HasFailure()) {
                      throw std::runtime_error("see above");
                  }
              }),
              child_end::finished);
    arm("*=count");
    opened.put("key", "other");
    EXPECT_NE(failpoints_passed().find("sync.followed_up"), std::string::npos);
    opened.sync();
    EXPECT_TRUE(is_durable(opened));
    expect_sound(opened);
}

TEST_F(failing_medium_test, is_remembered_by_the_next_who_opens_the_store) {
    {
        store opened = store::open(place_.path(), every(0ms));
        opened.put("key", "value");
        arm("os.sync=fail:EIO");
        expect_failure(errc::io_error, [&] { opened.close(); });
    }
    arm("*=count");
    store opened = store::open(place_.path(), every(0ms));
    opened.put("key", "other");
    EXPECT_NE(failpoints_passed().find("sync.followed_up"), std::string::npos);
    expect_sound(opened);
}

} // namespace
} // namespace holdfast::test
