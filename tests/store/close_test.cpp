// Closing says what it could not do, ends the handle, and nothing but the handle.
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "os/failpoint.hpp"
#include "support/child.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

class close_test : public ::testing::Test {
protected:
    void SetUp() override { store_.put("key", "value"); }
    void TearDown() override {
        arm_failpoints("");
        const holdfast::store again = place_.open();
        EXPECT_EQ(again.get("key")->text(), "value");
        expect_sound(again);
    }

    temporary_store place_;
    holdfast::store store_ = place_.open();
};

TEST_F(close_test, makes_every_call_of_the_handle_and_its_maps_an_error) {
    auto numbers = store_.map<std::string, int>("numbers");
    numbers.put("one", 1);
    const auto reader = std::as_const(store_).map<std::string, int>("numbers");
    store_.close();
    const auto expect_closed = [](auto&& call) { expect_failure(errc::closed, call); };
    expect_closed([&] { store_.put("key", 1); });
    expect_closed([&] { store_.erase("key"); });
    expect_closed([&] { static_cast<void>(store_.get("key")); });
    expect_closed([&] { static_cast<void>(store_.get<std::string>("key")); });
    expect_closed([&] { static_cast<void>(store_.contains("key")); });
    expect_closed([&] { static_cast<void>(store_.map<std::string, int>("numbers")); });
    expect_closed([&] { store_.update([](write_transaction&) {}); });
    expect_closed([&] { static_cast<void>(store_.begin_write()); });
    expect_closed([&] { static_cast<void>(store_.snapshot()); });
    expect_closed([&] { static_cast<void>(store_.stat()); });
    expect_closed([&] { static_cast<void>(store_.check()); });
    expect_closed([&] { static_cast<void>(store_.path()); });
    expect_closed([&] { static_cast<void>(store_.mode()); });
    expect_closed([&] { store_.close(); });
    expect_closed([&] { numbers.put("two", 2); });
    expect_closed([&] { static_cast<void>(numbers.get("one")); });
    expect_closed([&] { static_cast<void>(reader.get("one")); });
    expect_closed([&] { static_cast<void>(reader.contains("one")); });
    const holdfast::store again = place_.open();
    const holdfast::snapshot now = again.snapshot();
    expect_closed([&] { static_cast<void>(now.in(numbers).get("one")); });
}

TEST_F(close_test, names_the_file) {
    store_.close();
    try {
        static_cast<void>(store_.get("key"));
        FAIL();
    } catch (const error& failure) {
        EXPECT_EQ(std::string(failure.what()).rfind(place_.path().string() + ": ", 0), 0U) << failure.what();
    }
}

TEST_F(close_test, of_a_handle_that_was_moved_from_says_so) {
    const holdfast::store moved = std::move(store_);
    expect_failure(errc::moved_from, [&] { store_.close(); });
}

// It was swallowed: whoever relied on the close for a power cut did not learn that nothing had reached the medium.
TEST_F(close_test, throws_that_the_store_could_not_be_synced) {
    arm_failpoints("os.sync=fail:EIO");
    expect_failure(errc::io_error, [&] { store_.close(); });
    expect_failure(errc::closed, [&] { static_cast<void>(store_.get("key")); });
}

TEST_F(close_test, throws_that_the_clean_mark_could_not_be_written) {
    arm_failpoints("os.write_durably=fail:ENOSPC");
    expect_failure(errc::no_space, [&] { store_.close(); });
}

TEST_F(close_test, of_a_destroyed_handle_is_silent) {
    arm_failpoints("os.sync=fail:EIO");
    { const holdfast::store closed = std::move(store_); }
}

TEST_F(close_test, syncs_nothing_while_another_handle_holds_the_store) {
    holdfast::store other = place_.open();
    arm_failpoints("os.sync=fail:EIO");
    store_.close();
    other.put("other", "goes on");
    expect_failure(errc::io_error, [&] { other.close(); });
}

TEST_F(close_test, leaves_snapshots_and_transactions_alone) {
    std::optional<holdfast::snapshot> now = store_.snapshot();
    write_transaction open = store_.begin_write();
    open.put("another", "entry");
    store_.close();
    EXPECT_EQ(now->get("key")->text(), "value");
    std::move(open).commit();
    EXPECT_EQ(place_.open().get("another")->text(), "entry");
    now.reset();
}

TEST_F(close_test, of_a_reader_has_nothing_to_say) {
    holdfast::store reader = place_.open(open_mode::read_only);
    reader.close();
    expect_failure(errc::closed, [&] { static_cast<void>(reader.get("key")); });
}

TEST_F(close_test, is_forked_in_a_child) {
    EXPECT_EQ(run_child([&] {
                  expect_failure(errc::forked, [&] { store_.close(); });
                  if (HasFailure()) {
                      throw std::runtime_error("not forked");
                  }
              }),
              child_end::finished);
    EXPECT_EQ(store_.get("key")->text(), "value");
}

} // namespace
} // namespace holdfast::test
