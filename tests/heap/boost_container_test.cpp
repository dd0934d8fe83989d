// Boost's containers and segment manager over the algorithm of an arena.
#include <cstdint>
#include <functional>
#include <string>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/list.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/containers/vector.hpp>

#include "boost_fixture.hpp"

namespace holdfast::test {
namespace {

namespace bi = boost::interprocess;

template <class T>
using allocator_of = bi::allocator<T, boost_segment_manager>;
using shared_string = bi::basic_string<char, std::char_traits<char>, allocator_of<char>>;
using shared_vector = bi::vector<std::uint64_t, allocator_of<std::uint64_t>>;
using shared_list = bi::list<shared_string, allocator_of<shared_string>>;
using shared_map = bi::map<std::uint32_t, shared_string, std::less<>,
                           allocator_of<std::pair<const std::uint32_t, shared_string>>>;

class boost_container : public testing::Test {
protected:
    boost_container() { heap::format(memory_, initial_end_bytes); }

    memory_backing memory_{std::uint64_t{1} << 30, initial_end_bytes};
    arena_owner owner_{memory_};
    boost_segment_manager manager_{4096};
    /// The algorithm is the first base of the segment manager; Boost 1.74 has no way to ask for it.
    heap_algorithm& algorithm_ = reinterpret_cast<heap_algorithm&>(manager_);
    owner_registration registration_{&algorithm_, owner_};
};

TEST_F(boost_container, all_kinds_live_in_an_arena_and_give_everything_back) {
    constexpr std::uint64_t entries = 2'000;
    {
        shared_vector numbers(&manager_);
        shared_list texts(&manager_);
        shared_map names(&manager_);
        for (std::uint64_t i = 0; i < entries; ++i) {
            numbers.push_back(i * i);
            texts.push_back(shared_string(("text " + std::to_string(i)).c_str(), &manager_));
            names.emplace(static_cast<std::uint32_t>(i * 7919 % 10'007),
                          shared_string(std::string(i % 300, 'x').c_str(), &manager_));
        }
        std::uint64_t i = 0;
        for (const shared_string& text : texts) {
            ASSERT_EQ(text.c_str(), "text " + std::to_string(i++));
        }
        for (i = 0; i < entries; ++i) {
            ASSERT_EQ(numbers[i], i * i);
            ASSERT_EQ(names.find(static_cast<std::uint32_t>(i * 7919 % 10'007))->second.size(), i % 300);
        }
        EXPECT_FALSE(algorithm_.all_memory_deallocated());
        EXPECT_TRUE(algorithm_.check_sanity());
    }
    EXPECT_TRUE(algorithm_.all_memory_deallocated());
    EXPECT_TRUE(algorithm_.check_sanity());
}

TEST_F(boost_container, the_segment_managers_mutex_can_be_taken) {
    bool called = false;
    const auto note = [&] { called = true; };
    manager_.atomic_func(note);
    EXPECT_TRUE(called);
}

TEST(heap_algorithm, gives_nothing_where_nobody_owns_the_arena) {
    heap_algorithm orphan(0, 0);
    EXPECT_EQ(orphan.allocate(100), nullptr);
    EXPECT_EQ(orphan.get_size(), 0U);
    EXPECT_TRUE(orphan.check_sanity());
}

} // namespace
} // namespace holdfast::test
