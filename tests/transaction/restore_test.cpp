// Stores that a boot finds unclosed: the newest whole commit is taken, at worst the durable one, the accounts are made
// anew, and numbers are never given twice.
//
// A reboot is pretended by another boot id; what did not reach the medium, by bytes that are put back or spoilt.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "engine_fixture.hpp"
#include "format/commit.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"

namespace holdfast::test {
namespace {

using contents = std::map<std::string, std::string>;

[[nodiscard]] contents contents_of(const store& seen) {
    contents found;
    const snapshot now = seen.snapshot();
    for (const map_information& map : now.maps()) {
        for (auto&& [key, value] : now.map(map.name)) {
            found.emplace(map.name + "/" + std::string(key), value.text());
        }
    }
    return found;
}

open_options without_thread() {
    open_options options;
    options.sync_interval = std::chrono::milliseconds(0);
    return options;
}

class restore_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build can't pretend a boot";
        }
    }
    void TearDown() override { ::unsetenv("HOLDFAST_TEST_BOOT_ID"); }
    void reboot() { ::setenv("HOLDFAST_TEST_BOOT_ID", ("boot" + std::to_string(++boots_)).c_str(), 1); }

    /// Runs `work` on the store in a process that dies.
    void crash(const std::function<void(store&)>& work) {
        EXPECT_EQ(run_child([&] {
                      store opened = store::open(place_.path(), without_thread());
                      work(opened);
                      ::kill(::getpid(), SIGKILL);
                  }),
                  child_end::killed);
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream file(place_.path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void put_back(const std::string& before, std::uint64_t from, std::uint64_t to) const {
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(from));
        file.write(before.data() + from,
                   static_cast<std::streamsize>(std::min<std::uint64_t>(to, before.size()) - from));
    }
    /// All later pages reached the medium, but for the heads: the durable commit has to be whole beside them.
    void lose_the_heads() const {
        const std::uint64_t none = 0;
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(format::heads_offset));
        file.write(reinterpret_cast<const char*>(&none), sizeof none);
    }
    [[nodiscard]] store open() const { return store::open(place_.path(), without_thread()); }

    temporary_store place_{folder_in_memory()};
    int boots_ = 0;
};

void fill(store& filled, std::uint64_t round) {
    for (std::uint64_t part = 0; part < 4; ++part) {
        filled.update([&](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 300; ++i) {
                transaction.put(numbered("key", i * 7 % 900), patterned(20 + i % 50, i + round + part));
                transaction.map("users").put(numbered("user", i), patterned(i % 700, i * round));
            }
            transaction.map("users").erase(numbered("user", part * 10 + round));
            transaction.map("large").put(numbered("", part), patterned(40'000 * (part + 1), round));
            transaction.map(numbered("map", round)).put("one", "entry");
        });
    }
}

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
    for (const char* point :
         {"segment.open.reset", "restore.begin", "restore.counted", "restore.written",
          "restore.before_publish", "commit.before_publish", "commit.published", "restore.done",
          "segment.open.restored", "segment.open.flushed", "segment.open.durable", "segment.open.stamped"}) {
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
