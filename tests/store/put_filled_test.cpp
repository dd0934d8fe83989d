// Values that are written to their place by who puts them.
#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

TEST(put_filled, stores_what_was_written) {
    const temporary_store file;
    auto target = file.open();
    for (const std::size_t size : {0U, 1U, 7U, 1023U, 1024U, 40'000U, 5'000'000U}) {
        const std::string expected = patterned(size, size);
        target.update([&](write_transaction& tx) {
            std::size_t calls = 0;
            tx.map().put_filled("k", value_type::bytes, size, [&](std::span<char> place) {
                ++calls;
                ASSERT_EQ(place.size(), size);
                std::copy(expected.begin(), expected.end(), place.begin());
            });
            EXPECT_EQ(calls, 1U);
        });
        EXPECT_EQ(target.get("k")->text(), expected); // verified as it is copied
        EXPECT_EQ(target.get("k")->type(), value_type::bytes);
    }
    EXPECT_TRUE(target.check().empty());
}

TEST(put_filled, changes_nothing_if_it_throws) {
    const temporary_store file;
    auto target = file.open();
    target.put("k", "before");
    EXPECT_THROW(target.update([](write_transaction& tx) {
        tx.map().put_filled("k", value_type::string, 300'000,
                            [](std::span<char>) { throw std::runtime_error("unreadable"); });
    }),
                 std::runtime_error);
    EXPECT_EQ(target.get("k")->text(), "before");
    expect_failure(errc::transaction_failed, [&] {
        auto tx = target.begin_write();
        EXPECT_THROW(tx.map().put_filled("l", value_type::string, 9, [](std::span<char>) { throw 1; }), int);
        std::move(tx).commit();
    });
    EXPECT_TRUE(target.check().empty());
}

TEST(put_filled, is_for_strings_and_bytes) {
    const temporary_store file;
    auto target = file.open();
    expect_failure(errc::invalid_argument, [&] {
        target.update([](write_transaction& tx) {
            tx.map().put_filled("k", value_type::int64, 8, [](std::span<char>) { FAIL(); });
        });
    });
    EXPECT_FALSE(target.get("k"));
}

} // namespace
} // namespace holdfast::test
