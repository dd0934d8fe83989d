// A store of one number, to test the segment without the layers above it.
//
// A transaction writes `running`, then `value`, then publishes a commit and clears `running`; recovery undoes a
// value whose transaction was not published. Verification refuses a store whose `broken` word is set.
#pragma once

#include <atomic>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <holdfast/error.hpp>

#include "../os/children.hpp"
#include "format/heap.hpp"
#include "os/failpoint.hpp"
#include "segment/durable.hpp"
#include "segment/segment.hpp"

namespace holdfast::test {

struct number_cell {
    std::uint64_t value;
    std::uint64_t before;  ///< the value to go back to
    std::uint64_t running; ///< the transaction that is changing it; 0: none
    std::uint64_t broken;
};

/// How often the hooks were called in this process.
struct hook_calls {
    static inline std::atomic<int> format_new{0};
    static inline std::atomic<int> recover{0};
    static inline std::atomic<int> restore{0};
    static inline std::atomic<int> verify{0};
    static inline std::atomic<bool> recover_fails{false};
    static void reset() { format_new = recover = restore = verify = 0; }
};

inline number_cell& cell(segment& s) {
    return *reinterpret_cast<number_cell*>(s.base() + format::heap_offset + 4096);
}

inline void publish(segment& s, std::uint64_t txn) {
    format::commit_slot slot{};
    slot.txn = txn;
    slot.end_bytes = segment_initial_bytes;
    if (txn == 1) {
        s.commits().format(slot);
    } else {
        s.commits().publish(slot);
    }
}

inline std::uint64_t visible(segment& s) { return raw(s.commits().visible().number()); }

inline void format_fake(segment& s) {
    ++hook_calls::format_new;
    auto& heap = *reinterpret_cast<format::heap_header*>(s.base() + format::heap_header_offset);
    heap.magic = format::heap_magic;
    heap.end_blocks = segment_initial_bytes / format::block_bytes;
    publish(s, 1);
}

inline void recover_fake(segment& s) {
    ++hook_calls::recover;
    if (hook_calls::recover_fails) {
        throw error(errc::corrupt, "the fake recovery was told to fail");
    }
    number_cell& c = cell(s);
    if (c.running == 0) {
        return;
    }
    if (c.running > visible(s)) {
        c.value = c.before;
        std::atomic_ref(s.control().recoveries).fetch_add(1);
    }
    failpoint("fake.recovering");
    c.running = 0;
}

inline void refuse_if_broken(segment& s) {
    if (cell(s).broken != 0) {
        throw error(errc::corrupt, "the fake store is broken");
    }
}

inline void restore_fake(segment& s, const durable_state&, bool) {
    ++hook_calls::restore;
    number_cell& c = cell(s);
    if (c.running > visible(s)) {
        c.value = c.before;
    }
    c.running = 0;
    refuse_if_broken(s);
}

inline void verify_fake(segment& s) {
    ++hook_calls::verify;
    refuse_if_broken(s);
}

inline segment_options fake_options(segment_mode mode = segment_mode::create) {
    segment_options options;
    options.mode = mode;
    options.timeout = std::chrono::seconds(20);
    options.hooks = {format_fake, recover_fake, restore_fake, verify_fake};
    return options;
}

inline std::shared_ptr<segment> open_fake(const std::filesystem::path& path,
                                          segment_mode mode = segment_mode::create) {
    return segment::open(path, fake_options(mode));
}

/// As another process would: its own mapping and locks.
inline std::shared_ptr<segment> open_separate(const std::filesystem::path& path,
                                              segment_mode mode = segment_mode::create) {
    segment_options options = fake_options(mode);
    options.separate_mapping = true;
    return segment::open(path, options);
}

/// One transaction.
inline void set_number(segment& s, std::uint64_t value) {
    s.lock_writer(std::chrono::seconds(20));
    number_cell& c = cell(s);
    const std::uint64_t txn = visible(s) + 1;
    c.before = c.value;
    std::atomic_ref(c.running).store(txn);
    failpoint("fake.running");
    std::atomic_ref(c.value).store(value);
    failpoint("fake.written");
    publish(s, txn);
    failpoint("fake.published");
    std::atomic_ref(c.running).store(0);
    s.unlock_writer();
}

/// The error code of what `work` throws; 0: nothing.
template <class Work>
errc error_of(Work&& work, std::string* message = nullptr) {
    try {
        work();
    } catch (const error& problem) {
        if (message != nullptr) {
            *message = problem.what();
        }
        EXPECT_EQ(std::string(problem.what()).find('\n'), std::string::npos);
        return problem.reason();
    }
    return errc{};
}

/// What the durable slots of a file say, read behind the back of everybody.
inline durable_state durable_of(const std::filesystem::path& path, const incarnation_id& incarnation) {
    os::file f;
    durable_state state;
    EXPECT_EQ(f.open(path, false), 0);
    EXPECT_EQ(read_durable(f, incarnation, state), 0);
    return state;
}

/// Overwrites bytes of a file.
inline void patch(const std::filesystem::path& path, std::uint64_t offset, const void* bytes,
                  std::size_t size) {
    os::file f;
    ASSERT_EQ(f.open(path, true), 0);
    ASSERT_EQ(f.write_at(bytes, size, offset), 0);
}

/// Pretends a reboot between two openings, in this process and its children.
class pretended_boot final {
public:
    explicit pretended_boot(const char* id) { ::setenv("HOLDFAST_TEST_BOOT_ID", id, 1); }
    ~pretended_boot() { ::unsetenv("HOLDFAST_TEST_BOOT_ID"); }
    pretended_boot(const pretended_boot&) = delete;
    pretended_boot& operator=(const pretended_boot&) = delete;
};

class segment_test : public ::testing::Test {
protected:
    segment_test() { hook_calls::reset(); }
    ~segment_test() override {
        hook_calls::recover_fails = false;
        arm_failpoints("");
    }
    /// Opens the store in a child that does `work` and dies by SIGKILL with the store open.
    void crash_after(const std::function<void(segment&)>& work) const {
        EXPECT_EQ(child([&] {
                      const auto s = open_fake(path_);
                      work(*s);
                      ::raise(SIGKILL);
                  }).wait(),
                  -SIGKILL);
    }

    temporary_folder folder_;
    std::filesystem::path path_ = folder_ / "store.hf";
};

} // namespace holdfast::test
