// Random transactions against a model: objects never overlap, aborts restore the accounts bit by bit.
#include <cstring>
#include <map>
#include <random>
#include <vector>

#include "fixture.hpp"

namespace holdfast::test {
namespace {

using format::block_owner;

/// What the model knows of an object; the bytes of each object say whose it is, at both ends.
struct known_object {
    std::uint64_t size;
    std::uint64_t stamp;
    block_owner owner;
};
using object_map = std::map<std::uint64_t, known_object>; ///< by offset

class model_test : public heap_test {
protected:
    model_test() : heap_test(std::uint64_t{2} << 30) {}

    void run(std::uint64_t seed, std::uint64_t operations, std::uint64_t live_max) {
        random_.seed(seed);
        std::uint64_t done = 0;
        for (std::uint64_t transaction = 0; done < operations; ++transaction) {
            user_.begin();
            const account_image before(user_.heap());
            const object_map objects_before = objects_;
            const std::uint64_t length = 1 + random_() % (random_() % 50 == 0 ? 3000 : 200);
            for (std::uint64_t i = 0; i < length && !HasFatalFailure(); ++i) {
                step(live_max);
            }
            ASSERT_FALSE(HasFatalFailure());
            done += length;
            if (random_() % 3 == 0) {
                user_.abort();
                ASSERT_EQ(before.first_difference(), 0U) << "transaction " << transaction;
                objects_ = objects_before;
                for (const auto& [offset, object] : objects_) {
                    stamp(offset, object); // freed ones may be overwritten
                }
            } else {
                user_.commit();
            }
            if (transaction % 500 == 0) {
                compare();
            }
        }
        compare();
    }

private:
    void step(std::uint64_t live_max) {
        const bool full = objects_.size() > live_max;
        if (objects_.empty() || random_() % 100 < (full ? 30 : 55)) {
            allocate_one();
        } else {
            free_one();
        }
    }

    [[nodiscard]] std::uint64_t random_size() {
        switch (random_() % 32) {
        case 0:
            return random_() % (256 * 1024);
        case 1:
        case 2:
            return 8192 + random_() % 40'000;
        case 3:
            return std::uint64_t{1} << random_() % 17;
        case 4:
        case 5:
        case 6:
            return random_() % 8193;
        default:
            return 40 + random_() % 600;
        }
    }

    void allocate_one() {
        const std::uint64_t size = random_size();
        const auto owner = random_() % 4 == 0 ? block_owner::arena : block_owner::tree;
        const ref place = user_.heap().allocate(size, owner);
        const std::uint64_t begin = place.offset();
        const std::uint64_t usable = user_.heap().size_of(place);
        ASSERT_GE(usable, size);
        ASSERT_GE(begin, format::heap_offset);
        ASSERT_LE(begin + usable, user_.heap().end_bytes());
        const auto after = objects_.lower_bound(begin);
        ASSERT_TRUE(after == objects_.end() || begin + usable <= after->first);
        ASSERT_TRUE(after == objects_.begin() ||
                    std::prev(after)->first + std::prev(after)->second.size <= begin);
        const known_object made{usable, ++stamps_, owner};
        objects_.emplace(begin, made);
        stamp(begin, made);
    }

    void free_one() {
        auto victim = objects_.lower_bound(format::heap_offset +
                                           random_() % (user_.heap().end_bytes() - format::heap_offset));
        if (victim == objects_.end()) {
            victim = objects_.begin();
        }
        const auto& [offset, object] = *victim;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        std::memcpy(&first, user_.heap().base() + offset, 8);
        std::memcpy(&last, user_.heap().base() + offset + object.size - 8, 8);
        ASSERT_EQ(first, object.stamp) << "an object was overwritten";
        ASSERT_EQ(last, object.stamp) << "an object was overwritten";
        ASSERT_EQ(user_.heap().free(ref::from_offset(offset)), object.size);
        objects_.erase(victim);
    }

    void stamp(std::uint64_t offset, const known_object& object) {
        std::memcpy(user_.heap().base() + offset, &object.stamp, 8);
        std::memcpy(user_.heap().base() + offset + object.size - 8, &object.stamp, 8);
    }

    /// The heap holds exactly what the model holds, and its reserve.
    void compare() {
        const heap_report report = check_heap(user_.heap());
        for (const std::string& finding : report.findings) {
            ADD_FAILURE() << finding;
        }
        const std::uint64_t reserve = user_.heap().header().reserve_block * format::block_bytes;
        std::map<std::uint64_t, heap_object> expected;
        for (const auto& [offset, object] : objects_) {
            expected[offset] = {object.size, object.owner};
        }
        if (reserve != 0) {
            expected[reserve] = report.objects.at(reserve);
        }
        ASSERT_EQ(report.objects, expected);
    }

    std::mt19937_64 random_;
    object_map objects_;
    std::uint64_t stamps_ = 0;
};

TEST_F(model_test, a_million_random_operations_on_few_objects) { run(1, 700'000 / effort_divisor, 400); }

TEST_F(model_test, a_million_random_operations_on_many_objects) { run(2, 300'000 / effort_divisor, 6'000); }

} // namespace
} // namespace holdfast::test
