// Reclaiming: an object is freed as soon as no pin lies between its making and its retiring, and not before.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine_fixture.hpp"

namespace holdfast::test {
namespace {

class reclaim_test : public ::testing::Test {
protected:
    struct object {
        ref place;
        txn_id made = txn_id::none;
        txn_id retired = txn_id::none;
    };

    [[nodiscard]] object make() {
        running_transaction running(engine_, patience);
        object made{running.allocate(object_bytes), running.transaction()};
        commit(running);
        return made;
    }
    void retire(object& old) {
        running_transaction running(engine_, patience);
        running.release(old.place, object_bytes, old.made);
        old.retired = commit(running);
    }
    /// A commit, so that the next pin is of another version.
    void pass() {
        running_transaction running(engine_, patience);
        commit(running);
    }
    [[nodiscard]] bool is_allocated(const object& sought) {
        return test::is_allocated(*engine_, sought.place);
    }
    [[nodiscard]] std::uint64_t held_back() { return engine_->heap().header().held_back_bytes; }

    temporary_store place_;
    std::shared_ptr<engine> engine_ = open_engine(place_);
};

TEST_F(reclaim_test, frees_in_the_next_transaction_what_nobody_pins) {
    object old = make();
    const std::uint64_t before = held_back();
    retire(old);
    EXPECT_TRUE(is_allocated(old));
    EXPECT_EQ(held_back(), before + object_bytes);
    EXPECT_TRUE(reclaim(engine_));
    EXPECT_FALSE(is_allocated(old));
    expect_sound(*engine_);
}

TEST_F(reclaim_test, does_not_examine_what_its_own_transaction_retires) {
    object old = make();
    {
        running_transaction running(engine_, patience);
        retired_objects retired;
        retired.add(old.place, object_bytes, old.made);
        retired.flush(engine_->heap(), running.transaction());
        engine_->reclaiming().look();
        engine_->reclaiming().examine(~std::uint64_t{0});
        EXPECT_TRUE(is_allocated(old));
        commit(running);
    }
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(old));
    reclaim(engine_);
    expect_sound(*engine_);
}

TEST_F(reclaim_test, keeps_what_a_pin_between_making_and_retiring_reaches) {
    const engine::pin too_early = engine_->pin_newest();
    object old = make();
    const engine::pin inside = engine_->pin_newest();
    pass();
    retire(old);
    const engine::pin too_late = engine_->pin_newest();
    reclaim(engine_);
    EXPECT_TRUE(is_allocated(old));
    EXPECT_EQ(parked_pins(*engine_), std::vector<std::uint64_t>{raw(inside.state.id())});
    engine_->unpin(inside);
    EXPECT_TRUE(reclaim(engine_));
    EXPECT_FALSE(is_allocated(old));
    EXPECT_TRUE(parked_pins(*engine_).empty());
    engine_->unpin(too_early);
    engine_->unpin(too_late);
    expect_sound(*engine_);
}

TEST_F(reclaim_test, takes_a_pin_of_the_making_transaction_for_inside_and_one_of_the_retiring_for_outside) {
    object first = make();
    const engine::pin of_making = engine_->pin_newest();
    object second = make();
    EXPECT_EQ(of_making.state.id(), first.made);
    retire(first);
    const engine::pin of_retiring = engine_->pin_newest();
    EXPECT_EQ(of_retiring.state.id(), first.retired);
    retire(second);
    reclaim(engine_);
    EXPECT_TRUE(is_allocated(first));
    engine_->unpin(of_making);
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(first));
    EXPECT_TRUE(is_allocated(second));
    engine_->unpin(of_retiring);
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(second));
    expect_sound(*engine_);
}

TEST_F(reclaim_test, moves_an_entry_to_the_next_older_pin_when_one_ends) {
    object old = make();
    std::vector<engine::pin> pins;
    for (int i = 0; i < 3; ++i) {
        pins.push_back(engine_->pin_newest());
        pass();
    }
    retire(old);
    for (int newest = 2; newest >= 0; --newest) {
        reclaim(engine_);
        EXPECT_TRUE(is_allocated(old));
        EXPECT_EQ(parked_pins(*engine_),
                  std::vector<std::uint64_t>{raw(pins[static_cast<std::size_t>(newest)].state.id())});
        engine_->unpin(pins[static_cast<std::size_t>(newest)]);
    }
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(old));
    expect_sound(*engine_);
}

TEST_F(reclaim_test, skips_pins_that_ended_before_their_park_was_examined) {
    object old = make();
    const engine::pin older = engine_->pin_newest();
    pass();
    const engine::pin newer = engine_->pin_newest();
    retire(old);
    reclaim(engine_);
    engine_->unpin(older);
    reclaim(engine_);
    EXPECT_EQ(parked_pins(*engine_), std::vector<std::uint64_t>{raw(newer.state.id())});
    engine_->unpin(newer);
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(old));
    expect_sound(*engine_);
}

TEST_F(reclaim_test, keeps_nothing_for_a_held_snapshot_that_was_made_after_it) {
    const engine::pin held = engine_->pin_newest();
    for (int i = 0; i < 500; ++i) {
        object young = make();
        retire(young);
        reclaim(engine_);
        EXPECT_FALSE(is_allocated(young));
    }
    EXPECT_LT(held_back(), 16U * 1024);
    EXPECT_TRUE(parked_pins(*engine_).empty());
    engine_->unpin(held);
}

TEST_F(reclaim_test, sees_pins_of_read_only_processes) {
    object old = make();
    const std::shared_ptr<engine> reader = open_engine(place_, false, segment_mode::read_only);
    const engine::pin inside = reader->pin_newest();
    const engine::pin again = reader->pin_newest();
    retire(old);
    reclaim(engine_);
    EXPECT_TRUE(is_allocated(old));
    reader->unpin(inside);
    reclaim(engine_);
    EXPECT_TRUE(is_allocated(old));
    reader->unpin(again);
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(old));
}

TEST_F(reclaim_test, is_undone_with_its_transaction) {
    object free_at_once = make();
    object parked = make();
    const engine::pin inside = engine_->pin_newest();
    retire(parked);
    object other = make();
    retire(free_at_once);
    retire(other);
    const std::uint64_t before = held_back();
    for (int i = 0; i < 3; ++i) {
        reclaim(engine_, ~std::uint64_t{0}, false);
        EXPECT_TRUE(is_allocated(other));
        EXPECT_TRUE(parked_pins(*engine_).empty());
        EXPECT_EQ(held_back(), before);
    }
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(other));
    EXPECT_TRUE(is_allocated(parked));
    EXPECT_TRUE(is_allocated(free_at_once)); // the pin is inside of its interval, too
    engine_->unpin(inside);
    reclaim(engine_, ~std::uint64_t{0}, false);
    EXPECT_TRUE(is_allocated(parked));
    EXPECT_EQ(parked_pins(*engine_).size(), 1U);
    reclaim(engine_);
    EXPECT_FALSE(is_allocated(parked));
    EXPECT_FALSE(is_allocated(free_at_once));
    expect_sound(*engine_);
}

TEST_F(reclaim_test, refuses_a_list_of_parks_that_leads_in_a_circle) {
    object old = make();
    const engine::pin inside = engine_->pin_newest();
    retire(old);
    reclaim(engine_);
    {
        running_transaction running(engine_, patience);
        const ref park = ref::from_units(engine_->heap().header().parks);
        engine_->heap().set_next_park(park, park);
        reclaimer fresh(engine_->heap(), engine_->file()); // it has to read the list
        retired_objects retired;
        fresh.begin(running.transaction(), txn_id{running.before().txn}, retired);
        fresh.look();
        expect_failure(errc::corrupt, [&] { fresh.examine(~std::uint64_t{0}); });
    }
    engine_->unpin(inside);
    reclaim(engine_);
    expect_sound(*engine_);
}

TEST_F(reclaim_test, refuses_a_retired_list_that_leads_in_a_circle) {
    {
        running_transaction running(engine_, patience);
        retired_objects markers_only;
        for (std::uint64_t i = 0; i < format::list_chunk::capacity; ++i) {
            const format::list_entry marker{static_cast<std::uint64_t>(format::entry_kind::marker) << 56, 1};
            engine_->heap().append(engine_->heap().header().retired, &marker, 1);
        }
        commit(running);
    }
    format::entry_list& list = engine_->heap().header().retired;
    auto& chunk = engine_->heap().object<format::list_chunk>(ref::from_units(list.front));
    chunk.next = list.front;
    chunk.check = chunk_sum(chunk, ref::from_units(list.front).offset());
    for (const std::uint64_t length : {std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
        list.entries = length;
        expect_failure(errc::corrupt, [&] { reclaim(engine_); });
        EXPECT_FALSE(check_everything(engine_->file(), {}).empty());
    }
}

// --- A model ----------------------------------------------------------------------------------------------

/// Random objects, pins and batches. The oracle: an object is allocated exactly while it is not retired, or a pin
/// lies in [made, retired), or nobody has examined it since that became false.
class reclaim_model_test : public reclaim_test, public ::testing::WithParamInterface<std::uint64_t> {
protected:
    [[nodiscard]] bool is_pinned(const object& one) const {
        return std::any_of(pins_.begin(), pins_.end(), [&](const engine::pin& pin) {
            return pin.state.id() >= one.made && pin.state.id() < one.retired;
        });
    }
    void make_some() {
        running_transaction running(engine_, patience);
        std::vector<object> made;
        for (std::uint64_t i = random_() % 8; i != 0; --i) {
            const object one{running.allocate(object_bytes), running.transaction()};
            for (auto other = objects_.begin(); other != objects_.end();) {
                if (other->place != one.place) {
                    ++other;
                    continue;
                }
                ASSERT_TRUE(other->retired != txn_id::none && !is_pinned(*other))
                    << "a live object was given away";
                other = objects_.erase(other); // this very transaction has freed it
            }
            *reinterpret_cast<std::uint64_t*>(engine_->file().base() + one.place.offset()) = raw(one.made);
            made.push_back(one);
        }
        if (random_() % 4 == 0) {
            return; // undone
        }
        commit(running);
        objects_.insert(objects_.end(), made.begin(), made.end());
    }
    void retire_some() {
        running_transaction running(engine_, patience);
        std::vector<object*> retired;
        for (object& one : objects_) {
            if (one.retired == txn_id::none && random_() % 6 == 0) {
                running.release(one.place, object_bytes, one.made);
                retired.push_back(&one);
            }
        }
        if (random_() % 4 == 0) {
            return; // undone
        }
        commit(running);
        for (object* one : retired) {
            one->retired = running.transaction();
        }
    }
    void change_pins() {
        if (pins_.size() < 10 || random_() % 2 == 0) {
            pins_.push_back(engine_->pin_newest());
        }
        while (pins_.size() > 12 || (!pins_.empty() && random_() % 2 == 0)) {
            const auto victim = pins_.begin() + static_cast<std::ptrdiff_t>(random_() % pins_.size());
            engine_->unpin(*victim);
            pins_.erase(victim);
        }
    }
    void batch(bool exact) {
        reclaim(engine_, exact ? ~std::uint64_t{0} : random_() % 20, random_() % 5 != 0 || exact);
        for (auto one = objects_.begin(); one != objects_.end();) {
            const bool allocated = is_allocated(*one);
            if (one->retired == txn_id::none || is_pinned(*one)) {
                ASSERT_TRUE(allocated)
                    << "freed too early: made " << raw(one->made) << ", retired " << raw(one->retired);
                ASSERT_EQ(*reinterpret_cast<std::uint64_t*>(engine_->file().base() + one->place.offset()),
                          raw(one->made));
            } else if (exact) {
                ASSERT_FALSE(allocated)
                    << "kept: made " << raw(one->made) << ", retired " << raw(one->retired);
            }
            one = allocated ? one + 1 : objects_.erase(one);
        }
    }
    void finish() {
        while (!pins_.empty()) {
            engine_->unpin(pins_.back());
            pins_.pop_back();
        }
        for (object& one : objects_) {
            if (one.retired == txn_id::none) {
                retire(one);
            }
        }
        ASSERT_NO_FATAL_FAILURE(batch(true));
        EXPECT_TRUE(objects_.empty());
        expect_sound(*engine_);
    }

    std::mt19937_64 random_{GetParam()};
    std::vector<object> objects_;
    std::vector<engine::pin> pins_;
};

TEST_P(reclaim_model_test, frees_exactly_what_no_pin_holds) {
    for (std::uint64_t step = 0; step < amount_of_work(3000); ++step) {
        switch (random_() % 5) {
        case 0:
            ASSERT_NO_FATAL_FAILURE(make_some());
            break;
        case 1:
            retire_some();
            break;
        case 2:
            change_pins();
            break;
        default:
            ASSERT_NO_FATAL_FAILURE(batch(random_() % 3 == 0));
            break;
        }
    }
    finish();
}

INSTANTIATE_TEST_SUITE_P(seeds, reclaim_model_test, ::testing::Range<std::uint64_t>(1, 7));

} // namespace
} // namespace holdfast::test
