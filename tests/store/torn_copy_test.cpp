// A copy that was begun while the store was closed, and ended when somebody had written.
//
// What went wrong: its front said "closed cleanly", so it was believed as it was; but its heap was that of later
// commits. Space that the copied commit used counted as free, or the other way round, and would have been given again.
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "format/geometry.hpp"
#include "support/temporary_store.hpp"

namespace holdfast {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
}

class torn_copy : public testing::TestWithParam<bool> {};

TEST_P(torn_copy, of_a_store_that_was_opened_meanwhile_holds_what_the_close_left) {
    const test::temporary_store file(test::folder_in_memory());
    {
        store first = file.open();
        for (int key = 0; key < 300; ++key) {
            first.put("key " + std::to_string(key), std::string(200, 'a'));
        }
    }
    std::string copy = bytes_of(file.path());
    {
        store later = file.open();
        for (int key = 0; key < 300; key += 2) {
            later.erase("key " + std::to_string(key));
        }
        const bool synced = GetParam();
        if (synced) { // now what the close left is used again
            later.sync();
            for (int key = 0; key < 600; ++key) {
                later.put("new " + std::to_string(key), std::string(300, 'b'));
            }
        }
        const std::string written = bytes_of(file.path());
        copy.resize(format::heap_offset);
        copy += written.substr(format::heap_offset);
    }
    const test::temporary_store other(test::folder_in_memory());
    std::ofstream(other.path(), std::ios::binary) << copy;
    if (GetParam()) {
        test::expect_failure(errc::corrupt, [&] { static_cast<void>(other.open()); });
        return;
    }
    store opened = other.open();
    test::expect_sound(opened);
    EXPECT_EQ(opened.stat().entries, 300U);
    opened.put("further", "write");
    EXPECT_EQ(opened.get("key 42").value().text(), std::string(200, 'a'));
    test::expect_sound(opened);
}

INSTANTIATE_TEST_SUITE_P(later, torn_copy, testing::Bool(),
                         [](const auto& each) { return each.param ? "reused" : "erased"; });

} // namespace
} // namespace holdfast
