// Levels of durability: what a power cut leaves of what was committed at each, and who sees it when.
//
// A cut is pretended by bytes: of all that was written since the last sync point only the redo log reaches the medium,
// or not even that. Everything else is put back to what it was.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "format/commit.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/forged_file.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

/// Map and key, value and version.
using contents = std::map<std::string, std::pair<std::string, version_number>>;

[[nodiscard]] contents contents_of(const store& seen) {
    contents found;
    const snapshot now = seen.snapshot();
    for (const map_information& map : now.maps()) {
        const map_view entries = now.map(map.name);
        for (auto at = entries.begin(); at != entries.end(); ++at) {
            found.emplace(map.name + "/" + std::string(at->first),
                          std::pair(std::string(at->second.text()), at->second.version()));
        }
    }
    return found;
}

/// The first few entries in which they differ, in short.
[[nodiscard]] std::string difference(const contents& found, const contents& wanted) {
    std::string text;
    const auto note = [&](const char* what, const contents::value_type& entry) {
        if (text.size() < 1000) {
            text += std::string(what) + entry.first + ": " + std::to_string(entry.second.first.size()) +
                    " bytes, version " + std::to_string(entry.second.second) + "\n";
        }
    };
    for (const auto& entry : wanted) {
        const auto at = found.find(entry.first);
        if (at == found.end() || at->second != entry.second) {
            note("lacks ", entry);
        }
    }
    for (const auto& entry : found) {
        const auto at = wanted.find(entry.first);
        if (at == wanted.end() || at->second != entry.second) {
            note("has ", entry);
        }
    }
    return text;
}

constexpr std::uint64_t small_log = 256 << 10;

[[nodiscard]] std::string key_bytes_of(std::int64_t key) {
    const detail::key_bytes<std::int64_t> bytes(key);
    return std::string(std::string_view(bytes));
}

open_options level(durability wanted, std::uint64_t log_bytes = small_log) {
    open_options options;
    options.durability = wanted;
    options.sync_interval = 0ms;
    options.log_bytes = log_bytes;
    return options;
}

class durability_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build can't pretend a boot";
        }
    }
    void TearDown() override {
        if (failpoints_built_in) {
            arm_failpoints("");
        }
        ::unsetenv("HOLDFAST_TEST_BOOT_ID");
    }
    void reboot() { ::setenv("HOLDFAST_TEST_BOOT_ID", ("boot" + std::to_string(++boots_)).c_str(), 1); }

    [[nodiscard]] file_image bytes() const { return file_image::of(place_.path()); }
    /// The newer of the durable slots.
    [[nodiscard]] static format::durable_slot durable_in(const file_image& file) {
        format::durable_slot newest{};
        for (const std::uint64_t offset : {format::durable_slot_a_offset, format::durable_slot_b_offset}) {
            const auto slot = file.read<format::durable_slot>(offset);
            if (format::is_sound(slot) && slot.sequence > newest.sequence) {
                newest = slot;
            }
        }
        return newest;
    }
    /// A cut at `now` takes everything since `medium` but the redo log. Nobody has the store open.
    void cut(const file_image& medium, const file_image& now, bool with_log = true) {
        using block = std::array<std::byte, format::block_bytes>;
        const format::commit_slot root = durable_in(medium).commit;
        file_image left = medium;
        for (std::uint64_t at = 0; with_log && at < format::log_bytes(root); at += sizeof(block)) {
            left.write(format::log_offset(root) + at, now.read<block>(format::log_offset(root) + at));
        }
        left.write_to(place_.path());
        reboot();
    }
    /// Works on the store and says what then is in the file, which a clean close would change.
    [[nodiscard]] file_image work(const open_options& options, const std::function<void(store&)>& work) {
        store opened = store::open(place_.path(), options);
        work(opened);
        return bytes();
    }
    /// Works on the store in a process that dies.
    void crash(const open_options& options, const std::function<void(store&)>& work) {
        EXPECT_EQ(run_child([&] {
                      store opened = store::open(place_.path(), options);
                      work(opened);
                      ::kill(::getpid(), SIGKILL);
                  }),
                  child_end::killed);
    }
    [[nodiscard]] store open(const open_options& options = level(durability::process)) const {
        return store::open(place_.path(), options);
    }

    temporary_store place_{folder_in_memory()};
    int boots_ = 0;
};

/// Some transactions of all that can be done to a map.
void work_randomly(store& changed, std::uint64_t seed, int transactions) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    for (int i = 0; i < transactions; ++i) {
        changed.update([&](write_transaction& transaction) {
            const std::uint64_t operations = 1 + below(6);
            for (std::uint64_t n = 0; n < operations; ++n) {
                const std::string name = below(3) == 0 ? std::string() : numbered("map", below(20));
                map_writer map = transaction.map(name);
                const std::string key = numbered("key", below(200));
                switch (below(12)) {
                case 0:
                    map.erase(key);
                    break;
                case 1:
                    map.erase_range(key, numbered("key", below(200)));
                    break;
                case 2:
                    map.erase_prefix("key000000" + std::to_string(below(10)));
                    break;
                case 3:
                    if (below(4) == 0) {
                        map.clear();
                    }
                    break;
                case 4:
                    if (below(4) == 0) {
                        transaction.drop(name);
                    }
                    break;
                case 5:
                    map.put_filled(key, value_type::bytes, 100 + below(1000), [&](std::span<char> bytes) {
                        std::fill(bytes.begin(), bytes.end(), static_cast<char>(n));
                    });
                    break;
                case 6:
                    map.put(key, static_cast<std::int64_t>(random()));
                    break;
                case 7:
                    map.put(key, std::string_view(patterned(10'000 + below(10'000), seed)));
                    break;
                default:
                    map.put(key, std::string_view(patterned(below(300), seed + n)));
                    break;
                }
            }
        });
    }
}

TEST_F(durability_test, of_commits_needs_nothing_but_the_log) {
    for (std::uint64_t seed = 1; seed <= amount_of_work(30); ++seed) {
        std::filesystem::remove(place_.path());
        file_image medium;
        contents before;
        const file_image now = work(level(durability::commit, 4 << 20), [&](store& opened) {
            opened.put("first", "takes a sync point");
            opened.put("second", "switches the log on");
            work_randomly(opened, seed, 1);
            medium = bytes();
            work_randomly(opened, seed + 1000, 50);
            before = contents_of(opened);
            EXPECT_LT(opened.stat().durable_version, opened.stat().version);
        });
        cut(medium, now);
        store opened = open();
        EXPECT_EQ(difference(contents_of(opened), before), "") << "seed " << seed;
        expect_sound(opened);
        work_randomly(opened, seed + 2000, 5);
        expect_sound(opened);
    }
}

TEST_F(durability_test, of_process_loses_what_came_after_the_sync_point) {
    file_image medium;
    contents before;
    const file_image now = work(level(durability::process), [&](store& opened) {
        opened.put("a", "1");
        opened.sync();
        medium = bytes();
        before = contents_of(opened);
        opened.put("b", "2");
        EXPECT_FALSE(opened.stat().logging);
        EXPECT_EQ(opened.stat().log_bytes, 0U);
    });
    cut(medium, now, false);
    EXPECT_EQ(contents_of(open()), before);
}

TEST_F(durability_test, of_one_transaction_is_its_own) {
    store opened = open();
    opened.put("before", "1");
    opened.update([](write_transaction& transaction) {
        transaction.set_durability(durability::commit);
        transaction.put("durable", "2");
    });
    EXPECT_EQ(opened.stat().durable_version, opened.stat().version) << "by a sync point";
    EXPECT_FALSE(opened.stat().logging) << "one alone is not worth a log";
    opened.update([](write_transaction& transaction) {
        transaction.set_durability(durability::commit);
        transaction.put("durable", "3");
    });
    const statistics now = opened.stat();
    EXPECT_EQ(now.durable_version, now.version) << "by another sync point, which switches the log on";
    EXPECT_TRUE(now.logging);
    EXPECT_EQ(now.log_bytes, small_log);
    opened.put("after", "3");
    EXPECT_GT(opened.stat().log_unflushed_bytes, 0U) << "it enters the log, and waits for nothing";
    opened.update([](write_transaction& transaction) {
        transaction.set_durability(durability::commit);
        transaction.put("durable", "4");
    });
    EXPECT_EQ(opened.stat().log_unflushed_bytes, 0U);
    EXPECT_LT(opened.stat().durable_version, opened.stat().version) << "by the log";
    opened.put("last", "5");
    opened.sync();
    EXPECT_EQ(opened.stat().log_unflushed_bytes, 0U) << "the log will do for that";
    expect_sound(opened);
}

TEST_F(durability_test, of_larger_transactions_and_of_laps_of_the_log_takes_sync_points) {
    for (std::uint64_t stop = 100; stop <= amount_of_work(1000); stop += 100) {
        std::filesystem::remove(place_.path());
        contents before;
        file_image medium;
        const file_image now = work(level(durability::commit, 64 << 10), [&](store& opened) {
            version_number synced = 0;
            for (std::uint64_t i = 0; i < stop; ++i) {
                opened.put(numbered("key", i % 100),
                           std::string_view(patterned(i % 97 == 0 ? 30'000 : i % 900, i)));
                const statistics state = opened.stat();
                EXPECT_LE(state.log_filled_bytes, state.log_bytes);
                if (state.durable_version != synced) { // what it brought to the medium stays there
                    synced = state.durable_version;
                    medium = bytes();
                }
            }
            before = contents_of(opened);
        });
        cut(medium, now);
        const store opened = open();
        EXPECT_EQ(difference(contents_of(opened), before), "") << "after " << stop;
        expect_sound(opened);
    }
}

TEST_F(durability_test, of_commits_that_fail_is_told_and_they_stand) {
    store opened = open(level(durability::commit));
    opened.put("a", "1");
    opened.put("a", "1");
    arm_failpoints("os.flush=fail:EIO@1");
    expect_failure(errc::io_error, [&] { opened.put("a", "2"); });
    EXPECT_EQ(opened.get<std::string>("a"), "2") << "it is committed";
    EXPECT_EQ(opened.stat().failed_syncs, 1U);
    arm_failpoints("");
    opened.put("a", "3"); // what failed is followed up first
    expect_sound(opened);
    EXPECT_EQ(opened.get<std::string>("a"), "3");
}

TEST_F(durability_test, of_commits_needs_no_log_where_there_is_no_room_for_it) {
    open_options narrow = level(durability::commit, 8 << 20);
    narrow.capacity_bytes = 68 << 20; // addresses for the store as it is made, and little more
    {
        store opened = open(narrow);
        for (int i = 0; i < 3; ++i) {
            opened.put("a", std::int64_t{i});
            EXPECT_EQ(opened.stat().durable_version, opened.stat().version) << "by a sync point";
        }
        EXPECT_EQ(opened.stat().log_bytes, 0U);
        expect_sound(opened);
    }
    store opened = open(level(durability::commit, 8 << 20));
    opened.put("a", "3");
    opened.put("a", "4");
    EXPECT_EQ(opened.stat().log_bytes, std::uint64_t{8} << 20);
    expect_sound(opened);
}

TEST_F(durability_test, of_commits_is_that_of_a_child_which_opens_the_store_for_itself) {
    store opened = open(level(durability::commit));
    opened.put("a", "1");
    opened.put("a", "1");
    EXPECT_EQ(run_child([&] {
                  expect_failure(errc::forked, [&] { opened.put("a", "inherited"); });
                  store own = store::open(place_.path(), level(durability::commit));
                  own.put("a", "2");
                  std::thread([&] { own.put("a", "3"); }).join(); // a thread that ends
                  if (::testing::Test::HasFailure()) {
                      std::_Exit(1);
                  }
              }),
              child_end::finished);
    EXPECT_EQ(opened.get<std::string>("a"), "3");
    opened.put("a", "4");
    expect_sound(opened);
}

// What would go wrong: what is looked at after a commit ended the process where a head was damaged.
TEST_F(durability_test, of_commits_with_a_damaged_head_is_an_error_at_worst) {
    file_image image = work(level(durability::commit), [&](store& opened) {
        opened.put("a", "1");
        opened.put("a", "1");
    });
    image.write(format::heads_offset + offsetof(format::heads, durable), std::uint64_t{12345});
    image.write_to(place_.path()); // of the same boot, as after a kill
    EXPECT_EQ(run_child([&] {
                  try {
                      store damaged = open(level(durability::commit));
                      for (int i = 0; i < 5; ++i) {
                          damaged.put("a", "2");
                      }
                  } catch (const error& failure) {
                      if (failure.reason() != errc::corrupt) {
                          throw;
                      }
                  }
              }),
              child_end::finished);
}

TEST_F(durability_test, of_a_commit_comes_before_anybody_sees_it) {
    store opened = open(level(durability::commit));
    opened.put("a", "1");
    opened.put("a", "1");
    EXPECT_EQ(run_child([&] {
                  store writer = store::open(place_.path(), level(durability::commit));
                  arm_failpoints("log.locked=kill@1");
                  writer.put("a", "2");
              }),
              child_end::killed);
    EXPECT_EQ(opened.get<std::string>("a"), "1") << "it was not on the medium when its process died";
    opened.put("b", "1");
    EXPECT_EQ(opened.get<std::string>("a"), "2") << "who comes next finishes it";
    expect_sound(opened);
}

TEST_F(durability_test, of_a_killed_commit_is_settled_by_who_opens_the_store) {
    { store made = open(level(durability::commit)); }
    crash(level(durability::commit), [&](store& writer) {
        writer.put("a", "1");
        writer.put("a", "1");
        arm_failpoints("log.locked=kill@1");
        writer.put("a", "2");
    });
    const store opened = open();
    EXPECT_EQ(opened.get<std::string>("a"), "2");
    expect_sound(opened);
}

TEST_F(durability_test, leaves_out_a_transaction_that_was_undone) {
    file_image medium;
    const file_image now = work(level(durability::commit), [&](store& opened) {
        opened.put("a", "1");
        opened.put("a", "1");
        medium = bytes();
        opened.put("a", "2");
        EXPECT_EQ(run_child([&] {
                      store writer = store::open(place_.path(), level(durability::commit));
                      arm_failpoints("log.written=kill@1");
                      writer.put("a", "undone");
                  }),
                  child_end::killed);
        EXPECT_EQ(opened.get<std::string>("a"), "2");
        static_cast<void>(opened.begin_write()); // undoes it
    });
    cut(medium, now);
    EXPECT_EQ(open().get<std::string>("a"), "2");
}

// What would go wrong: the slot of a transaction that was undone stayed, was below the heads of the next commit when
// a cut left only these, and was taken for that commit's predecessor.
TEST_F(durability_test, leaves_out_the_slot_of_a_transaction_that_was_undone) {
    file_image undone;
    const file_image now = work(level(durability::commit), [&](store& opened) {
        for (int i = 0; i < 3; ++i) {
            opened.put("a", "1");
        }
        EXPECT_EQ(run_child([&] {
                      store writer = store::open(place_.path(), level(durability::commit));
                      arm_failpoints("commit.before_publish=kill@1");
                      writer.put("a", "undone");
                  }),
                  child_end::killed);
        static_cast<void>(opened.begin_write());
        undone = bytes();
        opened.put("a", "2");
    });
    constexpr std::uint64_t page = file_image::page_bytes;
    using bytes_of_page = std::array<std::byte, page>;
    for (std::uint64_t at = format::heap_header_offset; at < format::commit_slots_offset; at += page) {
        undone.write(at, now.read<bytes_of_page>(at)); // the heads, but not the slots behind them
    }
    cut(undone, now);
    EXPECT_EQ(open().get<std::string>("a"), "2");
}

// What would go wrong: a replay took new space for every record, so that a store on a disk that was nearly full
// could not be opened any more.
TEST_F(durability_test, of_many_changes_of_few_entries_takes_little_space_to_restore) {
    file_image medium;
    contents before;
    const file_image now = work(level(durability::commit, 16 << 20), [&](store& opened) {
        opened.put("a", "1");
        opened.put("a", "1");
        medium = bytes();
        for (std::uint64_t i = 0; i < 10'000; ++i) {
            opened.put(numbered("key", i % 50), std::string_view(patterned(500, i)));
        }
        EXPECT_LT(opened.stat().durable_version, 100U) << "all of it in the log";
        before = contents_of(opened);
    });
    cut(medium, now);
    const store opened = open();
    EXPECT_EQ(difference(contents_of(opened), before), "");
    expect_sound(opened);
    EXPECT_LT(opened.stat().file_bytes, medium.size() + (1 << 20));
}

TEST_F(durability_test, of_a_map_keeps_the_keys_that_it_got_after_operations_that_did_nothing) {
    file_image medium;
    const file_image now = work(level(durability::commit), [&](store& opened) {
        opened.put("a", "1");
        opened.put("a", "1");
        medium = bytes();
        opened.update([](write_transaction& transaction) {
            transaction.map("numbers").clear(); // which it need not be made for
            transaction.map("numbers", key_type_of<std::int64_t>()).put(key_bytes_of(7), "seven");
        });
    });
    cut(medium, now);
    store opened = open();
    const auto numbers = opened.map<std::int64_t, std::string>("numbers");
    EXPECT_EQ(numbers.get(7), "seven");
    expect_sound(opened);
}

TEST_F(durability_test, of_intervals_comes_by_itself) {
    open_options options = level(durability::interval);
    options.flush_interval = 5ms;
    file_image medium;
    contents before;
    const file_image now = work(options, [&](store& opened) {
        opened.put("a", "1");
        opened.put("a", "1"); // begins a sync point, which switches the log on
        for (int tries = 0; opened.stat().durable_version != opened.stat().version && tries < 1000; ++tries) {
            std::this_thread::sleep_for(5ms);
        }
        medium = bytes();
        opened.put("b", "2");
        for (int tries = 0; opened.stat().log_unflushed_bytes != 0 && tries < 1000; ++tries) {
            std::this_thread::sleep_for(5ms);
        }
        EXPECT_EQ(opened.stat().log_unflushed_bytes, 0U);
        EXPECT_LT(opened.stat().durable_version, opened.stat().version) << "by the log, not by a sync point";
        before = contents_of(opened);
    });
    cut(medium, now);
    EXPECT_EQ(contents_of(open()), before);
}

TEST_F(durability_test, of_intervals_is_that_of_a_single_transaction_too) {
    open_options options = level(durability::process);
    options.sync_interval = 1h;
    options.flush_interval = 5ms;
    for (const bool background : {true, false}) {
        std::filesystem::remove(place_.path());
        options.background = background;
        store opened = open(options);
        for (int i = 0; i < 3; ++i) {
            opened.update([](write_transaction& transaction) {
                transaction.set_durability(durability::interval);
                transaction.put("a", "1");
            });
            if (!background) {
                std::this_thread::sleep_for(10ms);
                opened.put("b", "in passing");
            }
            const auto is_on_medium = [&] {
                const statistics now = opened.stat();
                return now.logging ? now.log_unflushed_bytes == 0 : now.durable_version == now.version;
            };
            for (int tries = 0; !is_on_medium() && tries < 1000; ++tries) {
                std::this_thread::sleep_for(5ms);
            }
            EXPECT_TRUE(is_on_medium()) << "transaction " << i;
        }
    }
}

TEST_F(durability_test, of_several_processes_at_once_loses_nothing) {
    constexpr int processes = 4;
    const std::uint64_t puts = amount_of_work(200);
    { store made = open(level(durability::commit)); }
    std::vector<pid_t> children;
    for (int child = 0; child < processes; ++child) {
        children.push_back(start_child([&] {
            store writer = store::open(place_.path(), level(durability::commit, 64 << 10));
            for (std::uint64_t i = 0; i < puts; ++i) {
                const std::string key = numbered("key", i % 10) + std::to_string(child);
                writer.put(key, static_cast<std::int64_t>(i));
                if (writer.get<std::int64_t>(key) != static_cast<std::int64_t>(i)) {
                    std::_Exit(1);
                }
            }
        }));
    }
    for (const pid_t child : children) {
        EXPECT_EQ(wait_for_child(child), child_end::finished);
    }
    const store opened = open();
    EXPECT_EQ(opened.snapshot().map().size(), 10U * processes);
    expect_sound(opened);
}

TEST_F(durability_test, is_kept_by_commits_in_passing_where_no_thread_is_wanted) {
    open_options options = level(durability::process);
    options.background = false;
    options.sync_interval = 20ms;
    store opened = open(options);
    opened.put("a", "1");
    std::this_thread::sleep_for(40ms);
    opened.put("a", "2");
    EXPECT_EQ(opened.stat().durable_version, opened.stat().version);
    EXPECT_GE(opened.stat().since_sync_point.count(), 0);
}

TEST_F(durability_test, refuses_options_that_make_no_sense) {
    for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1000}, std::uint64_t{1} << 40}) {
        expect_failure(errc::invalid_argument,
                       [&] { static_cast<void>(open(level(durability::commit, bytes))); });
    }
    open_options options;
    options.flush_interval = 0ms;
    expect_failure(errc::invalid_argument, [&] { static_cast<void>(open(options)); });
}

} // namespace
} // namespace holdfast::test
