// Deleting many keys.
#include "program/erase.hpp"

#include <algorithm>
#include <cstddef>

#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

/// Small enough for what a full store keeps back for deleting.
constexpr std::uint64_t portion_keys = 1'000;

std::uint64_t erase_first(write_transaction& transaction, const snapshot& before, const std::string& name,
                          std::string_view prefix, std::uint64_t limit) {
    map_writer map = transaction.map(name);
    std::uint64_t erased = 0;
    for (const entry& one : before.map(name).prefix(prefix)) {
        if (erased == limit) {
            break;
        }
        erased += map.erase(one.first) ? 1 : 0;
    }
    return erased;
}

} // namespace

std::uint64_t erase_at_once(write_transaction& transaction, const store& target, const std::string& map,
                            std::string_view prefix, std::uint64_t limit) {
    if (limit == UINT64_MAX) {
        return transaction.map(map).erase_prefix(prefix);
    }
    return erase_first(transaction, target.snapshot(), map, prefix, limit); // nobody else writes meanwhile
}

std::uint64_t erase_in_portions(store& target, const std::string& map, std::string_view prefix,
                                std::uint64_t limit) {
    report("the disk is full, so this is done in portions, each a transaction of its own");
    std::uint64_t erased = 0;
    std::uint64_t portion = portion_keys;
    try {
        while (erased < limit) {
            try {
                const std::uint64_t count = target.update([&](write_transaction& transaction) {
                    return erase_first(transaction, target.snapshot(), map, prefix,
                                       std::min(portion, limit - erased));
                });
                if (count == 0) {
                    break;
                }
                erased += count;
            } catch (const error& failure) {
                if (failure.reason() != errc::no_space || portion == 1) {
                    throw;
                }
                portion /= 10;
            }
        }
    } catch (const error& failure) {
        throw error(failure.reason(),
                    std::string(failure.what()) + "; " + std::to_string(erased) + " keys were deleted");
    }
    return erased;
}

} // namespace holdfast::cli
