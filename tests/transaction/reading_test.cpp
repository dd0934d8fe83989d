// Reading stores that nobody has restored: after a boot, as a copy, with damaged heads or cut short, by a process that
// may not write.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "rebooted_store.hpp"
#include "transaction/engine.hpp"

namespace holdfast::test {
namespace {

class reading_test : public rebooted_store_test {
protected:
    [[nodiscard]] store reader() const { return place_.open(open_mode::read_only); }
    [[nodiscard]] contents read() const { return contents_of(reader()); }

    /// A store with a durable commit, later ones, and no process. Returns what the durable one holds.
    contents leave_unclosed() {
        contents durable;
        crash([](store& opened) {
            fill(opened, 1);
            opened.sync();
        });
        durable = read();
        crash([](store& opened) {
            for (std::uint64_t round = 2; round < 12; ++round) {
                fill(opened, round);
            }
        });
        return durable;
    }
    [[nodiscard]] static std::string logged_value(std::uint64_t number) {
        return patterned(number % 90, 1'000'000 + number);
    }
    /// A store that has more in its redo log than in the durable commit. Returns all of it.
    contents leave_unclosed_with_log() {
        EXPECT_EQ(run_child([&] {
                      open_options logged = without_thread();
                      logged.durability = durability::commit;
                      store opened = store::open(place_.path(), logged);
                      fill(opened, 1);
                      for (std::uint64_t i = 0; i < 300; ++i) {
                          opened.put(numbered("logged", i % 250), logged_value(i));
                      }
                      opened.update([](write_transaction& transaction) {
                          transaction.map("made by the log").put("key", "value");
                          transaction.map("users").erase_prefix("user0000001");
                          transaction.drop("map00000001");
                      });
                      opened.erase(numbered("logged", 3));
                      ::kill(::getpid(), SIGKILL);
                  }),
                  child_end::killed);
        return read();
    }
    void overwrite(std::uint64_t offset, const std::string& with) const {
        std::fstream file(place_.path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        file.write(with.data(), static_cast<std::streamsize>(with.size()));
    }
    [[nodiscard]] format::commit_slot newest_commit() const {
        segment_options options;
        options.mode = segment_mode::read_only;
        const std::shared_ptr<segment> file = segment::open(place_.path(), options);
        format::commit_slot newest{};
        EXPECT_TRUE(file->commits().copy_newest(newest));
        return newest;
    }
};

// What went wrong: a reader verified the newest commit as a whole, and refused the store where that was not whole.
TEST_F(reading_test, after_a_boot_is_of_the_durable_commit_whatever_became_of_later_ones) {
    const contents durable = leave_unclosed();
    overwrite(ref::from_units(newest_commit().unnamed.root).offset(), std::string(64, 'x'));
    reboot();
    const std::string before = bytes();
    const store opened = reader();
    EXPECT_EQ(contents_of(opened), durable);
    EXPECT_EQ(opened.get(numbered("key", 7))->text(), durable.at("/" + numbered("key", 7)));
    EXPECT_TRUE(opened.check().empty());
    EXPECT_EQ(opened.stat().version, opened.stat().durable_version);
    EXPECT_FALSE(opened.shows_older_commit()) << "that is what outlived the boot for certain";
    EXPECT_EQ(bytes(), before);
}

TEST_F(reading_test, goes_on_while_another_process_restores_the_store_and_reuses_what_it_can) {
    const contents durable = leave_unclosed();
    reboot();
    const store opened = reader();
    const snapshot held = opened.snapshot();
    for (std::uint64_t round = 0; round < 3; ++round) {
        EXPECT_EQ(run_child([&] {
                      store writer = open();
                      for (std::uint64_t part = 1; part < 12; ++part) {
                          fill(writer, 100 + round * 12 + part);
                          writer.sync();
                      }
                      writer.put("round", std::to_string(round));
                      expect_sound(writer);
                      if (::testing::Test::HasFailure() || writer.stat().snapshots.size() != 1) {
                          throw std::runtime_error("the reader's snapshot is not seen");
                      }
                  }),
                  child_end::finished);
        EXPECT_EQ(contents_of(held), durable) << "round " << round;
        EXPECT_EQ(opened.get("round")->text(), std::to_string(round));
        EXPECT_EQ(opened.snapshot().get<std::string>("round"), std::to_string(round));
    }
    EXPECT_EQ(contents_of(opened), contents_of(open()));
}

// What went wrong: after a kill between the new durable slot and the stamp the accounts were made anew, without what
// only the old durable commit reached, and which the reader held.
TEST_F(reading_test, goes_on_while_others_die_restoring_the_store) {
    for (const char* point :
         {"segment.open.reset", "restore.counted", "restore.before_publish", "commit.before_publish",
          "segment.open.restored", "segment.open.flushed", "segment.open.durable"}) {
        std::filesystem::remove(place_.path());
        const contents durable = leave_unclosed();
        reboot();
        const store opened = reader();
        const snapshot held = opened.snapshot();
        std::optional<snapshot> between;
        for (int times = 0; times < 2; ++times) { // the second may find it restored already
            EXPECT_NE(run_child([&] {
                          arm_failpoints(std::string(point) + "=kill@1");
                          static_cast<void>(open());
                      }),
                      times == 0 ? child_end::finished : child_end::failed)
                << point;
            between = opened.snapshot();
        }
        const contents then = contents_of(*between);
        EXPECT_EQ(run_child([&] {
                      store writer = open();
                      for (std::uint64_t round = 30; round < 42; ++round) {
                          fill(writer, round);
                          writer.sync();
                      }
                      expect_sound(writer);
                  }),
                  child_end::finished);
        EXPECT_EQ(contents_of(held), durable) << point;
        EXPECT_EQ(contents_of(*between), then) << point;
        EXPECT_EQ(contents_of(opened), contents_of(open())) << point;
    }
}

TEST_F(reading_test, after_a_boot_is_of_all_that_the_log_has) {
    const contents before = leave_unclosed_with_log();
    ASSERT_TRUE(before.contains("made by the log/key"));
    reboot();
    const std::string untouched = bytes();
    const store opened = reader();
    EXPECT_EQ(contents_of(opened), before);
    EXPECT_GT(opened.stat().version, opened.stat().durable_version);
    EXPECT_EQ(opened.get(numbered("logged", 49))->text(), logged_value(299));
    EXPECT_TRUE(opened.check().empty());
    EXPECT_FALSE(opened.shows_older_commit());
    EXPECT_TRUE(bytes() == untouched);
}

TEST_F(reading_test, of_what_was_replayed_goes_on_while_another_process_restores_the_store) {
    const contents before = leave_unclosed_with_log();
    reboot();
    const store opened = reader();
    const snapshot held = opened.snapshot();
    EXPECT_EQ(run_child([&] {
                  store writer = open();
                  if (contents_of(writer) != before) {
                      throw std::runtime_error("restoring did not replay the same");
                  }
                  for (std::uint64_t round = 30; round < 42; ++round) {
                      fill(writer, round);
                      writer.sync();
                  }
                  expect_sound(writer);
              }),
              child_end::finished);
    EXPECT_EQ(contents_of(held), before);
    EXPECT_EQ(contents_of(opened), contents_of(open()));
}

// Each commit that is replayed moves the visible head; a restoring that is killed there is begun again.
TEST_F(reading_test, of_what_was_replayed_takes_no_head_of_a_restoring_that_dies_for_the_restored_store) {
    const contents before = leave_unclosed_with_log();
    lose_the_heads(); // so that the durable commit is taken
    reboot();
    const store opened = reader();
    for (const char* point : {"replay.committed=kill@50", "replay.before_commit=kill@30"}) {
        EXPECT_EQ(run_child([&] {
                      arm_failpoints(point);
                      static_cast<void>(open());
                  }),
                  child_end::killed);
        EXPECT_EQ(contents_of(opened), before);
    }
    const snapshot held = opened.snapshot();
    EXPECT_EQ(run_child([&] {
                  store writer = open();
                  for (std::uint64_t round = 30; round < 42; ++round) {
                      fill(writer, round);
                      writer.sync();
                  }
                  expect_sound(writer);
              }),
              child_end::finished);
    EXPECT_EQ(contents_of(held), before);
    EXPECT_EQ(contents_of(opened), contents_of(open()));
}

TEST_F(reading_test, of_a_damaged_log_ends_at_the_damage) {
    const contents before = leave_unclosed_with_log();
    const std::string file = bytes();
    ASSERT_NE(file.find(logged_value(260)), std::string::npos);
    for (std::size_t at = file.find(logged_value(260)); at != std::string::npos;
         at = file.find(logged_value(260), at + 1)) {
        overwrite(at, "x");
    }
    reboot();
    const store opened = reader();
    EXPECT_FALSE(opened.get(numbered("logged", 10))->text() == logged_value(260));
    EXPECT_EQ(opened.get(numbered("logged", 9))->text(), logged_value(259));
    EXPECT_FALSE(opened.snapshot().has_map("made by the log"));
    EXPECT_TRUE(opened.check().empty());
}

TEST_F(reading_test, sees_the_restored_store_if_that_happened_before_its_first_snapshot) {
    leave_unclosed();
    reboot();
    const store opened = reader();
    EXPECT_EQ(run_child([&] {
                  store writer = open();
                  fill(writer, 20);
                  writer.sync();
                  fill(writer, 21);
              }),
              child_end::finished);
    EXPECT_EQ(contents_of(opened), contents_of(open()));
}

TEST_F(reading_test, of_a_copy_is_of_its_newest_whole_commit) {
    contents before;
    const std::filesystem::path copy = place_.folder() / "copy";
    {
        store opened = open();
        fill(opened, 1);
        opened.sync();
        fill(opened, 2);
        before = contents_of(opened);
        std::filesystem::copy_file(place_.path(), copy);
    }
    EXPECT_EQ(contents_of(store::open(copy, {.mode = open_mode::read_only})), before);
}

TEST_F(reading_test, of_a_copy_without_a_whole_commit_is_of_what_is_left) {
    const std::filesystem::path copy = place_.folder() / "copy";
    contents before;
    {
        store opened = open();
        fill(opened, 1);
        opened.put("hurt", std::string(5000, 'h'));
        opened.sync();
        opened.put("later", "value");
        before = contents_of(opened);
        std::filesystem::copy_file(place_.path(), copy);
    }
    std::filesystem::rename(copy, place_.path());
    std::string damaged = bytes();
    std::filesystem::rename(place_.path(), copy);
    const std::size_t place = damaged.find(std::string(5000, 'h'));
    ASSERT_NE(place, std::string::npos);
    damaged[place + 100] = 'x';
    std::ofstream(copy, std::ios::binary | std::ios::trunc)
        .write(damaged.data(), static_cast<std::streamsize>(damaged.size()));
    const store opened = store::open(copy, {.mode = open_mode::read_only});
    expect_failure(errc::corrupt, [&] { static_cast<void>(opened.get("hurt")); });
    EXPECT_EQ(opened.get(numbered("key", 7))->text(), before.at("/" + numbered("key", 7)));
    std::string message;
    try {
        static_cast<void>(store::open(copy, without_thread()));
    } catch (const error& refused) {
        EXPECT_EQ(refused.reason(), errc::corrupt);
        message = refused.what();
    }
    EXPECT_NE(message.find("'hurt'"), std::string::npos) << message;
    EXPECT_NE(message.find("export"), std::string::npos) << message;
}

TEST_F(reading_test, does_without_heads_that_are_damaged) {
    contents before;
    crash([](store& opened) {
        fill(opened, 1);
        opened.sync();
    });
    before = read();
    const std::string whole = bytes();
    lose_the_heads();
    EXPECT_EQ(read(), before) << "in the same boot";
    expect_failure(errc::corrupt, [&] { static_cast<void>(open()); });
    overwrite(0, whole);
    open().close();
    lose_the_heads();
    EXPECT_EQ(read(), before) << "after a clean close";
    EXPECT_TRUE(reader().shows_older_commit());
    EXPECT_FALSE(reader().check().empty());
    expect_failure(errc::corrupt, [&] { static_cast<void>(open()); });
}

TEST_F(reading_test, of_a_store_that_is_cut_short_is_of_what_is_left) {
    {
        store opened = open();
        opened.put("first", "value");
        for (std::uint64_t i = 0; i < 40; ++i) {
            opened.put(numbered("large", i), patterned(50'000, i));
        }
    }
    const std::uint64_t whole_bytes = std::filesystem::file_size(place_.path());
    std::filesystem::resize_file(place_.path(),
                                 format::heap_offset + (whole_bytes - format::heap_offset) / 2);
    const store opened = reader();
    EXPECT_EQ(opened.get("first")->text(), "value");
    std::uint64_t lost = 0;
    for (std::uint64_t i = 0; i < 40; ++i) {
        try {
            EXPECT_EQ(opened.get(numbered("large", i))->text(), patterned(50'000, i));
        } catch (const error& damage) {
            EXPECT_EQ(damage.reason(), errc::corrupt) << damage.what();
            ++lost;
        }
    }
    EXPECT_GT(lost, 0U);
    EXPECT_LT(lost, 40U);
    EXPECT_FALSE(opened.check().empty());
}

} // namespace
} // namespace holdfast::test
