// Values that own something outside of their record: whoever does not know the type may list them, but not drop them.
#include <gtest/gtest.h>

#include <functional>

#include "support.hpp"

namespace holdfast::test {
namespace {

using format::value_type;

class owning_types : public testing::TestWithParam<unsigned> {
protected:
    owning_types() {
        for (std::uint64_t i = 0; i < 3000; ++i) {
            writer_.put(decimal_key(i), {value_type::string, "value", 0});
        }
        writer_.put(owner_, {static_cast<value_type>(GetParam()), "owns something", 0});
    }

    void expect_refused(const std::function<void()>& change) {
        try {
            change();
            ADD_FAILURE() << "the record was dropped";
        } catch (const error& refused) {
            EXPECT_EQ(refused.reason(), errc::unsupported);
            const std::string message = refused.what();
            EXPECT_NE(message.find(owner_), std::string::npos) << message;
            EXPECT_NE(message.find("type " + std::to_string(GetParam())), std::string::npos) << message;
        }
    }

    memory_space memory_;
    tree_writer writer_{memory_, {}};
    const std::string owner_ = decimal_key(1500);
};

TEST_P(owning_types, are_read_and_checked) {
    const auto found = tree_find(memory_.view(), writer_.root(), owner_);
    ASSERT_TRUE(found);
    EXPECT_EQ(static_cast<unsigned>(found->type), GetParam());
    EXPECT_EQ(found->value, "owns something");
    ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, writer_.root()));
}

/// In the transaction that made the nodes, and in a later one, which has to copy them first.
TEST_P(owning_types, are_neither_overwritten_nor_erased_and_the_transaction_goes_on) {
    for (int later = 0; later < 2; ++later) {
        expect_refused([&] { writer_.put(owner_, {value_type::string, "other", 0}); });
        ASSERT_NO_FATAL_FAILURE(expect_sound(memory_.view(), writer_.root(), memory_.transaction()));
        expect_refused([&] { writer_.erase(owner_); });
        ASSERT_NO_FATAL_FAILURE(expect_sound(memory_.view(), writer_.root(), memory_.transaction()));
        memory_.drop_old_snapshots();
        ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, writer_.root()));
        EXPECT_FALSE(writer_.put(decimal_key(1499), {value_type::string, "neighbour", 0}).inserted);
        EXPECT_TRUE(tree_find(memory_.view(), writer_.root(), owner_));
        ASSERT_NO_FATAL_FAILURE(expect_sound(memory_.view(), writer_.root(), memory_.transaction()));
        memory_.commit();
        memory_.drop_old_snapshots();
    }
}

TEST_P(owning_types, are_not_dropped_with_a_range_or_the_whole_map) {
    const tree_root before = writer_.root();
    memory_.commit();
    expect_refused([&] { tree_writer(memory_, before).erase_prefix(owner_.substr(0, owner_.size() - 2)); });
    memory_.abort();
    ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, before));
    expect_refused([&] { tree_writer(memory_, before).clear(); });
    memory_.abort();
    ASSERT_NO_FATAL_FAILURE(expect_exact(memory_, before));
}

INSTANTIATE_TEST_SUITE_P(all, owning_types, testing::Values(11U, 128U, 200U, 255U),
                         testing::PrintToStringParamName());

TEST(other_future_types, are_overwritten_and_erased_like_any) {
    memory_space memory;
    tree_writer writer(memory, {});
    writer.put("a", {static_cast<value_type>(12), "value", 0});
    writer.put("b", {static_cast<value_type>(127), "value", 0});
    EXPECT_FALSE(writer.put("a", {value_type::string, "other", 0}).inserted);
    EXPECT_TRUE(writer.erase("b"));
    ASSERT_NO_FATAL_FAILURE(expect_exact(memory, writer.root()));
}

} // namespace
} // namespace holdfast::test
