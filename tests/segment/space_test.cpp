// Growth: backed by disk space, in steps, with clean errors at every kind of limit.
#include <sys/mount.h>
#include <sys/resource.h>

#include "fake_store.hpp"

namespace holdfast {
namespace {

using namespace test;

class segment_space : public segment_test {
protected:
    /// Writes to every page up to `end`: without disk space behind one, that is the signal SIGBUS.
    static void touch_up_to(segment& s, std::uint64_t end) {
        for (std::uint64_t at = format::heap_offset + 8192; at < end; at += 4096) {
            s.base()[at] = std::byte{1};
        }
    }
};

TEST_F(segment_space, growth_is_backed_and_generous) {
    const auto s = open_fake(path_);
    const std::uint64_t before = s->allocated_bytes();
    s->ensure_allocated(segment_initial_bytes);
    EXPECT_EQ(s->allocated_bytes(), before);
    s->ensure_allocated(segment_initial_bytes + 1);
    EXPECT_GE(s->file_bytes(), segment_initial_bytes + 256 * format::kib);
    EXPECT_GE(s->allocated_bytes(), before + 256 * format::kib);
    const std::uint64_t size = s->file_bytes();
    s->ensure_allocated(size);
    EXPECT_EQ(s->file_bytes(), size) << "what is there already takes no call";
    touch_up_to(*s, size);
}

TEST_F(segment_space, a_second_process_allocates_from_where_the_heap_ends) {
    const auto one = open_separate(path_);
    const auto two = open_separate(path_);
    const std::uint64_t end = segment_initial_bytes + 8 * format::mib;
    one->ensure_allocated(end);
    auto& heap = *reinterpret_cast<format::heap_header*>(one->base() + format::heap_header_offset);
    heap.end_blocks = end / format::block_bytes;
    two->ensure_allocated(end);
    two->ensure_allocated(end + format::block_bytes);
    EXPECT_GE(two->file_bytes(), end + format::block_bytes);
    touch_up_to(*two, end + format::block_bytes);
    heap.end_blocks = segment_initial_bytes / format::block_bytes;
}

TEST_F(segment_space, where_the_generous_request_fails_the_exact_one_is_tried) {
    const auto s = open_fake(path_);
    arm_failpoints("segment.allocate=fail@1");
    s->ensure_allocated(segment_initial_bytes + format::block_bytes);
    EXPECT_EQ(s->file_bytes(), segment_initial_bytes + format::block_bytes);
    for (const char* code : {"ENOSPC", "EDQUOT", "EFBIG"}) {
        arm_failpoints(std::string("segment.allocate=fail:") + code);
        EXPECT_EQ(error_of([&] { s->ensure_allocated(segment_initial_bytes + format::mib); }),
                  errc::no_space);
    }
    arm_failpoints("");
    s->ensure_allocated(segment_initial_bytes + format::mib);
}

TEST_F(segment_space, an_io_error_while_growing_poisons) {
    const auto s = open_fake(path_);
    arm_failpoints("segment.allocate=fail:EIO");
    EXPECT_EQ(error_of([&] { s->ensure_allocated(segment_initial_bytes + format::mib); }), errc::io_error);
    arm_failpoints("");
    EXPECT_EQ(error_of([&] { s->expect_usable(); }), errc::io_error);
}

TEST_F(segment_space, beyond_the_reserved_addresses_is_an_error_with_advice) {
    segment_options options = fake_options();
    constexpr std::uint64_t capacity = format::heap_offset + 48 * format::mib;
    options.capacity_bytes = capacity;
    const auto s = segment::open(path_, options);
    EXPECT_EQ(s->capacity_bytes(), capacity);
    s->ensure_allocated(capacity);
    std::string message;
    EXPECT_EQ(error_of([&] { s->ensure_allocated(capacity + 1); }, &message), errc::address_space);
    EXPECT_NE(message.find("capacity"), std::string::npos) << message;
    EXPECT_EQ(error_of([&] { s->ensure_allocated(format::file_bytes_max + 1); }), errc::no_space);
}

TEST_F(segment_space, a_store_larger_than_the_capacity_asked_for_is_not_opened) {
    static_cast<void>(open_fake(path_));
    segment_options options = fake_options();
    options.capacity_bytes = format::mib;
    EXPECT_EQ(error_of([&] { static_cast<void>(segment::open(path_, options)); }), errc::address_space);
}

TEST_F(segment_space, the_file_size_limit_of_the_process_is_an_error_and_no_signal) {
    static_cast<void>(open_fake(path_));
    EXPECT_EQ(child([&] {
                  constexpr std::uint64_t allowed = segment_initial_bytes + format::mib;
                  const rlimit limit = {allowed, allowed};
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  const auto s = open_fake(path_);
                  set_number(*s, 5);
                  s->ensure_allocated(allowed);
                  const errc code = error_of([&] { s->ensure_allocated(allowed + 1); });
                  if (code != errc::no_space) {
                      ::_exit(2);
                  }
              }).wait(),
              0);
    const auto s = open_fake(path_);
    EXPECT_EQ(cell(*s).value, 5U);
    EXPECT_TRUE(durable_of(path_, s->incarnation()).says_clean());
}

TEST_F(segment_space, short_address_space_is_stepped_down_to) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "sanitizers need the addresses themselves";
#endif
    set_number(*open_fake(path_), 5);
    EXPECT_EQ(child([&] {
                  const rlimit limit = {std::uint64_t{2} << 30, std::uint64_t{2} << 30};
                  ::setrlimit(RLIMIT_AS, &limit);
                  const auto s = open_fake(path_);
                  const bool right =
                      s->capacity_bytes() < limit.rlim_cur && s->capacity_bytes() >= 64 * format::mib;
                  set_number(*s, 6);
                  ::_exit(right ? 0 : 2);
              }).wait(),
              0);
    EXPECT_EQ(child([&] {
                  const rlimit limit = {std::uint64_t{8} << 20, std::uint64_t{8} << 20};
                  ::setrlimit(RLIMIT_AS, &limit);
                  ::_exit(static_cast<int>(error_of([&] { static_cast<void>(open_fake(path_)); })));
              }).wait(),
              static_cast<int>(errc::address_space));
    EXPECT_EQ(cell(*open_fake(path_)).value, 6U);
}

// A real full disk. In a child, so that its mount namespace, and the mount with it, vanish by themselves.
TEST_F(segment_space, a_full_disk_is_an_error_and_what_is_there_stays_usable) {
    const int status =
        child([&] {
            if (::unshare(CLONE_NEWNS) != 0 ||
                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                ::mount("none", folder_.path().c_str(), "tmpfs", 0, "size=2m") != 0) {
                ::_exit(77);
            }
            auto s = open_fake(path_);
            set_number(*s, 5);
            std::uint64_t end = segment_initial_bytes;
            errc code{};
            while (code == errc{}) {
                end += format::block_bytes;
                code = error_of([&] { s->ensure_allocated(end); });
            }
            touch_up_to(*s, end - format::block_bytes);
            set_number(*s, 6);
            const bool full = code == errc::no_space && end > segment_initial_bytes + format::mib;
            const errc second = error_of([&] { static_cast<void>(open_fake(folder_ / "second")); });
            s.reset();
            const bool kept = cell(*open_fake(path_)).value == 6;
            const bool no_garbage = !std::filesystem::exists(folder_ / "second");
            ::_exit(full && kept && no_garbage && second == errc::no_space ? 0 : 2);
        }).wait();
    if (status == 77) {
        GTEST_SKIP()
            << "mounting a small file system is not permitted here; failpoints cover the same errors";
    }
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace holdfast
