// A writer that is killed: the next one, in the same or another process, finds the last commit and goes on.
//
// The victim is a child that kills itself at a failpoint. Which points there are, is learned by counting.
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "engine_fixture.hpp"
#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/forged_file.hpp"

namespace holdfast::test {
namespace {

using contents = std::map<std::string, std::string>;

[[nodiscard]] contents contents_of(const store& seen) {
    contents found;
    const snapshot now = seen.snapshot();
    for (const char* map : {"", "users"}) {
        for (auto&& [key, value] : now.map(map)) {
            found.emplace(std::string(map) + "/" + std::string(key), value.text());
        }
    }
    return found;
}

/// Changes two maps, splits and merges nodes, grows the file; reclaims when enough waits.
void change(store& changed) {
    changed.update([](write_transaction& transaction) {
        for (std::uint64_t i = 0; i < 150; ++i) {
            transaction.put(numbered("new", i), patterned(300, i));
            transaction.put(numbered("key", i), "changed");
            transaction.map("users").erase(numbered("key", i));
        }
        transaction.map("users").put("large", patterned(300'000, 1));
    });
}

class recovery_test : public ::testing::Test {
protected:
    void SetUp() override {
        if (!failpoints_built_in) {
            GTEST_SKIP() << "this build has no failpoints";
        }
        store built = place_.open();
        built.update([](write_transaction& transaction) {
            for (std::uint64_t i = 0; i < 400; ++i) {
                transaction.put(numbered("key", i), "value");
                transaction.map("users").put(numbered("key", i), "value");
            }
        });
        for (std::uint64_t i = 0; i < 300; ++i) {
            built.put(numbered("key", i), "again"); // enough for a batch
        }
        before_ = contents_of(built);
    }
    void TearDown() override {
        if constexpr (failpoints_built_in) {
            arm_failpoints("");
        }
    }

    /// The points that `work` passes, and how often.
    static std::map<std::string, std::uint64_t> points_of(const std::function<void()>& work) {
        arm_failpoints("*=count");
        work();
        std::istringstream lines(failpoints_passed());
        arm_failpoints("");
        std::map<std::string, std::uint64_t> points;
        std::string name;
        for (std::uint64_t count = 0; lines >> name >> count;) {
            if (name != "*") {
                points.emplace(name, count);
            }
        }
        return points;
    }

    /// A child opens the store, works on it, and is killed at that passage of a point.
    child_end kill_at(const std::string& point, std::uint64_t passage,
                      const std::function<void(store&)>& work) const {
        return run_child([&] {
            store victim = place_.open();
            arm_failpoints(point + "=kill@" + std::to_string(passage));
            work(victim);
        });
    }
    void restore() const { image_->write_to(place_.path()); }

    temporary_store place_;
    contents before_;
    std::optional<file_image> image_;
};

TEST_F(recovery_test, finds_the_last_commit_wherever_a_writer_was_killed) {
    image_ = file_image::of(place_.path());
    std::map<std::string, std::uint64_t> points;
    contents after;
    {
        store counted = place_.open();
        points = points_of([&] { change(counted); });
        after = contents_of(counted);
    }
    ASSERT_GT(points.size(), 15U);
    std::uint64_t rolled_back = 0;
    std::uint64_t round = 0;
    for (const auto& [point, count] : points) {
        std::vector<std::uint64_t> passages = {1, count / 2, count};
        if (sanitized || passages[1] < 2) {
            passages.erase(passages.begin() + 1);
        }
        for (const std::uint64_t passage : passages) {
            SCOPED_TRACE(point + "@" + std::to_string(passage));
            restore();
            // Either somebody else has the store open all the time, or nobody has when it is opened again.
            std::optional<store> survivor;
            if (++round % 2 == 0) {
                survivor = place_.open();
            }
            ASSERT_EQ(kill_at(point, passage, change), child_end::killed);
            if (!survivor) {
                survivor = place_.open();
            }
            const contents found = contents_of(*survivor);
            EXPECT_TRUE(found == before_ || found == after);
            if (point == "commit.published" || point == "commit.unlocked") {
                EXPECT_TRUE(found == after);
            } else if (point.starts_with("undo.") || point.starts_with("reclaim.")) {
                EXPECT_TRUE(found == before_);
            }
            expect_sound(*survivor);
            rolled_back += survivor->stat().recoveries;
            change(*survivor);
            EXPECT_TRUE(contents_of(*survivor) == after);
            expect_sound(*survivor);
            ASSERT_FALSE(HasFailure());
        }
    }
    EXPECT_GT(rolled_back, points.size() / 2);
}

TEST_F(recovery_test, is_begun_again_wherever_it_was_killed) {
    image_ = file_image::of(place_.path());
    const auto leave_a_victim = [&] {
        restore();
        ASSERT_EQ(kill_at("commit.before_publish", 1, change), child_end::killed);
    };
    leave_a_victim();
    const auto points = points_of([&] { static_cast<void>(place_.open()); });
    ASSERT_TRUE(points.contains("undo.step"));
    for (const auto& [point, count] : points) {
        if (!point.starts_with("undo.") && !point.starts_with("recover.")) {
            continue;
        }
        for (const std::uint64_t passage : {std::uint64_t{1}, count}) {
            SCOPED_TRACE(point + "@" + std::to_string(passage));
            leave_a_victim();
            for (int again = 0; again < 2; ++again) {
                const child_end end =
                    run_child([&, point = point, passage = passage] { // clang 14 captures no bindings
                        arm_failpoints(point + "=kill@" + std::to_string(passage));
                        static_cast<void>(place_.open());
                    });
                // What was undone already need not be undone again.
                ASSERT_TRUE(end == child_end::killed || (again == 1 && end == child_end::finished));
            }
            const store survivor = place_.open();
            EXPECT_TRUE(contents_of(survivor) == before_);
            expect_sound(survivor);
        }
    }
}

TEST_F(recovery_test, of_a_dead_writer_is_done_by_the_next_writer_and_counted) {
    store survivor = place_.open();
    EXPECT_EQ(survivor.stat().recoveries, 0U);
    ASSERT_EQ(kill_at("commit.before_publish", 1, change), child_end::killed);
    EXPECT_TRUE(contents_of(survivor) == before_); // readers need no recovery
    survivor.put("key", "value");
    EXPECT_EQ(survivor.stat().recoveries, 1U);
    EXPECT_EQ(survivor.get("new00000000"), std::nullopt);
    expect_sound(survivor);
}

/// The lock must not be handed on as if nothing had been left behind.
TEST_F(recovery_test, of_what_a_writer_could_not_undo_is_done_by_the_next_process) {
    {
        const std::shared_ptr<engine> damaged = open_engine(place_);
        std::byte* const base = damaged->file().base();
        auto& log = *reinterpret_cast<format::undo_log*>(base + format::undo_log_offset);
        const std::uint64_t offset = [&] {
            store writing = place_.open();
            write_transaction transaction = writing.begin_write();
            transaction.put("key", "lost");
            return std::exchange(log.first[0].tagged, ~std::uint64_t{7}); // and is undone: in vain
        }();
        log.first[0].tagged = offset; // as before
        EXPECT_EQ(run_child([&] {
                      store next = place_.open();
                      next.put("next", "value");
                  }),
                  child_end::finished);
    }
    store next = place_.open();
    EXPECT_EQ(next.get("key"), std::nullopt);
    EXPECT_EQ(next.get("next")->text(), "value");
    EXPECT_EQ(next.stat().recoveries, 1U);
    expect_sound(next);
}

TEST_F(recovery_test, gives_the_space_of_a_dead_readers_snapshot_back) {
    store survivor = place_.open();
    std::array<int, 2> ready{};
    ASSERT_EQ(::pipe(ready.data()), 0);
    const pid_t reader = start_child([&] {
        const store reading = place_.open();
        const snapshot held = reading.snapshot();
        static_cast<void>(::write(ready[1], "x", 1));
        ::pause();
    });
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const auto overwrite = [&](std::uint64_t steps) {
        for (std::uint64_t i = 0; i < steps; ++i) {
            survivor.put(numbered("key", i % 400), std::to_string(i));
        }
    };
    overwrite(2000);
    EXPECT_EQ(survivor.stat().snapshots.size(), 1U);
    const std::uint64_t held_back = survivor.stat().held_back_bytes;
    EXPECT_GT(held_back, 20'000U);
    ::kill(reader, SIGKILL);
    EXPECT_EQ(wait_for_child(reader), child_end::killed);
    // Who is alive is asked now and then, at the latest when space is short.
    const std::uint64_t file_bytes = survivor.stat().file_bytes;
    overwrite(amount_of_work(40'000));
    EXPECT_LE(survivor.stat().file_bytes, file_bytes + (1 << 20));
    expect_sound(survivor);
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_F(recovery_test, never_uses_a_number_again) {
    store survivor = place_.open();
    version_number last = survivor.snapshot().version();
    for (int i = 0; i < 5; ++i) {
        ASSERT_EQ(kill_at("commit.before_slot", 1, change), child_end::killed);
        write_transaction transaction = survivor.begin_write();
        EXPECT_GT(transaction.version(), last + 1); // that of the dead one lies between
        transaction.put("key", "value");
        last = std::move(transaction).commit();
    }
}

TEST_F(recovery_test, refuses_numbers_that_no_transaction_can_have) {
    image_ = file_image::of(place_.path());
    for (const std::uint64_t number :
         {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1} << 62,
          format::checked_word(txn_id{format::txn_limit}, format::undo_word_tag).raw()}) {
        image_->write(format::undo_log_offset + offsetof(format::undo_log, txn), number);
        image_->write(format::undo_log_offset + offsetof(format::undo_log, tail), format::counted_word(0));
        restore();
        expect_failure(errc::corrupt, [&] { static_cast<void>(place_.open()); });
        EXPECT_TRUE(contents_of(place_.open(open_mode::read_only)) == before_);
    }
}

// What went wrong: recovering and checking went beyond the addresses that the process had reserved.
TEST_F(recovery_test, is_left_to_a_process_with_more_addresses) {
    open_options small;
    small.capacity_bytes = format::heap_offset + 8 * format::mib;
    store survivor = store::open(place_.path(), small);
    const auto grow = [](store& in) {
        const std::string value(std::size_t{1} << 20, 'x');
        in.update([&](write_transaction& transaction) {
            for (int i = 0; i < 20; ++i) {
                transaction.put("large" + std::to_string(i), value);
            }
        });
    };
    ASSERT_EQ(kill_at("commit.before_publish", 1, grow), child_end::killed);
    expect_failure(errc::address_space, [&] { survivor.put("key", "value"); });
    EXPECT_EQ(run_child([&] {
                  store large = place_.open();
                  grow(large);
              }),
              child_end::finished);
    expect_failure(errc::address_space, [&] { static_cast<void>(survivor.check()); });
    expect_sound(place_.open(open_mode::read_only));
}

} // namespace
} // namespace holdfast::test
