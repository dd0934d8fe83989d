// The mutexes that Boost.Interprocess gets.
#include "segment/mutex_family.hpp"

#include <sys/mman.h>

#include <new>
#include <thread>

#include <boost/date_time/posix_time/posix_time_types.hpp>
#include <boost/interprocess/indexes/null_index.hpp>
#include <boost/interprocess/managed_external_buffer.hpp>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>

#include "fake_store.hpp"

namespace holdfast {
namespace {

using namespace test;
using namespace std::chrono_literals;

class family : public ::testing::Test {
protected:
    family()
        : memory_(::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          mutex_(*::new (memory_) mutex_family::mutex_type) {}
    ~family() override { ::munmap(memory_, 65536); }

    void die_holding_it() {
        EXPECT_EQ(child([&] {
                      mutex_.lock();
                      ::raise(SIGKILL);
                  }).wait(),
                  -SIGKILL);
    }

    void* memory_;
    mutex_family::mutex_type& mutex_;
};

TEST_F(family, locks_and_unlocks) {
    mutex_.lock();
    std::thread([&] {
        EXPECT_FALSE(mutex_.try_lock());
        EXPECT_FALSE(mutex_.timed_lock(std::chrono::steady_clock::now() + 20ms));
        EXPECT_FALSE(mutex_.timed_lock(boost::posix_time::microsec_clock::universal_time() +
                                       boost::posix_time::milliseconds(20)));
    }).join();
    mutex_.unlock();
    EXPECT_TRUE(mutex_.timed_lock(boost::posix_time::ptime(boost::posix_time::pos_infin)));
    mutex_.unlock();
}

TEST_F(family, repairs_first_and_is_consistent_last) {
    die_holding_it();
    int repairs = 0;
    EXPECT_THROW(mutex_.lock([&] {
        ++repairs;
        throw std::runtime_error("not now");
    }),
                 std::runtime_error);
    mutex_.lock([&] { ++repairs; });
    mutex_.unlock();
    mutex_.lock([&] { ++repairs; });
    mutex_.unlock();
    EXPECT_EQ(repairs, 2) << "a failed repair is tried again, a done one is not";
}

TEST_F(family, a_dead_owner_seen_by_try_lock_is_repaired_by_the_next_lock) {
    die_holding_it();
    EXPECT_TRUE(mutex_.try_lock());
    mutex_.unlock();
    int repairs = 0;
    mutex_.lock([&] { ++repairs; });
    mutex_.unlock();
    EXPECT_EQ(repairs, 1);
}

TEST_F(family, serves_a_boost_segment_that_outlives_its_processes) {
    namespace bip = boost::interprocess;
    using manager =
        bip::basic_managed_external_buffer<char, bip::rbtree_best_fit<mutex_family>, bip::null_index>;
    manager segment(bip::create_only, memory_, 65536);
    EXPECT_EQ(child([&] {
                  manager other(bip::open_only, memory_, 65536);
                  static_cast<void>(other.allocate(100));
              }).wait(),
              0);
    void* const block = segment.allocate(1000);
    ASSERT_NE(block, nullptr);
    segment.deallocate(block);
    EXPECT_TRUE(segment.check_sanity());
}

} // namespace
} // namespace holdfast
