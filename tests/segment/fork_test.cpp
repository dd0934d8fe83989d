// fork, exec, and one mapping a process.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <thread>
#include <vector>

#include "fake_store.hpp"
#include "os/byte_lock.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

class segment_fork : public segment_test {
protected:
    /// Whether somebody has the store open for writing, asked with another descriptor.
    [[nodiscard]] bool attached() const {
        os::file f;
        std::optional<os::byte_range> holder;
        EXPECT_EQ(f.open(path_, true), 0);
        EXPECT_EQ(os::find_lock(f, os::lock_mode::exclusive, {format::lock_byte::process + 1, 1000}, holder),
                  0);
        return holder.has_value();
    }
};

TEST_F(segment_fork, the_childs_handles_are_forked_and_the_parents_work_on) {
    auto s = open_fake(path_);
    const reader_slot slot = s->claim_slot();
    slot.pin->store(1);
    s->lock_writer(1s);
    EXPECT_EQ(child([&] {
                  const bool right = s->forked() && error_of([&] { s->expect_usable(); }) == errc::forked &&
                                     error_of([&] { s->lock_writer(1s); }) == errc::forked &&
                                     error_of([&] { static_cast<void>(s->claim_slot()); }) == errc::forked &&
                                     error_of([&] { static_cast<void>(s->pins()); }) == errc::forked &&
                                     error_of([&] { s->reap(); }) == errc::forked &&
                                     error_of([&] { s->ensure_allocated(1); }) == errc::forked &&
                                     error_of([&] { s->pin_by_lock(txn_id{1}); }) == errc::forked &&
                                     error_of([&] { static_cast<void>(s->file_bytes()); }) == errc::forked;
                  s->unlock_writer();
                  s->release_slot(slot);
                  s.reset();
                  ::_exit(right ? 0 : 2);
              }).wait(),
              0);
    EXPECT_TRUE(attached());
    EXPECT_TRUE(s->writing_here());
    EXPECT_FALSE(s->forked());
    EXPECT_EQ(slot.pin->load(), 1U) << "the child released nothing of its parent's";
    EXPECT_EQ(s->pins().size(), 1U);
    s->unlock_writer();
    set_number(*s, 3);
}

TEST_F(segment_fork, a_child_opens_the_store_for_itself) {
    const auto s = open_fake(path_);
    EXPECT_EQ(child([&] {
                  const auto mine = open_fake(path_);
                  set_number(*mine, 8);
                  ::_exit(mine != s && mine->processes().size() == 2 ? 0 : 2);
              }).wait(),
              0);
    EXPECT_EQ(cell(*s).value, 8U);
}

// What a child inherits must not keep its dead parent attached: neither the mapping nor a descriptor.
TEST_F(segment_fork, a_child_that_lives_on_keeps_no_lock_of_its_dead_parent) {
    for (const char* how : {"", "os.reopen=fail", "os.keep_by_mapping=fail"}) {
        signal_pipe ready;
        signal_pipe end;
        child parent([&] {
            arm_failpoints(how);
            const auto s = open_fake(path_);
            const auto reader = open_fake(path_, segment_mode::read_only);
            reader->pin_by_lock(txn_id{1});
            if (::fork() == 0) {
                ready.send();
                end.wait();
                ::_exit(0);
            }
            ::pause();
        });
        ready.wait();
        EXPECT_TRUE(attached());
        parent.kill();
        EXPECT_FALSE(attached());
        const auto s = open_fake(path_);
        EXPECT_EQ(s->processes().size(), 1U);
        EXPECT_TRUE(s->pins().empty());
        end.send();
    }
}

TEST_F(segment_fork, a_pointer_from_before_faults_in_the_child) {
    const auto s = open_fake(path_);
    set_number(*s, 5);
    EXPECT_EQ(child([&] {
                  ::signal(SIGSEGV, SIG_DFL);
                  cell(*s).value = 9;
              }).wait(),
              -SIGSEGV);
    EXPECT_EQ(cell(*s).value, 5U);
}

// The child may have mapped something else at the addresses that its parent's handle had.
TEST_F(segment_fork, the_end_of_an_inherited_handle_unmaps_nothing_of_the_childs) {
    auto s = open_fake(path_);
    void* const address = s->base();
    EXPECT_EQ(child([&] {
                  void* const own = ::mmap(address, 1 << 20, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
                  s.reset();
                  *static_cast<volatile char*>(own) = 1;
                  ::_exit(own == address ? 0 : 2);
              }).wait(),
              0);
    set_number(*open_fake(path_), 3);
}

// A raw clone runs no handlers, so the child's descriptors stay open; the wiped page tells it all the same.
TEST_F(segment_fork, a_child_without_handlers_is_forked_and_keeps_no_dead_writer_alive) {
    signal_pipe ready;
    signal_pipe end;
    const auto s = open_fake(path_);
    set_number(*s, 5);
    child parent([&] {
        const auto mine = open_fake(path_);
        mine->lock_writer(10s);
        if (::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) {
            if (!mine->forked()) {
                ::_exit(2);
            }
            ready.send();
            end.wait();
            ::_exit(0);
        }
        ::pause();
    });
    ready.wait();
    parent.kill();
    set_number(*s, 6);
    end.send();
}

TEST_F(segment_fork, a_new_program_image_is_detached) {
    signal_pipe started;
    child executed([&] {
        const auto s = open_fake(path_);
        s->lock_writer(1s);
        started.send();
        ::execl("/bin/sleep", "sleep", "100", nullptr);
    });
    started.wait();
    EXPECT_TRUE(eventually([&] { return !attached(); }));
    set_number(*open_fake(path_), 3);
    executed.kill();
}

TEST_F(segment_fork, forks_beside_opening_threads_leave_no_lock_behind) {
    static_cast<void>(open_fake(path_));
    std::atomic<bool> stop{false};
    std::vector<std::thread> openers;
    for (int i = 0; i < 2; ++i) {
        openers.emplace_back([&] {
            while (!stop) {
                static_cast<void>(open_separate(path_));
            }
        });
    }
    signal_pipe end;
    std::vector<child> children;
    for (int i = 0; i < 50; ++i) {
        children.emplace_back([&] { end.wait(); });
    }
    stop = true;
    for (std::thread& opener : openers) {
        opener.join();
    }
    EXPECT_FALSE(attached()) << "the children still live, with what they inherited";
    set_number(*open_fake(path_), 3);
    for (child& one : children) {
        one.kill();
    }
}

// --- The registry -----------------------------------------------------------------------------------------

TEST_F(segment_fork, a_process_has_one_mapping_of_a_file_whatever_its_name) {
    const auto s = open_fake(path_);
    std::filesystem::create_hard_link(path_, folder_ / "alias");
    EXPECT_EQ(open_fake(path_), s);
    EXPECT_EQ(open_fake(folder_ / "alias"), s);
    EXPECT_EQ(s->processes().size(), 1U);
    const auto reader = open_fake(path_, segment_mode::read_only);
    EXPECT_NE(reader, s);
    EXPECT_EQ(open_fake(path_, segment_mode::read_only), reader);
    EXPECT_NE(open_separate(path_), s);
}

TEST_F(segment_fork, threads_that_open_and_close_at_once_always_get_a_whole_segment) {
    static_cast<void>(open_fake(path_));
    std::vector<std::thread> threads;
    std::atomic<int> sum{0};
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 50; ++round) {
                const auto s = open_fake(path_);
                if (s->processes().size() == 1) {
                    ++sum;
                }
                set_number(*s, 1);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(sum, 200);
    EXPECT_EQ(visible(*open_fake(path_)), 201U);
}

TEST_F(segment_fork, a_failed_opening_leaves_the_file_free_to_be_opened) {
    static_cast<void>(open_fake(path_));
    arm_failpoints("os.map=fail:EIO@1");
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc::io_error);
    EXPECT_FALSE(attached());
    EXPECT_EQ(error_of([&] { open_fake(path_); }), errc{});
}

} // namespace
} // namespace holdfast
