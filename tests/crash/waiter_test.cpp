// A waiter for the writer lock that is killed.
//
// What went wrong: a process that was killed after unlocking had woken it, and before it had the mutex, took the
// wake-up
// with it. If somebody else got the mutex first, that one did not know that there were others waiting, and they slept
// until their time was up, 30 s by default, beside a writer who went on and on.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "process.hpp"
#include "random.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::crash {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

struct contest {
    std::atomic<std::uint64_t> turns_of_patient{0};
    std::atomic<std::uint64_t> turns_of_others{0};
};

int take_turns(const std::filesystem::path& path, std::atomic<std::uint64_t>& mine) {
    store in = store::open(path);
    for (;;) {
        in.update([](write_transaction& transaction) { transaction.put("turn", "taken"); });
        mine.fetch_add(1);
    }
}

TEST(waiter, takes_no_wake_up_of_others_with_it) {
    const test::temporary_store place;
    static_cast<void>(place.open());
    const shared<contest> all;
    const auto start = [&](std::atomic<std::uint64_t>& mine) {
        return child::start([&] { return take_turns(place.path(), mine); }, [](const std::string&) {});
    };
    const child greedy = start(all->turns_of_others);
    const child patient = start(all->turns_of_patient);
    random_source random(3);
    const auto until = steady_clock::now() + seconds(3);
    for (std::uint64_t kills = 1; steady_clock::now() < until; ++kills) {
        child dying = start(all->turns_of_others);
        sleep_exactly(microseconds(random.between(500, 5'000)));
        dying.kill();
        ASSERT_TRUE(dying.wait(seconds(10)));
        const std::uint64_t turns = all->turns_of_patient.load();
        const auto patience = steady_clock::now() + seconds(5);
        while (all->turns_of_patient.load() == turns) {
            ASSERT_LT(steady_clock::now(), patience) << "sleeping since kill " << kills;
            sleep_exactly(microseconds(20));
        }
    }
}

} // namespace
} // namespace holdfast::crash
