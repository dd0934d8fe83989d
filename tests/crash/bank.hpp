// A bank in a store: accounts in two maps, between which money moves, so that its sum never changes.
//
// Each teller (a place that one process at a time may take) counts its transfers in the store, in the same
// transaction, and on a board in shared memory, before and after the commit.
// Thread and process safety: the functions work on handles of their own; the boards are atomics.
#pragma once

#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "board.hpp"
#include "model.hpp"
#include "random.hpp"

namespace holdfast::crash {

inline constexpr std::uint64_t accounts = 100; ///< the even ones in one map, the odd ones in the other
inline constexpr std::int64_t opening_balance = 1'000;
inline constexpr std::int64_t total_balance = static_cast<std::int64_t>(accounts) * opening_balance;

[[nodiscard]] inline std::string_view map_of_account(std::uint64_t account) noexcept {
    return account % 2 == 0 ? "even" : "odd";
}

[[nodiscard]] inline std::int64_t number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size()) {
        throw broken_promise("not a number: " + std::string(text.substr(0, 40)));
    }
    return number;
}

inline void open_accounts(store& in) {
    in.update([](write_transaction& transaction) {
        for (std::uint64_t account = 0; account < accounts; ++account) {
            transaction.map(map_of_account(account))
                .put(numbered("account-", account), std::to_string(opening_balance));
        }
    });
}

/// What teller `place` has done, according to the store.
[[nodiscard]] inline std::uint64_t transfers_of(const snapshot& now, unsigned place) {
    const auto found = now.map("tellers").get(numbered("teller-", place));
    return found ? static_cast<std::uint64_t>(number_in(found->text())) : 0;
}

/// Moves something from one account to another.
inline void transfer(store& in, unsigned place, random_source& random, acknowledgement& mine) {
    const std::uint64_t from = random.below(accounts);
    const std::uint64_t to = random.below(accounts);
    const auto amount = static_cast<std::int64_t>(random.below(50));
    const std::uint64_t number = mine.acked.load() + 1;
    write_transaction transaction = in.begin_write();
    const auto change = [&](std::uint64_t account, std::int64_t by) {
        map_writer map = transaction.map(map_of_account(account));
        const std::string key = numbered("account-", account);
        map.put(key, std::to_string(number_in(map.get(key).value().text()) + by));
    };
    change(from, -amount);
    change(to, amount);
    transaction.map("tellers").put(numbered("teller-", place), std::to_string(number));
    mine.begun.store(number);
    std::move(transaction).commit();
    mine.acked.store(number);
}

struct audit_result {
    std::uint64_t digest = 0;
    version_number version = 0;
    friend bool operator==(const audit_result&, const audit_result&) = default;
};

/// Throws broken_promise unless the sum is right.
[[nodiscard]] inline audit_result audit(const snapshot& now) {
    audit_result seen{0, now.version()};
    std::int64_t total = 0;
    std::uint64_t count = 0;
    for (const std::string_view name : {"even", "odd"}) {
        for (auto&& [key, value] : now.map(name)) {
            const std::int64_t balance = number_in(value.text());
            total += balance;
            seen.digest = mix(seen.digest ^ static_cast<std::uint64_t>(balance) ^ value.version());
            ++count;
        }
    }
    if (total != total_balance || count != accounts) {
        throw broken_promise("version " + std::to_string(now.version()) + ": " + std::to_string(count) +
                             " accounts hold " + std::to_string(total));
    }
    return seen;
}

} // namespace holdfast::crash
