// Errors as programs meet them: their codes, and what those equal.
#include <set>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

constexpr int last_code = static_cast<int>(errc::cancelled);

TEST(error, has_a_message_of_its_own_for_each_code) {
    std::set<std::string> messages;
    for (int code = 1; code <= last_code; ++code) {
        messages.insert(error_category().message(code));
    }
    EXPECT_EQ(messages.size(), static_cast<std::size_t>(last_code));
    EXPECT_FALSE(messages.contains("unknown error"));
    EXPECT_EQ(error_category().message(last_code + 1), "unknown error");
}

TEST(error, equals_its_counterpart_of_the_standard_library) {
    const temporary_store place;
    try {
        static_cast<void>(place.open(open_mode::write));
        ADD_FAILURE() << "there was a store";
    } catch (const std::system_error& failure) {
        EXPECT_TRUE(failure.code() == std::errc::no_such_file_or_directory);
        EXPECT_TRUE(failure.code() == errc::not_found);
        EXPECT_FALSE(failure.code() == std::errc::timed_out);
    }
    EXPECT_TRUE(make_error_code(errc::no_space) == std::errc::no_space_on_device);
    EXPECT_TRUE(make_error_code(errc::timed_out) == std::errc::timed_out);
    EXPECT_TRUE(make_error_code(errc::cancelled) == std::errc::operation_canceled);
    EXPECT_TRUE(make_error_code(errc::permission) == std::errc::permission_denied);
    EXPECT_TRUE(make_error_code(errc::nested_write) == std::errc::resource_deadlock_would_occur);
}

TEST(error, equals_no_condition_where_there_is_no_counterpart) {
    for (const errc code : {errc::corrupt, errc::wrong_type, errc::forked, errc::transaction_ended}) {
        const std::error_condition condition = make_error_code(code).default_error_condition();
        EXPECT_EQ(condition.category(), error_category());
        EXPECT_EQ(condition.value(), static_cast<int>(code));
    }
}

} // namespace
} // namespace holdfast::test
