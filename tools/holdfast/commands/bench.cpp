// holdfast bench: reads and writes on this machine, with latencies, in a scratch store or a scratch map.
//
// Either is removed at the end, also after an error or an interruption; only a kill leaves it, and its name says what
// it is.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <unistd.h>

#include <holdfast/store.hpp>

#include "output/escape.hpp"
#include "program/command.hpp"
#include "program/interrupt.hpp"
#include "program/latencies.hpp"
#include "program/parse.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Measures in a new store beside yours, on the same disk, which is removed at the
end; or with --in-store in a map of its own in yours, beside whoever uses it.
Each operation is a transaction, or a look-up in a snapshot, of its own, with
random keys; "load" puts 1000 keys a transaction, "scan" walks all of them.
"durable put" is one of level commit, and "put and sync" waits for a sync point.
In your store there is no "durable put": it would make the store keep a log.
A value has random bytes, and each put changes it. Latencies are those of one
operation: a whole transaction of "load", and a whole scan.

Examples:
  holdfast bench
  holdfast bench --entries 1000000 --size 1000 --time 5s
  holdfast -s /mnt/other/app.hold bench --json
)";

using clock = std::chrono::steady_clock;
constexpr std::uint64_t entries_of_a_transaction = 1000;

struct plan {
    std::uint64_t entries = 100'000;
    std::size_t value_bytes = 100;
    std::chrono::nanoseconds time = std::chrono::seconds(1);
};

struct figures {
    std::uint64_t operations = 0;
    std::chrono::nanoseconds time{0};
    latencies each;
};

/// A new store beside the one that is meant; its file goes with it.
class scratch_store {
public:
    explicit scratch_store(const settings& given)
        : path_(given.store_path + ".bench-" + std::to_string(::getpid())) {
        if (std::filesystem::exists(path_)) {
            throw_usage(in_quotes(path_) +
                        " is in the way; it was left by a benchmark that was killed: remove it");
        }
        settings beside = given;
        beside.store_path = path_;
        store_.emplace(open_or_create(beside));
    }
    ~scratch_store() {
        store_.reset();
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    scratch_store(const scratch_store&) = delete;
    scratch_store& operator=(const scratch_store&) = delete;
    [[nodiscard]] store& get() noexcept { return *store_; }

private:
    std::string path_;
    std::optional<store> store_;
};

/// A new map in a store that is there; dropped in the end.
class scratch_map {
public:
    explicit scratch_map(store& in) : in_(in), name_("holdfast bench " + std::to_string(::getpid())) {
        if (in_.snapshot().has_map(name_)) {
            throw_usage("map " + in_quotes(name_) +
                        " is in the way; it was left by a benchmark that was killed: drop it");
        }
    }
    ~scratch_map() {
        try {
            in_.update([&](write_transaction& transaction) { transaction.drop(name_); });
        } catch (const error& failure) {
            report("map " + in_quotes(name_) + " could not be dropped: " + failure.what());
        }
    }
    scratch_map(const scratch_map&) = delete;
    scratch_map& operator=(const scratch_map&) = delete;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    store& in_;
    std::string name_;
};

/// Repeats `operation` for the time of the plan, or as often as it says.
template <class Operation>
figures measure(const plan& wanted, std::uint64_t operations_max, Operation&& operation) {
    figures result;
    const clock::time_point begin = clock::now();
    clock::time_point before = begin;
    while (result.operations < operations_max && before - begin < wanted.time) {
        stop_if_interrupted();
        operation();
        const clock::time_point now = clock::now();
        result.each.add(static_cast<std::uint64_t>((now - before).count()));
        before = now;
        ++result.operations;
    }
    result.time = before - begin;
    return result;
}

class benchmark {
public:
    benchmark(store& on, std::string map, const plan& wanted)
        : on_(on), map_(std::move(map)), wanted_(wanted), value_(wanted.value_bytes, '\0') {
        std::generate(value_.begin(), value_.end(), [&] { return static_cast<char>(random_()); });
    }

    /// What is counted are keys; latencies are those of transactions.
    figures load() {
        figures result;
        const clock::time_point begin = clock::now();
        for (std::uint64_t first = 0; first < wanted_.entries; first += entries_of_a_transaction) {
            stop_if_interrupted();
            const clock::time_point before = clock::now();
            on_.update([&](write_transaction& transaction) {
                map_writer map = transaction.map(map_);
                for (std::uint64_t i = first; i < std::min(first + entries_of_a_transaction, wanted_.entries);
                     ++i) {
                    map.put(key(i), next_value());
                }
            });
            result.each.add(static_cast<std::uint64_t>((clock::now() - before).count()));
        }
        result.time = clock::now() - begin;
        result.operations = wanted_.entries;
        return result;
    }
    figures get() {
        return measure(wanted_, no_limit, [&] {
            const auto found = on_.snapshot().map(map_).get<std::string>(random_key());
            expect(found && found->size() == wanted_.value_bytes);
        });
    }
    figures scan() {
        figures result;
        const clock::time_point begin = clock::now();
        while (result.operations == 0 || clock::now() - begin < wanted_.time) {
            stop_if_interrupted();
            const clock::time_point before = clock::now();
            std::uint64_t entries = 0;
            for (auto&& [name, value] : on_.snapshot().map(map_)) {
                entries += static_cast<std::uint64_t>(std::string_view(value).size() == wanted_.value_bytes);
            }
            expect(entries == wanted_.entries);
            result.each.add(static_cast<std::uint64_t>((clock::now() - before).count()));
            result.operations += entries;
        }
        result.time = clock::now() - begin;
        return result;
    }
    figures put(durability level) {
        return measure(wanted_, no_limit, [&] { put_one(level); });
    }
    figures put_and_sync() {
        return measure(wanted_, no_limit, [&] {
            put_one(durability::process);
            on_.sync();
        });
    }
    /// Half of the entries at most: the scratch is not empty afterwards.
    figures erase() {
        std::uint64_t next = 0;
        return measure(wanted_, std::max<std::uint64_t>(wanted_.entries / 2, 1), [&] {
            on_.update([&](write_transaction& transaction) { transaction.map(map_).erase(key(2 * next)); });
            ++next;
        });
    }

private:
    static constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

    static void expect(bool fine) {
        if (!fine) {
            throw error(errc::corrupt, "the benchmark read something else than it had put");
        }
    }
    void put_one(durability level) {
        on_.update([&](write_transaction& transaction) {
            transaction.set_durability(level);
            transaction.map(map_).put(random_key(), next_value());
        });
    }
    [[nodiscard]] std::string_view key(std::uint64_t i) {
        const int length =
            std::snprintf(key_.data(), key_.size(), "user:%012llu", static_cast<unsigned long long>(i));
        return {key_.data(), static_cast<std::size_t>(length)};
    }
    [[nodiscard]] std::string_view random_key() { return key(random_() % wanted_.entries); }
    [[nodiscard]] std::string_view next_value() {
        ++puts_;
        std::memcpy(value_.data(), &puts_, std::min(sizeof puts_, value_.size()));
        return value_;
    }

    store& on_;
    std::string map_;
    plan wanted_;
    std::mt19937_64 random_{std::random_device()()};
    std::string value_;
    std::uint64_t puts_ = 0;
    std::array<char, 40> key_{};
};

/// Shows each row as soon as it is known.
class rows {
public:
    rows(output& out, bool json) : out_(out), json_(json) {
        if (!json_) {
            line({"", "per second", "p50 us", "p99 us", "p99.9 us", "max us"});
        }
    }
    void add(const std::string& name, const figures& of) {
        const double seconds = std::chrono::duration<double>(of.time).count();
        const auto rate =
            static_cast<std::uint64_t>(static_cast<double>(of.operations) / std::max(seconds, 1e-9));
        if (json_) {
            json_object object(out_);
            object.text("operation", name);
            object.number("operations", of.operations);
            object.number("per_second", rate);
            object.number("p50_ns", of.each.at(0.5));
            object.number("p99_ns", of.each.at(0.99));
            object.number("p99.9_ns", of.each.at(0.999));
            object.number("max_ns", of.each.max());
            object.close();
            out_.write('\n');
        } else {
            line({name, std::to_string(rate), microseconds(of.each.at(0.5)), microseconds(of.each.at(0.99)),
                  microseconds(of.each.at(0.999)), microseconds(of.each.max())});
        }
        out_.flush();
    }

private:
    [[nodiscard]] static std::string microseconds(std::uint64_t nanoseconds) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(nanoseconds) / 1000);
        return text.data();
    }
    void line(const std::array<std::string, 6>& cells) {
        std::array<char, 160> text{};
        std::snprintf(text.data(), text.size(), "%-14s%14s%12s%12s%12s%12s\n", cells[0].c_str(),
                      cells[1].c_str(), cells[2].c_str(), cells[3].c_str(), cells[4].c_str(),
                      cells[5].c_str());
        out_.write(text.data());
    }
    output& out_;
    bool json_;
};

/// What is durable comes last: it makes the store keep a log.
void run_all(benchmark&& on, rows&& to, bool in_store) {
    to.add("load", on.load());
    to.add("get", on.get());
    to.add("scan", on.scan());
    to.add("put", on.put(durability::process));
    to.add("put and sync", on.put_and_sync());
    to.add("erase", on.erase());
    if (!in_store) {
        to.add("durable put", on.put(durability::commit));
    }
}

[[nodiscard]] std::uint64_t positive(std::string_view option, const std::string& text) {
    const std::uint64_t number = parse_number(option, text);
    if (number == 0) {
        throw_usage(std::string(option) + " has to be at least 1");
    }
    return number;
}

exit_status run_bench(invocation& call) {
    std::optional<std::string> entries;
    std::optional<std::string> size;
    std::optional<std::string> time;
    bool in_store = false;
    bool json = false;
    call.line.option("--entries", "N", entries, "keys that are put at first; 100000 by default");
    call.line.option("--size", "BYTES", size, "of a value; 100 by default");
    call.line.option("--time", "DURATION", time, "of each measurement; 1s by default");
    call.line.flag("--in-store", in_store, "in a map of its own in the store that is there");
    call.line.flag("--json", json, "one JSON object a line");
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    plan wanted;
    wanted.entries = entries ? positive("--entries", *entries) : wanted.entries;
    wanted.value_bytes = size ? positive("--size", *size) : wanted.value_bytes;
    wanted.time = time ? std::chrono::nanoseconds(parse_duration("--time", *time)) : wanted.time;
    const interrupt_guard guard;
    if (in_store) {
        store target = open_to_write(call.given);
        const scratch_map map(target);
        run_all(benchmark(target, map.name(), wanted), rows(call.out, json), true);
    } else {
        scratch_store scratch(call.given);
        run_all(benchmark(scratch.get(), "", wanted), rows(call.out, json), false);
    }
    return exit_status::done;
}

constexpr command this_command{.name = "bench",
                               .alias = "",
                               .arguments = "",
                               .summary = "Measure reads and writes on this machine",
                               .details = details,
                               .group = command_group::store,
                               .run = run_bench};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
