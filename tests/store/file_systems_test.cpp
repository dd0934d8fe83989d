// The store on the other file systems that are promised: XFS, tmpfs, and overlayfs, which is what a container's root
// is.
//
// What went wrong: every opening allocated the whole file again, which XFS refuses when less than the store's size is
// free, deleting included. On overlayfs a mapping keeps no lock, so a descriptor has to.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "format/geometry.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/mounted_disk.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

class file_systems_test : public ::testing::TestWithParam<disk_kind> {
protected:
    void SetUp() override {
        if (!disk_.mounted()) {
            GTEST_SKIP() << disk_.why_not();
        }
    }
    void TearDown() override { arm_failpoints(""); }

    temporary_store place_;
    mounted_disk disk_{GetParam(), place_.folder(), xfs_bytes_min};
};

TEST_P(file_systems_test, allocate_nothing_when_a_store_is_opened_again) {
    {
        store made = place_.open();
        for (std::uint64_t i = 0; i < 2000; ++i) {
            made.put(numbered("key", i), patterned(i % 3000, i));
        }
    }
    arm_failpoints("segment.back=fail");
    const store again = place_.open(open_mode::write);
    arm_failpoints("");
    EXPECT_EQ(again.get(numbered("key", 7))->text(), patterned(7, 7));
    EXPECT_LT(again.stat().allocated_bytes, again.stat().file_bytes - 48 * format::mib)
        << "the room for attachments is a hole";
    expect_sound(again);
}

TEST_P(file_systems_test, show_a_writer_to_other_processes_until_it_dies) {
    store here = place_.open();
    here.put("key", "before");
    {
        write_transaction open = here.begin_write();
        EXPECT_EQ(run_child([&] {
                      open_options options;
                      options.timeout = std::chrono::milliseconds(100);
                      store there = store::open(place_.path(), options);
                      if (there.stat().processes.size() != 2) {
                          throw std::runtime_error("the other process does not show");
                      }
                      try {
                          there.put("key", "beside");
                      } catch (const error& failure) {
                          if (failure.reason() == errc::timed_out) {
                              return;
                          }
                      }
                      throw std::runtime_error("the lock does not show");
                  }),
                  child_end::finished);
        open.put("key", "here");
        std::move(open).commit();
    }
    EXPECT_EQ(run_child([&] {
                  store there = place_.open(open_mode::write);
                  write_transaction open = there.begin_write();
                  open.put("key", "never committed");
                  static_cast<void>(::kill(::getpid(), SIGKILL));
              }),
              child_end::killed);
    here.put("other", "after");
    EXPECT_EQ(here.get("key")->text(), "here");
    EXPECT_EQ(here.stat().recoveries, 1U);
    EXPECT_EQ(here.stat().processes.size(), 1U);
    expect_sound(here);
}

TEST_P(file_systems_test, show_the_snapshots_of_others_until_they_die) {
    store here = place_.open();
    here.put("key", "value");
    const auto comes_to_hold = [&](std::size_t count) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (here.stat().snapshots.size() != count && std::chrono::steady_clock::now() < until) {
            here.put("key", "value"); // who writes notices the dead
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return here.stat().snapshots.size() == count;
    };
    for (const open_mode mode : {open_mode::write, open_mode::read_only}) {
        const pid_t reader = start_child([&] {
            const store there = place_.open(mode);
            const snapshot kept = there.snapshot();
            ::pause();
        });
        EXPECT_TRUE(comes_to_hold(1));
        ASSERT_EQ(::kill(reader, SIGKILL), 0);
        EXPECT_EQ(wait_for_child(reader), child_end::killed);
        EXPECT_TRUE(comes_to_hold(0));
    }
}

TEST_P(file_systems_test, let_one_delete_and_put_when_they_are_full) {
    if (GetParam() == disk_kind::overlay) {
        GTEST_SKIP() << "an overlay is as large as what it lies on, which is the machine's";
    }
    store filled = place_.open();
    const std::uint64_t left = std::filesystem::space(place_.folder()).free;
    ASSERT_GT(left, 8 * format::mib);
    { // so that less is free than the store has
        store ballast = store::open(place_.folder() / "ballast");
        ballast.put("room", std::string(left - 8 * format::mib, 'x'));
    }
    std::map<std::string, std::string> expected;
    for (std::uint64_t i = 0;; ++i) {
        try {
            filled.put(numbered("key", i), patterned(1000, i));
            expected.emplace(numbered("key", i), patterned(1000, i));
        } catch (const error& failure) {
            ASSERT_EQ(failure.reason(), errc::no_space) << failure.what();
            break;
        }
    }
    EXPECT_GT(expected.size(), 1000U);
    filled.close();
    store again = place_.open(open_mode::write);
    for (std::uint64_t i = 0; i < expected.size(); i += 2) {
        ASSERT_TRUE(again.erase(numbered("key", i))) << i;
    }
    for (std::uint64_t i = 0; i < expected.size() / 4; ++i) {
        again.put(numbered("new", i), patterned(1000, i)); // as large as what was deleted
    }
    for (std::uint64_t i = 1; i < expected.size(); i += 2) {
        ASSERT_EQ(again.get(numbered("key", i))->text(), expected[numbered("key", i)]);
    }
    expect_sound(again);
}

INSTANTIATE_TEST_SUITE_P(of, file_systems_test,
                         ::testing::Values(disk_kind::xfs, disk_kind::tmpfs, disk_kind::overlay),
                         [](const auto& chosen) { return name_of(chosen.param); });

} // namespace
} // namespace holdfast::test
