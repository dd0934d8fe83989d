// Waiting for one's turn to write ends when it is cancelled, and leaves nothing behind.
#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

class wait_test : public ::testing::Test {
protected:
    void TearDown() override { expect_sound(store_); }

    /// Calls `waits` on a thread while another writes, and cancels it.
    template <class Call>
    void expect_cancelled(Call&& waits) {
        write_transaction open = store_.begin_write();
        const auto start = std::chrono::steady_clock::now();
        std::jthread waiter(
            [&](const std::stop_token& stop) { expect_failure(errc::cancelled, [&] { waits(stop); }); });
        std::this_thread::sleep_for(20ms);
        waiter.request_stop();
        waiter.join();
        EXPECT_LT(std::chrono::steady_clock::now() - start, 20s) << "the timeout is 30 s";
        open.put("whoever writes", "is not disturbed");
        std::move(open).commit();
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_F(wait_test, of_begin_write_can_be_cancelled) {
    expect_cancelled([&](const std::stop_token& stop) { static_cast<void>(store_.begin_write(stop)); });
    EXPECT_TRUE(store_.contains("whoever writes"));
    store_.put("afterwards", "as ever");
}

TEST_F(wait_test, of_update_can_be_cancelled_and_its_function_is_not_called) {
    bool called = false;
    expect_cancelled([&](const std::stop_token& stop) {
        store_.update([&](write_transaction&) { called = true; }, stop);
    });
    EXPECT_FALSE(called);
}

// Single operations could not be cancelled at all.
TEST_F(wait_test, of_single_operations_can_be_cancelled_and_nothing_changes) {
    store_.put("key", 1);
    typed_map<std::string, std::int64_t> numbers = store_.map<std::string, std::int64_t>("numbers");
    numbers.put("one", 1);
    expect_cancelled([&](const std::stop_token& stop) { store_.put("key", 2, {}, stop); });
    expect_cancelled([&](const std::stop_token& stop) { store_.erase("key", stop); });
    expect_cancelled([&](const std::stop_token& stop) { numbers.put("one", 2, {}, stop); });
    expect_cancelled([&](const std::stop_token& stop) { numbers.erase("one", stop); });
    expect_cancelled([&](const std::stop_token& stop) { static_cast<void>(numbers.take("one", stop)); });
    expect_cancelled([&](const std::stop_token& stop) { numbers.add("one", 1, stop); });
    expect_cancelled([&](const std::stop_token& stop) { numbers.compare_exchange("one", 1, 2, stop); });
    expect_cancelled([&](const std::stop_token& stop) {
        numbers.modify(
            "one", [](std::int64_t& number) { ++number; }, stop);
    });
    EXPECT_EQ(store_.get<int>("key"), 1);
    EXPECT_EQ(numbers.get("one"), 1);
}

TEST_F(wait_test, is_not_cancelled_where_there_is_none) {
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(store_.update([](write_transaction& transaction) { return transaction.put("key", 1); },
                            source.get_token()),
              put_outcome::inserted);
}

TEST_F(wait_test, ends_at_once_where_it_was_cancelled_before) {
    std::stop_source source;
    source.request_stop();
    const write_transaction open = store_.begin_write();
    std::jthread([&] {
        expect_failure(errc::cancelled, [&] { static_cast<void>(store_.begin_write(source.get_token())); });
    }).join();
}

} // namespace
} // namespace holdfast::test
