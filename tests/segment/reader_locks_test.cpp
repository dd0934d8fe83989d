// Processes that may only read the file may set read locks on any of its bytes. They keep nobody out for longer than a
// timeout, are named, and never stand for a writer.
//
// What went wrong: a byte that writers shared said that somebody is attached, and a reader could share it, too. Then a
// store was joined as if somebody alive had vouched for its locks: after a reboot it was not verified.
#include "fake_store.hpp"
#include "os/byte_lock.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

class segment_reader_locks : public segment_test {
protected:
    segment_reader_locks() { static_cast<void>(open_fake(path_)); }

    /// A process that may only read, and holds read locks on that range until it is killed.
    [[nodiscard]] child read_locker(os::byte_range range) const {
        signal_pipe locked;
        child reader([&] {
            os::file f;
            const bool done = f.open(path_, false) == 0 && os::try_lock(f, os::lock_mode::shared, range) == 0;
            locked.send();
            if (done) {
                ::pause();
            }
        });
        locked.wait();
        os::file f;
        std::optional<os::byte_range> held;
        EXPECT_EQ(f.open(path_, true), 0);
        EXPECT_EQ(os::find_lock(f, os::lock_mode::exclusive, range, held), 0);
        EXPECT_TRUE(held);
        return reader;
    }
    /// All bytes that are neither the gate's nor a line's.
    static constexpr os::byte_range between = {format::lock_byte::gate + 1,
                                               format::lock_byte::process - format::lock_byte::gate - 1};

    void expect_timeout_that_names(const child& reader) const {
        segment_options options = fake_options();
        options.timeout = 200ms;
        std::string message;
        EXPECT_EQ(error_of([&] { static_cast<void>(segment::open(path_, options)); }, &message),
                  errc::timed_out);
        EXPECT_NE(message.find("process " + std::to_string(reader.pid())), std::string::npos) << message;
    }

    /// Nobody is attached, the last one was killed, and verifying finds damage.
    void leave_a_broken_store() {
        crash_after([](segment& s) {
            set_number(s, 2);
            cell(s).broken = 1;
        });
        hook_calls::reset();
    }
};

TEST_F(segment_reader_locks, on_all_lines_cost_an_opener_its_timeout_and_are_named) {
    child reader = read_locker({format::lock_byte::process, std::uint64_t{1} << 20});
    expect_timeout_that_names(reader);
    reader.kill();
    set_number(*open_fake(path_), 3);
}

TEST_F(segment_reader_locks, on_the_gate_cost_an_opener_its_timeout_and_are_named) {
    child reader = read_locker({format::lock_byte::gate, 1});
    expect_timeout_that_names(reader);
    reader.kill();
    set_number(*open_fake(path_), 3);
}

TEST_F(segment_reader_locks, never_stand_for_a_writer_after_a_reboot) {
    leave_a_broken_store();
    child reader = read_locker(between);
    const pretended_boot next("next");
    EXPECT_EQ(error_of([&] { static_cast<void>(open_fake(path_)); }), errc::corrupt);
    EXPECT_EQ(hook_calls::restore, 1);
    EXPECT_TRUE(open_fake(path_, segment_mode::read_only)->unrestored());
}

TEST_F(segment_reader_locks, never_stand_for_a_writer_that_was_killed) {
    crash_after([](segment& s) { s.lock_writer(10s); });
    hook_calls::reset();
    child reader = read_locker(between);
    const auto s = open_fake(path_);
    EXPECT_EQ(hook_calls::recover, 1) << "whoever is alone makes the table anew";
    EXPECT_EQ(s->processes().size(), 1U);
    set_number(*s, 4);
}

TEST_F(segment_reader_locks, keep_no_store_from_being_closed_cleanly) {
    child reader = read_locker(between);
    auto s = open_fake(path_);
    const incarnation_id incarnation = s->incarnation();
    set_number(*s, 3);
    s.reset();
    EXPECT_TRUE(durable_of(path_, incarnation).says_clean());
}

} // namespace
} // namespace holdfast
