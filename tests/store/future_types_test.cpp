// Values of types that a newer program stored: never damage; what owns something outside of its bytes is left alone.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "support/temporary_store.hpp"
#include "transaction/commit_state.hpp"
#include "transaction/engine.hpp"
#include "transaction/running_transaction.hpp"
#include "tree/tree_writer.hpp"

namespace holdfast::test {
namespace {

class future_types_test : public testing::Test {
protected:
    future_types_test() {
        store_.put("k0", "before");
        store_.put("k3", "behind");
        plant("k1", 200, "owns a file somewhere");
        plant("k2", 77, "only bytes");
    }
    ~future_types_test() override { expect_sound(store_); }

    /// Stores what no public call does, in the unnamed map.
    void plant(std::string_view key, unsigned type, std::string_view data) {
        segment_options options;
        options.mode = segment_mode::write;
        running_transaction running(engine::open(place_.path(), options), std::chrono::seconds(30));
        format::commit_slot next = running.before();
        tree_writer tree(running, to_tree_root(next.unnamed));
        tree.put(key, {static_cast<value_type>(type), data});
        next.unnamed = with_tree(next.unnamed, tree.root(), running.transaction());
        running.commit(next);
    }

    temporary_store place_;
    store store_ = place_.open();
};

TEST_F(future_types_test, are_listed_read_and_checked) {
    const snapshot now = store_.snapshot();
    std::string seen;
    for (const entry& each : now.map()) {
        seen +=
            std::string(each.first) + ":" + std::to_string(static_cast<unsigned>(each.second.type())) + " ";
    }
    EXPECT_EQ(seen, "k0:6 k1:200 k2:77 k3:6 ");
    EXPECT_EQ(now.get("k1")->text(), "owns a file somewhere");
    EXPECT_EQ(static_cast<unsigned>(store_.get("k1")->type()), 200U);
}

TEST_F(future_types_test, that_are_only_bytes_are_copied_overwritten_and_erased) {
    store_.put("copy", *store_.get("k2"));
    EXPECT_EQ(static_cast<unsigned>(store_.get("copy")->type()), 77U);
    EXPECT_EQ(store_.get("copy")->text(), "only bytes");
    EXPECT_TRUE(store_.erase("k2"));
    store_.put("copy", "text");
}

TEST_F(future_types_test, that_own_something_are_neither_copied_overwritten_nor_erased) {
    expect_failure(errc::unsupported, [&] { store_.put("copy", *store_.get("k1")); });
    expect_failure(errc::unsupported, [&] { store_.put("k1", "text"); });
    expect_failure(errc::unsupported, [&] { store_.erase("k1"); });
    const auto change = [&](auto&& operation) {
        expect_failure(errc::unsupported, [&] { store_.update(operation); });
    };
    change([](write_transaction& transaction) { transaction.map().erase_prefix("k"); });
    change([](write_transaction& transaction) { transaction.map().clear(); });
    change([](write_transaction& transaction) { transaction.drop(""); });
    EXPECT_FALSE(store_.contains("copy"));
    EXPECT_EQ(store_.get("k1")->text(), "owns a file somewhere");
    EXPECT_EQ(store_.get("k0")->text(), "before");
    EXPECT_TRUE(store_.erase("k0")); // its neighbours are as free as before
}

} // namespace
} // namespace holdfast::test
