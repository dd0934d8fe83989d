// Byte locks that live as long as an address space.
#include "os/lifetime_lock.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "children.hpp"
#include "os/failpoint.hpp"
#include "os/fork.hpp"

namespace holdfast::os {
namespace {

using test::child;
using test::signal_pipe;
using test::temporary_folder;

class lifetime_lock_on_a_byte : public ::testing::TestWithParam<const char*> {
protected:
    lifetime_lock_on_a_byte() {
        EXPECT_EQ(f_.create(path_), 0);
        EXPECT_EQ(f_.set_size(4096), 0);
        arm_failpoints(GetParam());
    }
    ~lifetime_lock_on_a_byte() override { arm_failpoints(""); }

    [[nodiscard]] bool locked() const {
        std::optional<byte_range> holder;
        EXPECT_EQ(find_lock(f_, lock_mode::shared, byte_, holder), 0);
        return holder.has_value();
    }

    temporary_folder folder_;
    std::filesystem::path path_ = folder_ / "f";
    file f_;
    byte_range byte_{std::uint64_t{1} << 61, 1};
};

TEST_P(lifetime_lock_on_a_byte, excludes_others_until_it_is_dropped) {
    lifetime_lock one;
    lifetime_lock two;
    EXPECT_EQ(one.take(f_, path_, byte_), 0);
    EXPECT_EQ(two.take(f_, path_, byte_), EAGAIN);
    lifetime_lock moved = std::move(one);
    EXPECT_TRUE(locked());
    moved.drop();
    EXPECT_FALSE(locked());
    EXPECT_EQ(two.take(f_, path_, byte_), 0);
}

TEST_P(lifetime_lock_on_a_byte, ends_with_its_process_also_where_a_child_lives_on) {
    signal_pipe ready;
    signal_pipe end;
    child holder([&] {
        file own; // a child has none of its parent's
        lifetime_lock mine;
        const bool taken = own.open(path_, true) == 0 && mine.take(own, path_, byte_) == 0;
        if (::fork() == 0) {
            mine.drop();
            ready.send();
            end.wait();
            ::_exit(0);
        }
        if (taken) {
            ::pause();
        }
    });
    ready.wait();
    EXPECT_TRUE(locked()) << "the child dropped nothing of its parent's";
    holder.kill();
    EXPECT_FALSE(locked());
    end.send();
}

INSTANTIATE_TEST_SUITE_P(kept, lifetime_lock_on_a_byte,
                         ::testing::Values("", "os.keep_by_mapping=fail", "os.reopen=fail"));

TEST(fork_word, tells_a_child_from_its_parent_also_without_handlers) {
    file f;
    const temporary_folder folder;
    ASSERT_EQ(f.create(folder / "f"), 0); // installs the page
    const std::uint64_t generation = fork_generation();
    EXPECT_FALSE(is_forked_since(generation));
    EXPECT_EQ(child([&] { ::_exit(is_forked_since(generation) ? 0 : 2); }).wait(), 0);
    EXPECT_EQ(child([&] {
                  const long grandchild = ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
                  const std::uint64_t mine = fork_generation();
                  if (grandchild == 0) {
                      ::_exit(is_forked_since(generation) && fork_generation() != generation ? 0 : 2);
                  }
                  int status = 0;
                  ::waitpid(static_cast<pid_t>(grandchild), &status, 0);
                  ::_exit(WEXITSTATUS(status) == 0 && mine != generation ? 0 : 3);
              }).wait(),
              0);
    EXPECT_FALSE(is_forked_since(generation));
}

} // namespace
} // namespace holdfast::os
