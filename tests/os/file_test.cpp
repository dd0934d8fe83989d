// Files: space, publishing, what a forked child keeps.
#include "os/file.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>
#include <utility>

#include <gtest/gtest.h>

#include "children.hpp"
#include "os/failpoint.hpp"
#include "os/fork.hpp"

namespace holdfast::os {
namespace {

using test::child;
using test::temporary_folder;

TEST(file, an_unnamed_file_gets_its_name_once) {
    const temporary_folder folder;
    file made;
    file other;
    const int code = made.create_unnamed(folder.path());
    if (code == EOPNOTSUPP) {
        GTEST_SKIP() << "the file system of the temporary folder has no O_TMPFILE";
    }
    ASSERT_EQ(code, 0);
    ASSERT_EQ(other.create_unnamed(folder.path()), 0);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    EXPECT_EQ(made.write_at("abc", 3, 5), 0);
    EXPECT_EQ(made.publish(folder / "name"), 0);
    EXPECT_EQ(other.publish(folder / "name"), EEXIST);
    EXPECT_EQ(std::filesystem::file_size(folder / "name"), 8U);
}

TEST(file, reads_stop_at_the_end) {
    const temporary_folder folder;
    file made;
    ASSERT_EQ(made.create(folder / "f"), 0);
    ASSERT_EQ(made.write_durably_at("12345", 5, 0), 0);
    char text[8] = {};
    std::size_t got = 0;
    EXPECT_EQ(made.read_at(text, sizeof text, 2, got), 0);
    EXPECT_EQ(got, 3U);
    EXPECT_STREQ(text, "345");
    EXPECT_EQ(made.create(folder / "f"), EEXIST);
}

TEST(file, allocation_has_disk_space_behind_it) {
    const temporary_folder folder;
    file made;
    ASSERT_EQ(made.create(folder / "f"), 0);
    ASSERT_EQ(made.allocate(1 << 20, 1 << 16), 0);
    file_info info;
    ASSERT_EQ(made.query(info), 0);
    EXPECT_EQ(info.type, file_type::regular);
    EXPECT_EQ(info.bytes, (1U << 20) + (1U << 16));
    EXPECT_GE(info.allocated_bytes, 1U << 16);
    EXPECT_LT(info.allocated_bytes, 1U << 20);
}

TEST(file, beyond_the_size_limit_of_the_process_is_an_error_and_no_signal) {
    const temporary_folder folder;
    child limited([&] {
        const rlimit limit = {4096, 4096};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        file made;
        const bool right = made.create(folder / "f") == 0 && made.allocate(0, 8192) == EFBIG &&
                           made.set_size(8192) == EFBIG && made.write_at("x", 1, 4096) == EFBIG &&
                           made.allocate(0, 4096) == 0;
        ::_exit(right ? 0 : 2);
    });
    EXPECT_EQ(limited.wait(), 0);
}

TEST(file, a_forked_child_has_no_descriptor_of_it) {
    const temporary_folder folder;
    file first;
    ASSERT_EQ(first.create(folder / "f"), 0);
    file second = std::move(first); // the list has to follow moves
    const int descriptor = second.descriptor();
    const std::uint64_t generation = fork_generation();
    child forked([&] {
        const bool closed = !second.is_open() && ::fcntl(descriptor, F_GETFD) == -1;
        second = file();
        file fresh;
        const bool usable = fresh.open(folder / "f", true) == 0;
        ::_exit(closed && usable && fork_generation() == generation + 1 ? 0 : 2);
    });
    EXPECT_EQ(forked.wait(), 0);
    EXPECT_TRUE(second.is_open());
    EXPECT_EQ(fork_generation(), generation);
    EXPECT_EQ(second.write_at("x", 1, 0), 0);
}

TEST(file, opening_a_fifo_does_not_wait) {
    const temporary_folder folder;
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    for (const bool writable : {true, false}) {
        file opened;
        file_info info;
        ASSERT_EQ(opened.open(folder / "fifo", writable), 0);
        ASSERT_EQ(opened.query(info), 0);
        EXPECT_EQ(info.type, file_type::fifo);
    }
}

TEST(file, tells_network_file_systems_from_local_ones) {
    file folder;
    file_system kind = file_system::network;
    ASSERT_EQ(folder.open_folder("/"), 0);
    ASSERT_EQ(folder.query(kind), 0);
    EXPECT_EQ(kind, file_system::local);
    file process;
    ASSERT_EQ(process.open("/proc/self/status", false), 0);
    ASSERT_EQ(process.query(kind), 0);
    EXPECT_EQ(kind, file_system::local);
}

} // namespace
} // namespace holdfast::os
