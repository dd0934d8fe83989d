// Creating a store: complete or not there, one winner of a race, no garbage.
#include <fcntl.h>
#include <sys/stat.h>

#include <vector>

#include "fake_store.hpp"
#include "format/superblock.hpp"

namespace holdfast {
namespace {

using namespace test;

using segment_create = segment_test;

TEST_F(segment_create, makes_a_store_of_the_documented_shape) {
    const auto s = open_fake(path_);
    EXPECT_EQ(hook_calls::format_new, 1);
    EXPECT_EQ(s->file_bytes(), segment_initial_bytes);
    EXPECT_GE(s->allocated_bytes(), segment_initial_bytes - format::heap_offset);
    EXPECT_LT(s->allocated_bytes(), 2 * format::mib) << "what lies between the parts is a hole";
    for (const std::uint64_t offset : {format::superblock_offset, format::superblock_copy_offset}) {
        EXPECT_EQ(format::judge_superblock({s->base() + offset, sizeof(format::superblock)}),
                  format::superblock_state::sound);
    }
    EXPECT_TRUE(durable_of(path_, s->incarnation()).says_clean());
    struct stat info {};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(segment_create, opens_again_with_what_was_written) {
    set_number(*open_fake(path_), 42);
    const auto s = open_fake(path_);
    EXPECT_EQ(cell(*s).value, 42U);
    EXPECT_EQ(hook_calls::format_new, 1);
}

TEST_F(segment_create, two_stores_have_two_incarnations) {
    EXPECT_NE(open_fake(path_)->incarnation(), open_fake(folder_ / "other")->incarnation());
}

TEST_F(segment_create, without_create_a_missing_file_stays_missing) {
    for (const segment_mode mode : {segment_mode::write, segment_mode::read_only}) {
        EXPECT_EQ(error_of([&] { open_fake(path_, mode); }), errc::not_found);
        EXPECT_FALSE(std::filesystem::exists(path_));
    }
}

TEST_F(segment_create, names_the_folder_that_is_missing) {
    std::string message;
    EXPECT_EQ(error_of([&] { open_fake(folder_ / "no/store.hf"); }, &message), errc::not_found);
    EXPECT_NE(message.find((folder_ / "no").string() + ":"), std::string::npos) << message;
}

TEST_F(segment_create, a_dangling_link_is_no_place_to_create_at) {
    std::filesystem::create_symlink(folder_ / "nowhere", path_);
    std::string message;
    EXPECT_EQ(error_of([&] { open_fake(path_); }, &message), errc::not_found);
    EXPECT_NE(message.find("link"), std::string::npos) << message;
}

TEST_F(segment_create, follows_a_link_to_a_store) {
    static_cast<void>(open_fake(folder_ / "real"));
    std::filesystem::create_symlink("real", path_);
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc{});
}

TEST_F(segment_create, of_16_racing_processes_one_creates_and_all_open) {
    for (int round = 0; round < 5; ++round) {
        const std::filesystem::path path = folder_ / ("race" + std::to_string(round));
        std::vector<child> racers;
        signal_pipe start;
        signal_pipe won;
        for (int i = 0; i < 16; ++i) {
            racers.emplace_back([&] {
                start.wait();
                const auto s = open_fake(path);
                set_number(*s, cell(*s).value + 1);
            });
        }
        for (int i = 0; i < 16; ++i) {
            start.send();
        }
        for (child& racer : racers) {
            EXPECT_EQ(racer.wait(), 0);
        }
        const auto s = open_fake(path);
        EXPECT_EQ(visible(*s), 17U) << "no racer's transaction went to a file that nobody else sees";
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 5);
}

TEST_F(segment_create, works_without_unnamed_files) {
    arm_failpoints("os.create_unnamed=fail:EOPNOTSUPP");
    set_number(*open_fake(path_), 7);
    EXPECT_EQ(cell(*open_fake(path_)).value, 7U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1)
        << "no temporary file is left";
}

TEST_F(segment_create, a_failing_format_leaves_nothing) {
    for (const char* how : {"", "os.create_unnamed=fail:EOPNOTSUPP"}) {
        arm_failpoints(how);
        segment_options options = fake_options();
        options.hooks.format_new = [](segment&) { throw error(errc::no_space, "no"); };
        EXPECT_EQ(error_of([&] { static_cast<void>(segment::open(path_, options)); }), errc::no_space);
        EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
    }
}

TEST_F(segment_create, a_full_disk_leaves_nothing) {
    arm_failpoints("segment.back=fail");
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::no_space);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(segment_create, the_first_commit_may_be_made_under_the_writer_lock) {
    segment_options options = fake_options();
    options.hooks.format_new = [](segment& s) {
        s.lock_writer(std::chrono::seconds(1));
        format_fake(s);
        s.ensure_allocated(segment_initial_bytes + format::mib);
        s.unlock_writer();
    };
    const auto s = segment::open(path_, options);
    EXPECT_TRUE(durable_of(path_, s->incarnation()).says_clean());
    EXPECT_EQ(s->control().dirty, 0U);
}

} // namespace
} // namespace holdfast
