// A power cut after a process died while it wrote a durable slot: that was in the page cache, and on the medium
// perhaps.
//
// What went wrong: the next process read the slot there, and took it to be on the medium. If the slot was that of the
// first write after a clean close, the next one wrote to the store; after a cut the medium still said "closed cleanly",
// and a whole store was refused as damaged, or believed with accounts that were not those of the close. And whatever
// the slot was, its successor was written over the other one, the last that was on the medium for certain: a cut in
// there left two halves.
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "companion.hpp"
#include "cut_worker.hpp"
#include "format/commit.hpp"
#include "medium.hpp"
#include "os/failpoint.hpp"
#include "support/temporary_store.hpp"

namespace holdfast::crash {
namespace {

/// Tells a medium of the barriers of this process.
class barriers final : public failpoint_observer {
public:
    explicit barriers(medium& told) : told_(&told) { observe_failpoints(this); }
    ~barriers() override { observe_failpoints(nullptr); }
    void passed(std::string_view /*name*/) noexcept override {}
    void reached_medium(std::uint64_t start, std::uint64_t bytes) noexcept override {
        told_->reached(start, bytes);
        starts_.push_back(start);
    }
    [[nodiscard]] const std::vector<std::uint64_t>& starts() const noexcept { return starts_; }

private:
    medium* told_;
    std::vector<std::uint64_t> starts_;
};

class power_cut : public testing::TestWithParam<survival> {};

TEST_P(power_cut, after_a_writer_died_within_the_first_barrier) {
    const test::temporary_store file;
    store::open(file.path(), cut_options()).put("key", "closed");
    medium watched(file.path());
    {
        companion dying([&] { store::open(file.path(), cut_options()).put("key", "never"); }, {}, 10);
        ASSERT_EQ(dying.go_on().what, companion_stop::kind::reached); // it is in the page cache
        dying.kill();                                                 // and did not reach the medium
    }
    random_source random(1);
    std::optional<image> after;
    {
        const barriers told(watched);
        store opened = store::open(file.path(), cut_options());
        opened.put("key", "lost or not");
        after = watched.cut(GetParam(), random);
    }
    image_file place(file.path().string() + "-image");
    place.put(*after, true, true);
    const pretended_boot next;
    store opened = store::open(place.path(), cut_options());
    EXPECT_TRUE(opened.get("key")->text() == "closed" || opened.get("key")->text() == "lost or not");
    EXPECT_TRUE(opened.check().empty());
}

TEST(slot_of_a_dead_writer, is_on_the_medium_before_its_successor_takes_the_other_place) {
    const test::temporary_store file;
    store witness = store::open(file.path(), cut_options());
    witness.put("key", "value");
    medium watched(file.path());
    companion dying([&] { store::open(file.path(), cut_options()).sync(); }, {}, 10);
    companion_stop stop = dying.go_on();
    while (stop.what == companion_stop::kind::reached && stop.bytes != sizeof(format::durable_slot)) {
        stop = dying.go_on();
    }
    ASSERT_EQ(stop.what, companion_stop::kind::reached);
    dying.kill();
    witness.put("key", "later");
    const barriers told(watched);
    witness.sync();
    ASSERT_GE(told.starts().size(), 2U);
    EXPECT_EQ(told.starts().front(), stop.start);
    EXPECT_NE(told.starts().back(), stop.start);
}

INSTANTIATE_TEST_SUITE_P(survivals, power_cut,
                         testing::Values(survival::old, survival::present, survival::header, survival::heap));

} // namespace
} // namespace holdfast::crash
