// Boot, threads, clocks, barriers, mappings.
#include "os/system.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <thread>

#include <gtest/gtest.h>

#include "children.hpp"
#include "os/mapping.hpp"
#include "os/time.hpp"

namespace holdfast::os {
namespace {

using test::child;
using test::temporary_folder;
using namespace std::chrono_literals;

TEST(system, a_boot_has_one_name) {
    EXPECT_EQ(boot_id(), boot_id());
    EXPECT_NE(boot_id(), (std::array<std::uint8_t, 16>{}));
}

TEST(system, tests_can_pretend_another_boot) {
    const auto real = boot_id();
    ::setenv("HOLDFAST_TEST_BOOT_ID", "another", 1);
    const auto pretended = boot_id();
    EXPECT_EQ(pretended, boot_id());
    ::unsetenv("HOLDFAST_TEST_BOOT_ID");
    EXPECT_NE(pretended, real);
    EXPECT_EQ(boot_id(), real);
}

TEST(system, threads_have_numbers_of_their_own) {
    const std::uint64_t mine = thread_number();
    std::uint64_t other = 0;
    std::thread([&] { other = thread_number(); }).join();
    EXPECT_NE(mine, 0U);
    EXPECT_NE(other, mine);
    EXPECT_EQ(thread_number(), mine);
}

TEST(system, random_bytes_differ) {
    std::array<std::uint8_t, 16> a{};
    std::array<std::uint8_t, 16> b{};
    random_bytes(a);
    random_bytes(b);
    EXPECT_NE(a, b);
}

TEST(system, a_barrier_can_be_issued_once_registered) {
    if (!register_barrier()) {
        GTEST_SKIP() << "membarrier is refused here (an old kernel, a sandbox, or ThreadSanitizer)";
    }
    EXPECT_TRUE(issue_barrier());
}

TEST(system, deadlines_bear_any_timeout) {
    const auto now = std::chrono::steady_clock::now();
    EXPECT_GT(deadline_after(std::chrono::milliseconds::max()), now + 24h);
    EXPECT_LT(deadline_after(std::chrono::milliseconds::min()), now + 1h);
    backoff pause(deadline_after(20ms));
    int waits = 0;
    while (pause.wait()) {
        ++waits;
    }
    EXPECT_GT(waits, 2);
    EXPECT_GE(std::chrono::steady_clock::now(), now + 20ms);
}

TEST(mapping, takes_less_where_addresses_are_short) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need the addresses themselves";
#endif
    const temporary_folder folder;
    child limited([&] {
        const rlimit limit = {std::uint64_t{1} << 33, std::uint64_t{1} << 33};
        ::setrlimit(RLIMIT_AS, &limit);
        file made;
        mapping mapped;
        bool right = made.create(folder / "f") == 0 && made.allocate(0, 8192) == 0 &&
                     mapped.map(made, true, std::uint64_t{1} << 40, 4096, 8192) == 0 &&
                     mapped.bytes() < (std::uint64_t{1} << 33) && mapped.bytes() >= (std::uint64_t{1} << 31);
        mapped.base()[8191] = std::byte{7};
        std::size_t got = 0;
        std::byte read{};
        right = right && made.read_at(&read, 1, 8191, got) == 0 && read == std::byte{7};
        mapping too_large;
        right = right &&
                too_large.map(made, true, std::uint64_t{1} << 40, std::uint64_t{1} << 35, 8192) == ENOMEM;
        ::_exit(right ? 0 : 2);
    });
    EXPECT_EQ(limited.wait(), 0);
}

} // namespace
} // namespace holdfast::os
