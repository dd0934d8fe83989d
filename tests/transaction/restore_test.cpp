// Stores that a boot finds unclosed: the newest whole commit is taken, at worst the durable one, the accounts are made
// anew, and numbers are never given twice.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "rebooted_store.hpp"
#include "support/child.hpp"

namespace holdfast::test {
namespace {

class restore_test : public rebooted_store_test {};

TEST_F(restore_test, a_clean_reboot_loses_nothing_of_what_was_never_synced_or_closed) {
    contents before;
    crash([](store& opened) { fill(opened, 1); });
    before = contents_of(open()); // the same boot: recovered from the page cache
    crash([](store& opened) { opened.put("after", "the close"); });
    before.emplace("/after", "the close");
    reboot();
    store opened = open();
    EXPECT_EQ(contents_of(opened), before);
    expect_sound(opened);
    fill(opened, 3);
    expect_sound(opened);
}

TEST_F(restore_test, what_a_sync_point_brought_to_the_medium_is_there_when_nothing_else_is) {
    contents durable;
    std::string medium;
    crash([&](store& opened) {
        fill(opened, 1);
        opened.sync();
    });
    medium = bytes(); // all that is sure to be there
    {
        const store seen = store::open(place_.path(), {.mode = open_mode::read_only});
        durable = contents_of(seen);
    }
    crash([](store& opened) { // without a boot between: goes on from the page cache
        for (std::uint64_t round = 2; round < 12; ++round) {
            fill(opened, round);
        }
    });
    // The cut keeps the heads and slots that came later, and none of the pages that they speak of.
    put_back(medium, format::heap_offset, medium.size());
    reboot();
    store opened = open();
    EXPECT_EQ(contents_of(opened), durable);
    expect_sound(opened);
    const version_number restored = opened.stat().version;
    opened.put("next", "history");
    EXPECT_GT(opened.stat().version, restored);
    expect_sound(opened);
}

TEST_F(restore_test, nothing_of_the_durable_commit_is_used_again_before_the_next_sync_point) {
    contents durable;
    crash([&](store& opened) {
        fill(opened, 1);
        opened.sync();
    });
    durable = contents_of(store::open(place_.path(), {.mode = open_mode::read_only}));
    crash([](store& opened) {
        for (std::uint64_t round = 2; round < 12; ++round) {
            fill(opened, round);
        }
    });
    lose_the_heads();
    reboot();
    store opened = open();
    EXPECT_EQ(contents_of(opened), durable);
    expect_sound(opened);
}

TEST_F(restore_test, a_killed_restoring_is_begun_again) {
    contents before;
    crash([](store& opened) {
        fill(opened, 1);
        opened.sync();
        fill(opened, 2);
    });
    before = contents_of(store::open(place_.path(), {.mode = open_mode::read_only}));
    reboot();
    std::filesystem::copy_file(place_.path(), place_.folder() / "saved");
    for (const char* point : {"segment.open.reset", "restore.begin", "restore.counted", "restore.written",
                              "restore.before_publish", "commit.before_publish", "commit.published",
                              "restore.done", "segment.open.restored", "segment.open.known",
                              "segment.open.flushed", "segment.open.durable", "segment.open.stamped"}) {
        EXPECT_EQ(run_child([&] {
                      arm_failpoints(std::string(point) + "=kill@1");
                      static_cast<void>(open());
                  }),
                  child_end::killed)
            << point;
        store opened = open();
        EXPECT_EQ(contents_of(opened), before) << point;
        expect_sound(opened);
        opened.close();
        std::filesystem::copy_file(place_.folder() / "saved", place_.path(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
}

TEST_F(restore_test, what_a_killed_syncer_was_carrying_is_whole_whatever_was_written_since) {
    for (const char* point : {"sync.locked", "sync.begin", "sync.candidate", "sync.flushed", "sync.written",
                              "sync.durable", "sync.done", "sync.unlocked"}) {
        std::filesystem::remove(place_.path());
        crash([](store& opened) {
            fill(opened, 1);
            opened.sync();
        });
        const contents first = contents_of(store::open(place_.path(), {.mode = open_mode::read_only}));
        crash([&](store& opened) {
            fill(opened, 2);
            arm_failpoints(std::string(point) + "=kill@1");
            opened.sync();
        });
        const contents second = contents_of(store::open(place_.path(), {.mode = open_mode::read_only}));
        crash([](store& opened) { // reuses whatever may be used again
            for (std::uint64_t round = 3; round < 10; ++round) {
                fill(opened, round);
            }
        });
        lose_the_heads();
        reboot();
        store opened = open();
        const contents found = contents_of(opened);
        EXPECT_TRUE(found == first || found == second) << point;
        expect_sound(opened);
        opened.sync();
        EXPECT_EQ(opened.stat().durable_version, opened.stat().version);
    }
}

TEST_F(restore_test, a_killed_syncer_is_followed_up_by_whoever_syncs_next) {
    for (const char* point : {"sync.candidate", "sync.flushed", "sync.written", "sync.durable"}) {
        store opened = open();
        opened.put("before", point);
        EXPECT_EQ(run_child([&] {
                      store mine = store::open(place_.path(), without_thread());
                      mine.put("in between", point);
                      arm_failpoints(std::string(point) + "=kill@1");
                      mine.sync();
                  }),
                  child_end::killed);
        fill(opened, 5);
        opened.sync();
        EXPECT_EQ(opened.stat().durable_version, opened.stat().version) << point;
        expect_sound(opened);
    }
}

TEST_F(restore_test, a_copy_of_a_live_store_is_judged_by_its_bytes) {
    contents before;
    {
        store opened = open();
        fill(opened, 1);
        before = contents_of(opened);
        std::filesystem::copy_file(place_.path(), place_.folder() / "copy");
    }
    store copy = store::open(place_.folder() / "copy", without_thread());
    EXPECT_EQ(contents_of(copy), before);
    expect_sound(copy);
}

TEST_F(restore_test, a_damaged_value_does_not_keep_the_store_from_being_opened) {
    crash([](store& opened) {
        fill(opened, 1);
        opened.put("hurt", std::string(5000, 'h'));
        opened.sync();
        opened.put("later", "value");
    });
    const std::string medium = bytes();
    const std::size_t place = medium.find(std::string(5000, 'h'));
    ASSERT_NE(place, std::string::npos);
    std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(place + 100));
    file.write("x", 1);
    file.close();
    reboot();
    store opened = open();
    EXPECT_EQ(opened.get("later")->text(), "value");
    expect_failure(errc::corrupt, [&] { static_cast<void>(opened.get("hurt")); });
}

} // namespace
} // namespace holdfast::test
