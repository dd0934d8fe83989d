// The one ordering that no kill can break: a reclaiming writer's barrier, without which a reader's pin may still be
// in its processor's store buffer when the writer looks for pins.
//
// In the engine as a whole a commit and the next writer's look at the pins are farther apart, and no way was found
// to make
// the campaign itself fail without the barrier: this test brings the two close together.
//
// Reader and writer are two processes on two processors. Each round, the reader pins the newest commit and looks at
// the head once more, as every look-up does; the writer publishes the next commit and reads the pins, as reclaiming
// does. If the reader found the old head, the writer must have seen its pin: else it would free what the reader reads.
// Before it pins, the reader stores to memory that is in no cache, as any program may, so that its pin has to queue.
#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "os/failpoint.hpp"
#include "os/fence.hpp"
#include "process.hpp"
#include "random.hpp"
#include "segment/segment.hpp"
#include "support/temporary_store.hpp"
#include "transaction/engine.hpp"

namespace holdfast::crash {
namespace {

struct rendezvous {
    alignas(64) std::atomic<std::uint64_t> ready{0};     ///< round that the reader is prepared for
    alignas(64) std::atomic<std::uint64_t> started{0};   ///< by the writer
    alignas(64) std::atomic<std::uint64_t> answered{0};  ///< the reader has pinned and looked
    alignas(64) std::atomic<std::uint64_t> seen_head{0}; ///< what it saw
    alignas(64) std::atomic<std::uint64_t> looked{0};    ///< the writer has read the pins
    alignas(64) std::atomic<bool> stop{false};
};

void stay_on_processor(int number) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(number, &set);
    static_cast<void>(::sched_setaffinity(0, sizeof set, &set));
}

std::shared_ptr<segment> open_segment(const std::filesystem::path& path) {
    segment_options options;
    options.hooks = engine_hooks();
    return segment::open(path, options);
}

/// As a word: this is about the order of a store and a load, whatever they mean.
std::uint64_t& head_word(const segment& file) {
    return reinterpret_cast<format::heads*>(file.base() + format::heads_offset)->visible.word;
}

std::uint64_t newest(const segment& file) {
    return std::atomic_ref(head_word(file)).load(std::memory_order_acquire);
}

/// Waits until a word of the other side has come to this round; false: it has given up.
bool reached(const std::atomic<std::uint64_t>& word, std::uint64_t round, const rendezvous& meeting) {
    while (word.load(std::memory_order_acquire) < round) {
        if (meeting.stop.load(std::memory_order_relaxed)) {
            return false;
        }
    }
    return true;
}

constexpr std::size_t cold_bytes = std::size_t{64} << 20;

int pin_round_by_round(const std::filesystem::path& path, rendezvous& meeting) {
    stay_on_processor(1);
    const auto file = open_segment(path);
    const reader_slot slot = file->claim_slot();
    auto* const cold = static_cast<volatile char*>(share_memory(cold_bytes));
    random_source random(1);
    for (std::size_t at = 0; at < cold_bytes; at += 4096) {
        cold[at] = 1; // there must be a page, or the store takes a fault, which drains the buffer
    }
    for (std::uint64_t round = 1;; ++round) {
        std::array<std::size_t, 24> places{};
        for (std::size_t& place : places) {
            place = random.below(cold_bytes / 64) * 64;
        }
        meeting.ready.store(round);
        if (!reached(meeting.started, round, meeting)) {
            return 0;
        }
        const std::uint64_t head = newest(*file);
        for (const std::size_t place : places) {
            cold[place] = 2;
        }
        os::publish_pin(*slot.pin, head, std::atomic_ref(file->control().fenced));
        meeting.seen_head.store(newest(*file), std::memory_order_relaxed);
        meeting.answered.store(round, std::memory_order_release);
        if (!reached(meeting.looked, round, meeting)) {
            return 0;
        }
        slot.pin->store(0);
    }
}

struct outcome {
    std::uint64_t rounds = 0;
    std::uint64_t close = 0;  ///< the reader found the commit before
    std::uint64_t missed = 0; ///< … and the writer did not see its pin
    bool fenced = false;
};

/// Until so much time has passed, or enough pins were missed.
outcome play(std::chrono::seconds time_max) {
    const test::temporary_store place;
    const auto file = open_segment(place.path());
    const shared<rendezvous> meeting;
    child reader = child::start([&] { return pin_round_by_round(place.path(), *meeting); },
                                [&](const std::string& what) {
                                    std::fprintf(stderr, "reader: %s\n", what.c_str());
                                    meeting->stop.store(true);
                                });
    stay_on_processor(0);
    const auto until = std::chrono::steady_clock::now() + time_max;
    outcome seen;
    random_source random(2);
    const auto patience = until + std::chrono::seconds(60); // on a busy machine few rounds are close
    for (std::uint64_t round = 1; seen.missed < 10; ++round) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= patience || (now >= until && seen.close != 0)) {
            break;
        }
        if (!reached(meeting->ready, round, *meeting)) {
            break;
        }
        const std::uint64_t before = newest(*file);
        meeting->started.store(round, std::memory_order_release);
        for (std::uint64_t wait = random.below(400); wait > 0; --wait) {
            std::atomic_signal_fence(std::memory_order_seq_cst);
        }
        // A commit, and the next writer's reclaiming.
        std::atomic_ref(head_word(*file)).store(before + 1, std::memory_order_release);
        std::atomic_thread_fence(std::memory_order_seq_cst); // as releasing and taking the writer lock
        if (protocol_order("reclaim.barrier")) {
            file->reader_barrier();
        }
        const bool pinned = !file->pins().empty();
        meeting->looked.store(round, std::memory_order_release);
        if (!reached(meeting->answered, round, *meeting)) {
            break;
        }
        const bool old_head = meeting->seen_head.load(std::memory_order_relaxed) == before;
        ++seen.rounds;
        seen.close += old_head ? 1 : 0;
        seen.missed += old_head && !pinned ? 1 : 0;
    }
    meeting->stop.store(true);
    seen.fenced = file->control().fenced != 0;
    static_cast<void>(reader.wait(std::chrono::seconds(10)));
    return seen;
}

class barrier : public testing::Test {
protected:
    void SetUp() override {
        if (std::thread::hardware_concurrency() < 2) {
            GTEST_SKIP() << "needs two processors";
        }
        ::sched_getaffinity(0, sizeof before_, &before_);
    }
    void TearDown() override {
        arm_failpoints("");
        ::sched_setaffinity(0, sizeof before_, &before_);
    }

private:
    cpu_set_t before_{};
};

TEST_F(barrier, shows_every_pin) {
    const outcome seen = play(std::chrono::seconds(3));
    EXPECT_GT(seen.close, 0U) << "of " << seen.rounds << " rounds none was close enough to say anything";
    EXPECT_EQ(seen.missed, 0U) << "of " << seen.close;
}

TEST_F(barrier, is_needed) {
    arm_failpoints("reclaim.barrier=off");
    const outcome seen = play(std::chrono::seconds(20));
    if (seen.fenced) {
        GTEST_SKIP() << "the kernel refuses membarrier, so readers fence themselves";
    }
    EXPECT_GT(seen.missed, 0U) << "in " << seen.rounds << " rounds, of which " << seen.close << " were close";
}

} // namespace
} // namespace holdfast::crash
