// Boost's containers in a store: they outlive processes, and are found at other addresses and by Boost's own means.
#include <sys/mman.h>

#include <cstring>
#include <functional>
#include <string>

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/list.hpp>
#include <boost/interprocess/containers/map.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/containers/vector.hpp>
#include <boost/interprocess/managed_mapped_file.hpp>

#include "boost_fixture.hpp"
#include "support/child.hpp"

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

/// All of them, one object in the file.
struct collection {
    explicit collection(boost_segment_manager* manager)
        : numbers(manager), texts(manager), names(manager), title(manager) {}
    shared_vector numbers;
    shared_list texts;
    shared_map names;
    shared_string title;
};

constexpr std::uint64_t entries = 2'000;

collection* make_collection(boost_segment_manager* manager) {
    auto* const made = new (manager->allocate(sizeof(collection))) collection(manager);
    made->title = "a title that is too long to be stored within the string object itself";
    for (std::uint64_t i = 0; i < entries; ++i) {
        made->numbers.push_back(i * i);
        made->texts.push_back(shared_string(numbered("text ", i).c_str(), manager));
        made->names.emplace(static_cast<std::uint32_t>(i * 7919 % 10'007),
                            shared_string(patterned(i % 300, i).c_str(), manager));
    }
    return made;
}

void check_collection(const collection& found) {
    ASSERT_EQ(found.numbers.size(), entries);
    for (std::uint64_t i = 0; i < entries; ++i)
        ASSERT_EQ(found.numbers[i], i * i);
    ASSERT_EQ(found.texts.size(), entries);
    std::uint64_t i = 0;
    for (const shared_string& text : found.texts)
        ASSERT_EQ(text.c_str(), numbered("text ", i++));
    ASSERT_EQ(found.names.size(), entries);
    for (i = 0; i < entries; ++i) {
        ASSERT_STREQ(found.names.find(static_cast<std::uint32_t>(i * 7919 % 10'007))->second.c_str(),
                     patterned(i % 300, i).c_str());
    }
    ASSERT_TRUE(std::string(found.title.c_str()).starts_with("a title"));
}

void expect_right(const collection& found) {
    check_collection(found);
    if (testing::Test::HasFailure())
        throw std::runtime_error("the collection is not what was stored");
}

class boost_container : public testing::Test {
protected:
    /// A process makes the collection, says where it is, and ends.
    void make_in_a_child() {
        ASSERT_EQ(run_child([&] {
                      boost_store store(folder_.path());
                      const collection* const made = make_collection(store.manager());
                      holdfast::store handle = folder_.open();
                      handle.put("offset", value_type::string, std::to_string(store.offset_of(made)));
                      handle.put("address", value_type::string,
                                 std::to_string(reinterpret_cast<std::uintptr_t>(made)));
                  }),
                  child_end::finished);
    }

    [[nodiscard]] std::uint64_t number_at(const char* key) const {
        return std::stoull(std::string(folder_.open().get(key)->text()));
    }

    temporary_store folder_;
};

TEST_F(boost_container, outlives_its_process_and_is_found_at_another_address) {
    ASSERT_NO_FATAL_FAILURE(make_in_a_child());
    const std::uint64_t offset = number_at("offset");
    // Something in the way, so that the file comes to lie elsewhere.
    void* const taken =
        reinterpret_cast<void*>(number_at("address") / 4096 * 4096); // NOLINT: it is an address
    void* const obstacle =
        ::mmap(taken, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    {
        boost_store store(folder_.path());
        auto* const found = reinterpret_cast<collection*>(store.engine().file().base() + offset);
        EXPECT_NE(reinterpret_cast<std::uintptr_t>(found), number_at("address"));
        check_collection(*found);
        // It can be changed, and taken apart.
        found->numbers.push_back(1);
        found->numbers.pop_back();
        found->numbers.shrink_to_fit();
        check_collection(*found);
        EXPECT_FALSE(store.algorithm().all_memory_deallocated());
        found->~collection();
        store.manager()->deallocate(found);
        EXPECT_TRUE(store.algorithm().all_memory_deallocated());
        EXPECT_TRUE(store.algorithm().check_sanity());
    }
    expect_sound(folder_.open());
    ::munmap(obstacle, 4096);
}

TEST_F(boost_container, is_used_by_two_processes_in_turn) {
    ASSERT_NO_FATAL_FAILURE(make_in_a_child());
    const std::uint64_t offset = number_at("offset");
    for (std::uint64_t round = 0; round < 4; ++round) {
        ASSERT_EQ(run_child([&] {
                      boost_store store(folder_.path());
                      auto* const found =
                          reinterpret_cast<collection*>(store.engine().file().base() + offset);
                      if (found->texts.size() != entries + round)
                          throw std::runtime_error("a text is missing");
                      found->texts.push_back(
                          shared_string(numbered("text ", entries + round).c_str(), store.manager()));
                      found->numbers.insert(found->numbers.end(), 5'000, round);
                  }),
                  child_end::finished);
    }
    expect_sound(folder_.open());
}

// --- Boost's own way to open a file -----------------------------------------------------------------------

using mapped_file = bi::basic_managed_mapped_file<char, heap_algorithm, bi::null_index>;

// In a child: the file is mapped a second time, which a process with open stores must not do.
TEST_F(boost_container, is_read_through_a_managed_mapped_file) {
    ASSERT_NO_FATAL_FAILURE(make_in_a_child());
    const std::uint64_t offset = number_at("offset");
    ASSERT_EQ(run_child([&] {
                  const std::string path = folder_.path().string();
                  mapped_file opened(bi::open_read_only, path.c_str());
                  if (opened.get_handle_from_address(opened.get_segment_manager()) != 4096) {
                      throw std::runtime_error("the segment manager is elsewhere");
                  }
                  const auto* const found = static_cast<const collection*>(
                      opened.get_address_from_handle(static_cast<mapped_file::handle_t>(offset)));
                  if (!opened.belongs_to_segment(found))
                      throw std::runtime_error("the object is not in the segment");
                  // The heap may end before the file does.
                  if (opened.get_size() > std::filesystem::file_size(path))
                      throw std::runtime_error("a wrong size");
                  if (opened.get_free_memory() >= opened.get_size())
                      throw std::runtime_error("a wrong free size");
                  expect_right(*found);
              }),
              child_end::finished);
}

TEST_F(boost_container, can_not_grow_where_the_file_is_mapped_without_the_store) {
    ASSERT_NO_FATAL_FAILURE(make_in_a_child());
    const std::uint64_t offset = number_at("offset");
    ASSERT_EQ(run_child([&] {
                  const std::string path = folder_.path().string();
                  mapped_file opened(bi::open_only, path.c_str());
                  if (opened.allocate(100, std::nothrow) != nullptr)
                      throw std::runtime_error("it was allocated");
                  auto* const found = static_cast<collection*>(
                      opened.get_address_from_handle(static_cast<mapped_file::handle_t>(offset)));
                  try {
                      found->texts.push_back(shared_string(opened.get_segment_manager()));
                      throw std::runtime_error("it has grown");
                  } catch (const bi::bad_alloc&) {
                      expect_right(*found);
                  }
                  if (!opened.check_sanity())
                      throw std::runtime_error("not sound");
              }),
              child_end::finished);
    expect_sound(folder_.open());
}

TEST_F(boost_container, is_changed_privately_through_a_copy_on_write_mapping) {
    ASSERT_NO_FATAL_FAILURE(make_in_a_child());
    const std::uint64_t offset = number_at("offset");
    ASSERT_EQ(run_child([&] {
                  const std::string path = folder_.path().string();
                  mapped_file opened(bi::open_copy_on_write, path.c_str());
                  auto* const found = static_cast<collection*>(
                      opened.get_address_from_handle(static_cast<mapped_file::handle_t>(offset)));
                  expect_right(*found);
                  found->numbers[0] = 77;
              }),
              child_end::finished);
    boost_store store(folder_.path());
    check_collection(*reinterpret_cast<collection*>(store.engine().file().base() + offset));
}

TEST_F(boost_container, the_page_is_made_anew_when_it_is_of_another_boot) {
    {
        boost_store store(folder_.path());
        (void)store.manager();
        auto& header = *reinterpret_cast<format::heap_header*>(store.engine().file().base() +
                                                               format::heap_header_offset);
        header.boost_stamp ^= std::uint64_t{1} << 40;
        std::memset(store.engine().file().base() + format::boost_segment_offset, 0xFF,
                    sizeof(boost_segment_manager));
    }
    boost_store store(folder_.path());
    EXPECT_TRUE(store.algorithm().check_sanity());
    void* const object = store.manager()->allocate(100);
    store.manager()->deallocate(object);
    bool called = false;
    const auto note = [&] { called = true; };
    store.manager()->atomic_func(note); // takes the mutex of the page
    EXPECT_TRUE(called);
}

TEST_F(boost_container, a_page_of_another_layout_is_replaced_by_who_is_alone_only) {
    boost_store store(folder_.path());
    auto& header =
        *reinterpret_cast<format::heap_header*>(store.engine().file().base() + format::heap_header_offset);
    header.boost_stamp ^= 1;
    segment_options separate;
    separate.separate_mapping = true;
    {
        const std::shared_ptr<engine> other = engine::open(folder_.path(), separate);
        expect_failure(errc::unsupported, [&] { (void)store.manager(); });
    }
    EXPECT_TRUE(store.algorithm().check_sanity());
}

} // namespace
} // namespace holdfast::test
