// Look-ups of a process that may only read: they pin nothing, and count only if the head is still the same afterwards.
#include <stdexcept>

#include <gtest/gtest.h>

#include "engine_fixture.hpp"

namespace holdfast::test {
namespace {

class unpinned_read_test : public ::testing::Test {
protected:
    void pass() {
        running_transaction running(engine_, patience);
        commit(running);
    }

    temporary_store place_;
    std::shared_ptr<engine> engine_ = open_engine(place_);
    std::shared_ptr<engine> reader_ = open_engine(place_, false, segment_mode::read_only);
};

TEST_F(unpinned_read_test, is_repeated_where_the_head_moved_during_the_look) {
    int looks = 0;
    const txn_id seen = reader_->read([&](const commit_state& state) {
        if (++looks == 1) {
            pass(); // from here on, what this look reads may be freed and overwritten
        }
        return state.id();
    });
    EXPECT_EQ(looks, 2);
    EXPECT_EQ(seen, engine_->visible());
}

TEST_F(unpinned_read_test, does_not_report_what_a_look_found_while_the_head_moved) {
    int looks = 0;
    const bool done = reader_->read([&](const commit_state&) {
        if (++looks == 1) {
            pass();
            throw std::runtime_error("nonsense was read");
        }
        return true;
    });
    EXPECT_TRUE(done);
    EXPECT_EQ(looks, 2);
}

TEST_F(unpinned_read_test, pins_after_the_head_has_moved_too_often) {
    int looks = 0;
    std::size_t pins = 0;
    static_cast<void>(reader_->read([&](const commit_state& state) {
        ++looks;
        pins = engine_->file().pins().size();
        pass();
        return state.id();
    }));
    EXPECT_EQ(looks, 9);
    EXPECT_EQ(pins, 1U) << "the last look holds its commit";
}

} // namespace
} // namespace holdfast::test
