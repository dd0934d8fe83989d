// Random operations against a model: transactions over several maps, aborts, snapshots that are kept and must never
// change, differences between them, closing and opening. The store is checked at the end of each round.
//
// HOLDFAST_MODEL_OPERATIONS sets how many operations are made, HOLDFAST_MODEL_SEED the first seed.
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <holdfast/store.hpp>

#include "support/temporary_store.hpp"

namespace holdfast::test {
namespace {

struct model_value {
    std::string text;
    value_type type = value_type::string;
    version_number version = 0;
    bool operator==(const model_value&) const = default;
};
using model_map = std::map<std::string, model_value, std::less<>>;
using model = std::map<std::string, model_map, std::less<>>;

struct held {
    snapshot seen;
    model expected;
};

const std::vector<std::string>& map_names() {
    static const std::vector<std::string> names = {"", "users", "a", std::string("b\0c", 3),
                                                   std::string(300, 'n')};
    return names;
}

bool equals(const value_view& found, const model_value& expected) {
    return found.text() == expected.text && found.type() == expected.type &&
           found.version() == expected.version;
}

class model_run {
public:
    explicit model_run(std::uint64_t seed) : random_(seed) {}

    void run(std::uint64_t operations) {
        for (std::uint64_t done = 0; done < operations && !::testing::Test::HasFailure();) {
            done += transact();
            if (chance(10)) {
                look_around();
            }
            if (chance(200)) {
                reopen();
            }
        }
        verify_all();
        kept_.clear();
        reopen();
    }

private:
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    [[nodiscard]] bool chance(std::uint64_t one_in) { return below(one_in) == 0; }

    [[nodiscard]] std::string random_key() {
        switch (below(8)) {
        case 0:
            return std::string(below(4), static_cast<char>(below(3) * 127));
        case 1:
            return numbered(std::string(40 + below(3), 'p'), below(200));
        case 2:
            return numbered("dir/", below(10)) + numbered("/", below(40));
        case 3:
            return chance(30) ? std::string(1000 + below(5) * 16'000, 'l') : "key";
        default:
            return numbered("key", below(600));
        }
    }
    [[nodiscard]] model_value random_value(version_number version) {
        std::size_t size = below(100);
        if (chance(50)) {
            size = below(5000);
        } else if (chance(1000)) {
            size = below(100'000);
        }
        const std::string text = patterned(size, random_());
        if (chance(4)) {
            return {encode_raw({text, "model", 1, 16}), value_type::raw, version};
        }
        return {text, value_type::string, version};
    }

    /// One transaction; returns how many operations it had.
    std::uint64_t transact() {
        const std::uint64_t operations = chance(300) ? 3000 : 1 + below(chance(3) ? 100 : 8);
        model next = current_;
        write_transaction transaction = store_->begin_write();
        EXPECT_GT(transaction.version(), newest_);
        newest_ = transaction.version();
        bool changed = false;
        dropped_.clear();
        for (std::uint64_t i = 0; i < operations; ++i) {
            changed |= change_one(transaction, next, map_names()[below(map_names().size())]);
        }
        if (chance(5)) {
            std::move(transaction).abort();
            return operations;
        }
        const version_number before = version_;
        version_ = std::move(transaction).commit();
        EXPECT_EQ(version_, changed ? newest_ : before);
        // Only a map that was there before stays without entries.
        std::erase_if(next, [&](const auto& map) {
            return map.second.empty() && (!current_.contains(map.first) || dropped_.contains(map.first));
        });
        current_ = std::move(next);
        return operations;
    }

    /// Whether the store counts it as a change.
    bool change_one(write_transaction& transaction, model& expected, const std::string& name) {
        map_writer map = transaction.map(name);
        const std::uint64_t dice = below(1000);
        const std::string key = random_key();
        if (dice < 600) {
            const model_value value = random_value(transaction.version());
            map.put(key, value_view(value.type, value.text));
            expected[name].insert_or_assign(key, value);
            return true;
        }
        const auto known = expected.find(name);
        model_map none;
        model_map& entries = known == expected.end() ? none : known->second;
        if (dice < 900) {
            const bool erased = map.erase(key);
            EXPECT_EQ(erased, entries.erase(key) != 0);
            return erased;
        }
        if (dice < 985) {
            const std::optional<value> found = map.get(key);
            const auto wanted = entries.find(key);
            EXPECT_EQ(found.has_value(), wanted != entries.end());
            EXPECT_EQ(map.size(), entries.size());
            return false;
        }
        if (dice < 995) {
            const std::string prefix = key.substr(0, below(key.size() + 1));
            const std::uint64_t erased = map.erase_prefix(prefix);
            EXPECT_EQ(erased,
                      std::erase_if(entries, [&](const auto& one) { return one.first.starts_with(prefix); }));
            return erased != 0;
        }
        if (dice < 997) {
            const bool had_entries = !entries.empty();
            map.clear();
            entries.clear();
            return had_entries;
        }
        return drop(transaction, expected, name);
    }

    bool drop(write_transaction& transaction, model& expected, const std::string& name) {
        const bool existed = current_.contains(name) && !dropped_.contains(name);
        const bool there = expected.contains(name) && (!name.empty() || !expected[name].empty());
        const bool dropped = transaction.drop(name);
        // A map that this transaction made and emptied again may or may not count as there.
        if (existed || !there) {
            EXPECT_EQ(dropped, there);
        }
        expected.erase(name);
        dropped_.insert(name);
        return dropped;
    }

    // --- Looking ---

    void look_around() {
        if (kept_.size() < 12 || chance(2)) {
            kept_.push_back({store_->snapshot(), current_});
            EXPECT_EQ(kept_.back().seen.version(), version_);
        }
        if (kept_.size() >= 2 && chance(3)) {
            compare(kept_[below(kept_.size())], kept_[below(kept_.size())]);
        }
        if (kept_.size() > 12) {
            const auto victim = kept_.begin() + static_cast<std::ptrdiff_t>(below(kept_.size()));
            verify(*victim);
            kept_.erase(victim);
        }
        const std::string key = random_key();
        const model_map& unnamed = current_[""];
        const auto wanted = unnamed.find(key);
        const std::optional<value> found = store_->get(key);
        ASSERT_EQ(found.has_value(), wanted != unnamed.end());
        if (found) {
            EXPECT_EQ(found->text(), wanted->second.text);
            EXPECT_EQ(found->version(), wanted->second.version);
        }
    }

    void verify(const held& one) {
        for (const std::string& name : map_names()) {
            const auto known = one.expected.find(name);
            EXPECT_EQ(one.seen.has_map(name), name.empty() || known != one.expected.end());
            const model_map none;
            const model_map& entries = known == one.expected.end() ? none : known->second;
            const map_view map = one.seen.map(name);
            ASSERT_EQ(map.size(), entries.size());
            auto wanted = entries.begin();
            std::uint64_t bytes = 0;
            for (auto&& [key, value] : map) {
                ASSERT_EQ(key, wanted->first);
                ASSERT_TRUE(equals(value, wanted->second)) << key.substr(0, 100);
                bytes += key.size() + value.size();
                ++wanted;
            }
            ASSERT_TRUE(wanted == entries.end());
            ASSERT_EQ(map.bytes(), bytes);
        }
    }

    void verify_all() {
        for (const held& one : kept_) {
            verify(one);
        }
        verify({store_->snapshot(), current_});
    }

    static void compare(const held& older, const held& newer) {
        const model_map none;
        for (const std::string& name : map_names()) {
            const auto before = older.expected.find(name);
            const auto after = newer.expected.find(name);
            std::map<std::string_view, std::pair<const model_value*, const model_value*>> wanted;
            for (const auto& [key, value] : before == older.expected.end() ? none : before->second) {
                wanted[key].first = &value;
            }
            for (const auto& [key, value] : after == newer.expected.end() ? none : after->second) {
                wanted[key].second = &value;
            }
            std::erase_if(wanted, [](const auto& one) {
                const auto& [left, right] = one.second;
                return left != nullptr && right != nullptr && left->version == right->version;
            });
            const std::vector<change> changes = newer.seen.changes_since(older.seen, name);
            ASSERT_EQ(changes.size(), wanted.size());
            auto expected = wanted.begin();
            for (const change& one : changes) {
                const auto& [left, right] = expected->second;
                ASSERT_EQ(one.key, expected->first);
                ASSERT_EQ(one.before.has_value(), left != nullptr);
                ASSERT_EQ(one.after.has_value(), right != nullptr);
                ASSERT_TRUE(!left || equals(*one.before, *left));
                ASSERT_TRUE(!right || equals(*one.after, *right));
                ++expected;
            }
        }
    }

    /// With snapshots held the process stays attached; without, it closes the store.
    void reopen() {
        verify_all();
        if (chance(2)) {
            kept_.clear();
        }
        expect_sound(*store_);
        store_.reset();
        store_ = place_.open();
        expect_sound(*store_);
        EXPECT_EQ(store_->snapshot().version(), version_);
    }

    std::mt19937_64 random_;
    temporary_store place_;
    std::optional<store> store_ = place_.open();
    std::vector<held> kept_;
    model current_;
    std::set<std::string, std::less<>> dropped_; ///< by the running transaction
    version_number version_ = store_->snapshot().version();
    version_number newest_ = version_;
};

TEST(store_model, holds_what_random_transactions_made_of_it) {
    const std::uint64_t operations = amount_of_work(600'000, "HOLDFAST_MODEL_OPERATIONS");
    const std::uint64_t first_seed = std::getenv("HOLDFAST_MODEL_SEED") != nullptr
                                         ? std::strtoull(std::getenv("HOLDFAST_MODEL_SEED"), nullptr, 10)
                                         : 1;
    constexpr std::uint64_t rounds = 6;
    for (std::uint64_t round = 0; round < rounds && !HasFailure(); ++round) {
        SCOPED_TRACE("HOLDFAST_MODEL_SEED=" + std::to_string(first_seed + round));
        model_run(first_seed + round).run(operations / rounds);
    }
}

} // namespace
} // namespace holdfast::test
