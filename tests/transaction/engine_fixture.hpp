// What the tests of transactions share: an engine on a temporary file, transactions that allocate and retire objects
// of no map, and the list of parks.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "support/temporary_store.hpp"
#include "transaction/check.hpp"
#include "transaction/engine.hpp"
#include "transaction/reclaim.hpp"
#include "transaction/running_transaction.hpp"

namespace holdfast::test {

inline constexpr std::chrono::milliseconds patience{30'000};

/// A size class that neither trees nor lists use.
inline constexpr std::uint64_t object_bytes = 2048;

[[nodiscard]] inline std::shared_ptr<engine> open_engine(const temporary_store& place,
                                                         bool separate_mapping = false,
                                                         segment_mode mode = segment_mode::create) {
    segment_options options;
    options.mode = mode;
    options.separate_mapping = separate_mapping;
    return engine::open(place.path(), options);
}

/// Publishes what was done to the heap; the maps stay as they are.
inline txn_id commit(running_transaction& running) {
    format::commit_slot same = running.before();
    running.commit(same);
    return running.transaction();
}

/// Reclaims within a transaction of its own, which commits or is undone.
inline bool reclaim(const std::shared_ptr<engine>& owner, std::uint64_t budget = ~std::uint64_t{0},
                    bool keep = true) {
    running_transaction running(owner, patience);
    owner->reclaiming().look();
    const bool freed = owner->reclaiming().examine(budget) != 0;
    if (keep) {
        commit(running);
    }
    return freed;
}

/// Whether an object of `object_bytes` is allocated at `place`.
[[nodiscard]] inline bool is_allocated(engine& owner, ref place) {
    try {
        return owner.heap().size_of(place) == object_bytes;
    } catch (const error& absent) {
        EXPECT_EQ(absent.reason(), errc::corrupt);
        return false;
    }
}

/// The pins that entries wait for, newest first.
[[nodiscard]] inline std::vector<std::uint64_t> parked_pins(engine& owner) {
    std::vector<std::uint64_t> pins;
    for (std::uint64_t units = owner.heap().header().parks; units != 0;) {
        const auto& park = owner.heap().object<format::park>(ref::from_units(units));
        pins.push_back(park.pin);
        units = park.next;
    }
    return pins;
}

/// The whole check of an engine's store.
inline void expect_sound(engine& checked) {
    checked.file().lock_writer(patience);
    const std::vector<check_finding> found = check_everything(checked.file(), {});
    checked.file().unlock_writer();
    for (const check_finding& one : found) {
        ADD_FAILURE() << one.what << " (map \"" << one.map << "\", key \"" << one.key.substr(0, 80) << "\")";
    }
}

} // namespace holdfast::test
