// SIGKILL at every point of the protocols: what was committed stays, the rest is undone, nobody is locked out.
#include <sstream>
#include <thread>
#include <vector>

#include "fake_store.hpp"

namespace holdfast {
namespace {

using namespace test;

class segment_kill : public segment_test {
protected:
    /// The names of the points that `work` passes, in a child.
    static std::vector<std::string> points_of(const std::function<void()>& work) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe(ends.data()), 0);
        child counter([&] {
            arm_failpoints("*=count");
            work();
            const std::string passed = failpoints_passed();
            static_cast<void>(!::write(ends[1], passed.data(), passed.size()));
        });
        EXPECT_EQ(counter.wait(), 0);
        ::close(ends[1]);
        std::string text(65536, '\0');
        const ssize_t got = ::read(ends[0], text.data(), text.size());
        ::close(ends[0]);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        std::istringstream lines(text);
        std::vector<std::string> names;
        std::string name;
        std::uint64_t count = 0;
        while (lines >> name >> count) {
            names.push_back(name);
        }
        return names;
    }

    /// Runs `work` once for every point it passes, killed there; `check` after each.
    static void kill_at_each(const std::function<void()>& prepare, const std::function<void()>& work,
                             const std::function<void(const std::string&)>& check, std::size_t points_min) {
        prepare();
        const std::vector<std::string> points = points_of(work);
        EXPECT_GE(points.size(), points_min);
        for (const std::string& point : points) {
            SCOPED_TRACE(point);
            prepare();
            const int status = child([&] {
                                   arm_failpoints(point + "=kill@1");
                                   work();
                               }).wait();
            // A point that can fail as well as be passed is counted, too.
            EXPECT_TRUE(status == -SIGKILL || status == 0) << status;
            check(point);
        }
    }

    void expect_usable(const std::string& point) {
        const auto s = open_fake(path_);
        EXPECT_EQ(s->processes().size(), 1U) << point;
        const std::uint64_t before = cell(*s).value;
        set_number(*s, before + 1);
        EXPECT_EQ(cell(*s).value, before + 1);
        EXPECT_EQ(cell(*s).running, 0U);
    }
};

TEST_F(segment_kill, while_creating) {
    for (const char* how : {"", "os.create_unnamed=fail:EOPNOTSUPP,"}) {
        const std::string prefix = how;
        std::vector<std::string> points = points_of([&] {
            if (!prefix.empty()) {
                arm_failpoints(prefix + "*=count");
            }
            static_cast<void>(open_fake(path_));
        });
        EXPECT_GE(points.size(), 10U);
        for (const std::string& point : points) {
            SCOPED_TRACE(prefix + point);
            std::filesystem::remove(path_);
            if (point == "os.create_unnamed") {
                continue;
            }
            EXPECT_EQ(child([&] {
                          arm_failpoints(prefix + point + "=kill@1");
                          static_cast<void>(open_fake(path_));
                      }).wait(),
                      -SIGKILL);
            expect_usable(point);
        }
    }
}

TEST_F(segment_kill, while_opening_a_store_closed_cleanly) {
    kill_at_each([&] { set_number(*open_fake(path_), 5); }, [&] { static_cast<void>(open_fake(path_)); },
                 [&](const std::string& point) { expect_usable(point); }, 8);
}

TEST_F(segment_kill, while_opening_after_a_crash) {
    const auto crash = [&] {
        std::filesystem::remove(path_);
        set_number(*open_fake(path_), 5);
        EXPECT_EQ(child([&] {
                      arm_failpoints("fake.written=kill@1");
                      set_number(*open_fake(path_), 6);
                  }).wait(),
                  -SIGKILL);
    };
    kill_at_each(
        crash, [&] { static_cast<void>(open_fake(path_)); },
        [&](const std::string& point) {
            EXPECT_EQ(cell(*open_fake(path_)).value, 5U) << point;
            expect_usable(point);
        },
        9);
}

TEST_F(segment_kill, while_opening_after_a_reboot) {
    int boot = 0;
    const auto reboot = [&] {
        ::setenv("HOLDFAST_TEST_BOOT_ID", ("boot " + std::to_string(boot++)).c_str(), 1);
        std::filesystem::remove(path_);
        static_cast<void>(open_fake(path_));
        crash_after([](segment& s) {
            set_number(s, 5);
            s.lock_writer(std::chrono::seconds(1));
        });
        ::setenv("HOLDFAST_TEST_BOOT_ID", ("boot " + std::to_string(boot++)).c_str(), 1);
    };
    kill_at_each(
        reboot, [&] { static_cast<void>(open_fake(path_)); },
        [&](const std::string& point) {
            EXPECT_EQ(cell(*open_fake(path_)).value, 5U) << point;
            expect_usable(point);
        },
        9);
    ::unsetenv("HOLDFAST_TEST_BOOT_ID");
}

TEST_F(segment_kill, while_writing_alone) {
    kill_at_each([&] { set_number(*open_fake(path_), 5); },
                 [&] {
                     const auto s = open_fake(path_);
                     set_number(*s, 6);
                     ::_exit(0); // the end is another test
                 },
                 [&](const std::string& point) {
                     const std::uint64_t value = cell(*open_fake(path_)).value;
                     EXPECT_TRUE(value == 5 || value == 6) << value;
                     expect_usable(point);
                 },
                 0);
}

TEST_F(segment_kill, while_writing_beside_others) {
    std::filesystem::remove(path_);
    const auto witness = open_fake(path_);
    for (const char* point :
         {"segment.open.joined", "segment.attach.locked", "segment.attach.claimed", "segment.writer.locked",
          "segment.dirty.begin", "segment.dirty.written", "fake.running", "fake.written", "fake.published",
          "segment.writer.release", "segment.writer.unlocked", "segment.close.begin", "segment.close.gate",
          "segment.leave.slots", "segment.leave.line"}) {
        SCOPED_TRACE(point);
        const std::uint64_t before = cell(*witness).value;
        EXPECT_EQ(child([&] {
                      arm_failpoints(std::string(point) + "=kill@1");
                      const auto s = open_fake(path_);
                      static_cast<void>(s->claim_slot());
                      set_number(*s, before + 1000);
                  }).wait(),
                  -SIGKILL);
        witness->lock_writer(std::chrono::seconds(10));
        const std::uint64_t after = cell(*witness).value;
        EXPECT_TRUE(after == before || after == before + 1000) << after;
        EXPECT_EQ(cell(*witness).running, 0U);
        witness->unlock_writer();
        set_number(*witness, after + 1);
        witness->reap();
        EXPECT_EQ(witness->processes().size(), 1U);
        EXPECT_EQ(witness->reap(), 0U);
        if (std::string(point) == "segment.dirty.written") {
            continue;
        }
        // Most points of the first write after a clean close are passed once only.
        std::atomic_ref(witness->control().dirty).store(0);
    }
}

TEST_F(segment_kill, while_recovering_from_another_death) {
    const auto witness = open_fake(path_);
    for (const char* second : {"segment.writer.locked", "fake.recovering", "segment.writer.recovered"}) {
        SCOPED_TRACE(second);
        set_number(*witness, 5);
        for (const char* point : {"fake.written", second}) {
            EXPECT_EQ(child([&] {
                          arm_failpoints(std::string(point) + "=kill@1");
                          set_number(*open_fake(path_), 6);
                      }).wait(),
                      -SIGKILL);
        }
        witness->lock_writer(std::chrono::seconds(10));
        EXPECT_EQ(cell(*witness).value, 5U);
        witness->unlock_writer();
    }
}

TEST_F(segment_kill, while_closing_as_the_last_one) {
    kill_at_each([&] { set_number(*open_fake(path_), 5); }, [&] { set_number(*open_fake(path_), 6); },
                 [&](const std::string& point) {
                     {
                         const auto s = open_fake(path_);
                         const std::uint64_t value = cell(*s).value;
                         EXPECT_TRUE(value == 5 || value == 6) << value;
                         const bool clean = durable_of(path_, s->incarnation()).says_clean();
                         EXPECT_EQ(s->control().dirty, clean ? 0U : 1U);
                     }
                     expect_usable(point);
                 },
                 20);
}

TEST_F(segment_kill, while_reaping_and_growing) {
    const auto witness = open_fake(path_);
    for (const char* point : {"segment.reap.locked", "segment.reap.slots", "segment.reap.line"}) {
        SCOPED_TRACE(point);
        crash_after([](segment& s) { s.claim_slot().pin->store(77); });
        EXPECT_EQ(child([&] {
                      arm_failpoints(std::string(point) + "=kill@1");
                      open_fake(path_)->reap();
                  }).wait(),
                  -SIGKILL);
        EXPECT_GE(witness->reap(), 1U);
        EXPECT_TRUE(witness->pins().empty());
        EXPECT_EQ(witness->processes().size(), 1U);
    }
    for (const char* point : {"segment.grow.allocated", "segment.grow.cleared"}) {
        SCOPED_TRACE(point);
        EXPECT_EQ(child([&] {
                      arm_failpoints(std::string(point) + "=kill@1");
                      const auto s = open_fake(path_);
                      for (int i = 0; i < 2000; ++i) {
                          static_cast<void>(s->claim_slot());
                      }
                  }).wait(),
                  -SIGKILL);
        EXPECT_EQ(witness->reap(), 1U);
        const reader_slot slot = witness->claim_slot();
        EXPECT_LT(slot.line, 10U);
        witness->release_slot(slot);
    }
}

// Whoever has the lock finds the number of the newest commit, at whatever instruction others died.
TEST_F(segment_kill, at_random_moments) {
    constexpr int kills = 200;
    const auto work = [&] {
        for (;;) {
            const auto s = open_fake(path_);
            for (int i = 0; i < 20; ++i) {
                const reader_slot slot = s->claim_slot();
                s->lock_writer(std::chrono::seconds(20));
                const std::uint64_t txn = visible(*s);
                if (cell(*s).running != 0 || (txn > 1 && cell(*s).value != txn)) {
                    std::fprintf(stderr, "found %llu at %llu\n",
                                 static_cast<unsigned long long>(cell(*s).value),
                                 static_cast<unsigned long long>(txn));
                    ::_exit(3);
                }
                cell(*s).before = cell(*s).value;
                std::atomic_ref(cell(*s).running).store(txn + 1);
                std::atomic_ref(cell(*s).value).store(txn + 1);
                publish(*s, txn + 1);
                std::atomic_ref(cell(*s).running).store(0);
                s->unlock_writer();
                s->release_slot(slot);
            }
        }
    };
    std::vector<child> workers;
    for (int i = 0; i < 4; ++i) {
        workers.emplace_back(work);
    }
    for (int i = 0; i < kills; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(500 + i * 37 % 5000));
        EXPECT_EQ(workers.front().kill(), -SIGKILL) << "it ended by itself";
        workers.erase(workers.begin());
        workers.emplace_back(work);
    }
    workers.clear();
    const auto s = open_fake(path_);
    EXPECT_EQ(cell(*s).value, visible(*s));
    EXPECT_TRUE(s->pins().empty());
    EXPECT_EQ(s->processes().size(), 1U);
}

} // namespace
} // namespace holdfast
