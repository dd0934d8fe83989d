// What is not a store, or not one that can be opened: an error of the right kind, and the file untouched.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <fstream>

#include "base/checksum.hpp"
#include "fake_store.hpp"
#include "format/superblock.hpp"

namespace holdfast {
namespace {

using namespace test;

constexpr std::array all_modes = {segment_mode::create, segment_mode::write, segment_mode::read_only};

class segment_reject : public segment_test {
protected:
    void write_file(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
    void expect_all_modes(errc expected, const std::string& part) const {
        expect_modes(all_modes, expected, part);
    }
    /// Nobody may write it; what is left of it can be read.
    void expect_writers(errc expected, const std::string& part, bool unrestored) const {
        expect_modes(std::array{segment_mode::create, segment_mode::write}, expected, part);
        EXPECT_EQ(open_fake(path_, segment_mode::read_only)->unrestored().has_value(), unrestored);
    }
    template <class Modes>
    void expect_modes(const Modes& modes, errc expected, const std::string& part) const {
        for (const segment_mode mode : modes) {
            std::string message;
            EXPECT_EQ(error_of([&] { open_fake(path_, mode); }, &message), expected);
            EXPECT_NE(message.find(part), std::string::npos) << message;
            EXPECT_EQ(message.find(path_.string()), 0U) << message;
        }
    }
    /// Changes the superblock, and its copy, and makes the checksums fit if that is wanted.
    template <class Change>
    void change_superblocks(Change&& change, bool both = true, bool with_checksum = true) const {
        std::ifstream in(path_, std::ios::binary);
        format::superblock block{};
        in.seekg(format::superblock_offset);
        in.read(reinterpret_cast<char*>(&block), sizeof block);
        change(block);
        if (with_checksum) {
            block.checksum = checksum64(&block, offsetof(format::superblock, checksum));
        }
        patch(path_, format::superblock_offset, &block, sizeof block);
        if (both) {
            patch(path_, format::superblock_copy_offset, &block, sizeof block);
        }
    }
};

TEST_F(segment_reject, a_folder) {
    std::filesystem::create_directory(path_);
    expect_all_modes(errc::not_a_store, "folder");
}

TEST_F(segment_reject, a_fifo_without_waiting) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    expect_all_modes(errc::not_a_store, "FIFO");
}

TEST_F(segment_reject, a_socket) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
    expect_all_modes(errc::not_a_store, "socket");
}

TEST_F(segment_reject, a_device) {
    EXPECT_EQ(error_of([&] { open_fake("/dev/null"); }), errc::not_a_store);
}

TEST_F(segment_reject, an_empty_file) {
    write_file("");
    expect_all_modes(errc::not_a_store, "empty, not a Holdfast store");
    EXPECT_EQ(std::filesystem::file_size(path_), 0U);
}

TEST_F(segment_reject, short_and_foreign_files) {
    for (const std::size_t size : {1U, 63U, 64U, 71U, 1000U, 1U << 20}) {
        write_file(std::string(size, 'x'));
        expect_all_modes(errc::not_a_store, "not a Holdfast store");
    }
}

TEST_F(segment_reject, a_path_below_a_file) {
    write_file("x");
    EXPECT_EQ(error_of([&] { open_fake(path_ / "store"); }), errc::not_found);
}

TEST_F(segment_reject, a_store_cut_short_anywhere) {
    static_cast<void>(open_fake(path_));
    for (const std::uint64_t size : {segment_initial_bytes - 1, format::heap_offset}) {
        std::filesystem::resize_file(path_, size);
        expect_writers(errc::corrupt, "cut short", true);
    }
    for (const std::uint64_t size :
         {format::heap_offset - 1, format::control_offset, format::superblock_copy_offset,
          format::heads_offset, std::uint64_t{192}, std::uint64_t{80}}) {
        std::filesystem::resize_file(path_, size);
        expect_all_modes(errc::corrupt, "cut short");
    }
}

TEST_F(segment_reject, a_newer_format) {
    static_cast<void>(open_fake(path_));
    change_superblocks([](format::superblock& block) { block.version = format::format_version + 1; });
    expect_all_modes(errc::newer_format, "update Holdfast");
}

TEST_F(segment_reject, an_older_format) {
    static_cast<void>(open_fake(path_));
    change_superblocks([](format::superblock& block) { block.version = 1; });
    expect_all_modes(errc::unsupported, "no longer reads");
}

TEST_F(segment_reject, an_unknown_required_feature) {
    static_cast<void>(open_fake(path_));
    change_superblocks([](format::superblock& block) { block.features_required = std::uint64_t{1} << 63; });
    expect_all_modes(errc::newer_format, "update Holdfast");
}

TEST_F(segment_reject, another_byte_order) {
    static_cast<void>(open_fake(path_));
    change_superblocks([](format::superblock& block) { block.endianness = 0x04030201; });
    expect_all_modes(errc::unsupported, "byte order");
}

TEST_F(segment_reject, two_damaged_superblocks) {
    static_cast<void>(open_fake(path_));
    change_superblocks([](format::superblock& block) { block.created_ns ^= 1; }, true, false);
    expect_all_modes(errc::corrupt, "superblock");
}

TEST_F(segment_reject, not_a_store_with_one_sound_superblock) {
    const incarnation_id incarnation = open_fake(path_)->incarnation();
    change_superblocks([](format::superblock& block) { block.created_ns ^= 1; }, false, false);
    EXPECT_EQ(open_fake(path_)->incarnation(), incarnation);
    const std::array<char, 128> nothing{};
    patch(path_, format::superblock_offset, nothing.data(), nothing.size());
    EXPECT_EQ(open_fake(path_)->incarnation(), incarnation);
}

TEST_F(segment_reject, a_damaged_head) {
    static_cast<void>(open_fake(path_));
    const std::uint64_t never = 99;
    patch(path_, format::heads_offset, &never, sizeof never);
    expect_writers(errc::corrupt, "newest commit", true);
}

TEST_F(segment_reject, a_damaged_heap_header) {
    static_cast<void>(open_fake(path_));
    for (const std::uint64_t end_blocks :
         {std::uint64_t{0}, std::uint64_t{1025}, std::uint64_t{1} << 50, ~std::uint64_t{0}}) {
        patch(path_, format::heap_header_offset + offsetof(format::heap_header, end_blocks), &end_blocks, 8);
        expect_writers(errc::corrupt, "", false); // a reader needs nothing of it
    }
}

TEST_F(segment_reject, forged_counters_of_the_control_area_are_harmless) {
    for (const std::uint64_t forged : {std::uint64_t{0}, std::uint64_t{300'000}, ~std::uint64_t{0}}) {
        const auto holder = open_separate(path_); // so that the next one joins, and clears nothing
        std::atomic_ref(holder->control().lines_used).store(forged);
        std::atomic_ref(holder->control().lines_allocated).store(forged);
        std::atomic_ref(holder->control().generations).store(forged);
        std::atomic_ref(holder->control().writer.word).store(forged);
        const auto s = open_separate(path_);
        const reader_slot slot = s->claim_slot();
        EXPECT_LT(slot.line, format::attachment_lines_max);
        static_cast<void>(s->pins());
        static_cast<void>(s->processes());
        static_cast<void>(s->reap());
        s->lock_writer(std::chrono::seconds(10)); // a holder that can't exist is dead
        s->unlock_writer();
    }
}

TEST_F(segment_reject, what_may_not_be_written_or_read) {
    static_cast<void>(open_fake(path_));
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
    const auto as_nobody = [&](std::uint32_t mode, segment_mode how) {
        std::filesystem::permissions(path_, std::filesystem::perms{mode});
        return child([&] {
                   if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
                       ::_exit(99);
                   }
                   std::string message;
                   const errc code = error_of([&] { open_fake(path_, how); }, &message);
                   ::_exit(static_cast<int>(code));
               })
            .wait();
    };
    if (::getuid() == 0) {
        EXPECT_EQ(as_nobody(0644, segment_mode::write), static_cast<int>(errc::permission));
        EXPECT_EQ(as_nobody(0644, segment_mode::read_only), 0);
        EXPECT_EQ(as_nobody(0600, segment_mode::read_only), static_cast<int>(errc::permission));
    } else {
        EXPECT_EQ(as_nobody(0400, segment_mode::write), static_cast<int>(errc::permission));
        EXPECT_EQ(as_nobody(0400, segment_mode::read_only), 0);
        EXPECT_EQ(as_nobody(0000, segment_mode::read_only), static_cast<int>(errc::permission));
    }
}

TEST_F(segment_reject, a_folder_that_may_not_be_written) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0555});
    const int code = child([&] {
                         if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) {
                             ::_exit(99);
                         }
                         ::_exit(static_cast<int>(error_of([&] { open_fake(path_); })));
                     }).wait();
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
    EXPECT_EQ(code, static_cast<int>(errc::permission));
}

TEST_F(segment_reject, a_network_file_system_unless_forced) {
    static_cast<void>(open_fake(path_));
    arm_failpoints("os.network_file_system=fail");
    expect_all_modes(errc::unsupported, "file system");
    EXPECT_EQ(error_of([&] { open_fake(folder_ / "new"); }), errc::unsupported);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "new"));
    segment_options options = fake_options();
    options.any_file_system = true;
    EXPECT_EQ(error_of([&] { static_cast<void>(segment::open(path_, options)); }), errc{});
}

TEST_F(segment_reject, a_message_is_one_line_whatever_the_name) {
    std::string message;
    EXPECT_EQ(error_of([&] { open_fake(folder_ / "a\nb", segment_mode::write); }, &message), errc::not_found);
    EXPECT_NE(message.find("a?b"), std::string::npos);
}

} // namespace
} // namespace holdfast
