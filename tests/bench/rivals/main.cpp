// Holdfast against its rivals in the same run: medians of several repetitions, taken in turns, as ratios.
//
//     holdfast_bench_rivals [--entries N] [--value BYTES] [--repetitions R] [--folder DIR]
//
// The keys are 17 bytes ("key" and 14 digits), in random order. Every overwrite changes the value.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>
#include <random>
#include <unistd.h>

#include "contender.hpp"

namespace rivals {

namespace {

struct settings {
    std::uint64_t entries = 1'000'000;
    std::size_t value_bytes = 100;
    int repetitions = 3;
    std::filesystem::path folder = std::filesystem::temp_directory_path();
};

using nanoseconds_per_operation = double;

/// Keys and values of the run, the same for all contenders.
class data_set {
public:
    explicit data_set(const settings& wanted) : value_(wanted.value_bytes, 'v') {
        for (std::uint64_t i = 0; i < wanted.entries; ++i) {
            char text[32];
            std::snprintf(text, sizeof text, "key%014llu", static_cast<unsigned long long>(i));
            keys_.emplace_back(text);
        }
        order_.resize(keys_.size());
        std::iota(order_.begin(), order_.end(), 0U);
        std::shuffle(order_.begin(), order_.end(), random_);
    }
    [[nodiscard]] const std::vector<std::string>& keys() const noexcept { return keys_; }
    [[nodiscard]] const std::string& shuffled(std::uint64_t i) const noexcept {
        return keys_[order_[i % order_.size()]];
    }
    [[nodiscard]] const std::string& random_key() { return keys_[random_() % keys_.size()]; }
    /// Another value at each call.
    [[nodiscard]] std::string_view next_value() {
        std::snprintf(value_.data(), value_.size(), "%llu", static_cast<unsigned long long>(++counter_));
        return value_;
    }

private:
    std::mt19937_64 random_{20};
    std::vector<std::string> keys_;
    std::vector<std::uint32_t> order_;
    std::string value_;
    std::uint64_t counter_ = 0;
};

template <class Work>
[[nodiscard]] nanoseconds_per_operation time_of(std::uint64_t operations, Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
    return time.count() / static_cast<double>(operations);
}

/// medians[workload][contender]
class results {
public:
    void add(const std::string& workload, const std::string& contender, nanoseconds_per_operation time) {
        if (!times_.contains(workload)) {
            order_.push_back(workload);
        }
        times_[workload][contender].push_back(time);
    }
    void print(const std::vector<std::string>& names) const {
        std::printf("%-34s", "median, ns an operation");
        for (const std::string& name : names) {
            std::printf("%14s", name.c_str());
        }
        std::printf("%14s\n", names.size() > 1 ? "times faster" : "");
        for (const std::string& workload : order_) {
            std::printf("%-34s", workload.c_str());
            for (const std::string& name : names) {
                std::printf("%14.1f", median(workload, name));
            }
            if (names.size() > 1) {
                std::printf("%14.2f", median(workload, names[1]) / median(workload, names[0]));
            }
            std::printf("\n");
        }
    }

private:
    [[nodiscard]] double median(const std::string& workload, const std::string& name) const {
        std::vector<double> times = times_.at(workload).at(name);
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    }
    std::vector<std::string> order_;
    std::map<std::string, std::map<std::string, std::vector<double>>> times_;
};

using opener = std::unique_ptr<contender> (*)(const std::filesystem::path&);

class temporary_folder {
public:
    explicit temporary_folder(const std::filesystem::path& parent) {
        std::string pattern = (parent / "holdfast-bench-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            std::perror("mkdtemp");
            std::exit(1);
        }
        path_ = pattern;
    }
    ~temporary_folder() { std::filesystem::remove_all(path_); }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

constexpr std::size_t batch_entries = 1000;

void load(contender& store, data_set& data, bool sorted) {
    std::vector<std::string> values(batch_entries);
    std::vector<key_value> batch;
    for (std::uint64_t i = 0; i < data.keys().size(); ++i) {
        values[batch.size()] = data.next_value();
        batch.push_back({sorted ? data.keys()[i] : data.shuffled(i), values[batch.size()]});
        if (batch.size() == batch_entries || i + 1 == data.keys().size()) {
            store.put_batch(batch);
            batch.clear();
        }
    }
}

void measure_reads(contender& store, data_set& data, results& table) {
    const std::uint64_t gets = data.keys().size();
    std::int64_t sum = 0;
    table.add("random get, own transaction", store.name(), time_of(gets, [&] {
                  for (std::uint64_t i = 0; i < gets; ++i) {
                      sum += store.get(data.random_key());
                  }
              }));
    std::vector<std::string_view> keys;
    for (std::uint64_t i = 0; i < gets; ++i) {
        keys.push_back(data.random_key());
    }
    table.add("random get, one transaction", store.name(),
              time_of(gets, [&] { sum += store.get_in_one(keys); }));
    std::string absent(17, 'x');
    table.add("absent key", store.name(), time_of(gets, [&] {
                  for (std::uint64_t i = 0; i < gets; ++i) {
                      std::memcpy(absent.data(), data.random_key().data(), 16);
                      sum += store.get(absent);
                  }
              }));
    std::uint64_t entries = 0;
    table.add("scan, each", store.name(), time_of(gets, [&] { entries = store.scan(); }));
    if (entries != gets || sum == 0) {
        std::fprintf(stderr, "%s: %llu entries found\n", store.name(),
                     static_cast<unsigned long long>(entries));
        std::exit(1);
    }
}

void measure_puts(contender& store, data_set& data, results& table) {
    const std::uint64_t puts = std::max<std::uint64_t>(data.keys().size() / 4, 1000);
    table.add("random put, a commit each", store.name(), time_of(puts, [&] {
                  for (std::uint64_t i = 0; i < puts; ++i) {
                      store.put(data.random_key(), data.next_value());
                  }
              }));
    table.add("random put, batches of 1000", store.name(), time_of(puts, [&] {
                  std::vector<std::string> values(batch_entries);
                  std::vector<key_value> batch;
                  for (std::uint64_t i = 0; i < puts; ++i) {
                      values[batch.size()] = data.next_value();
                      batch.push_back({data.random_key(), values[batch.size()]});
                      if (batch.size() == batch_entries || i + 1 == puts) {
                          store.put_batch(batch);
                          batch.clear();
                      }
                  }
              }));
}

void measure_held_snapshots(contender& store, data_set& data, results& table) {
    const std::uint64_t puts = std::max<std::uint64_t>(data.keys().size() / 50, 1000);
    std::vector<std::shared_ptr<void>> held;
    for (const std::size_t wanted : {std::size_t{0}, std::size_t{1}, std::size_t{100}, std::size_t{1000}}) {
        while (held.size() < wanted) {
            held.push_back(store.hold_snapshot());
            for (int i = 0; i < 5; ++i) {
                store.put(data.random_key(), data.next_value());
            }
        }
        table.add("put beside " + std::to_string(wanted) + " held snapshots", store.name(),
                  time_of(puts, [&] {
                      for (std::uint64_t i = 0; i < puts; ++i) {
                          store.put(data.random_key(), data.next_value());
                      }
                  }));
    }
}

void repetition(const settings& wanted, const std::vector<opener>& openers, data_set& data, results& table) {
    for (const opener open : openers) {
        {
            const temporary_folder folder(wanted.folder);
            const auto store = open(folder.path());
            table.add("sorted load, each", store->name(),
                      time_of(wanted.entries, [&] { load(*store, data, true); }));
        }
        const temporary_folder folder(wanted.folder);
        const auto store = open(folder.path());
        table.add("random load, each", store->name(),
                  time_of(wanted.entries, [&] { load(*store, data, false); }));
        measure_reads(*store, data, table);
        measure_puts(*store, data, table);
        measure_held_snapshots(*store, data, table);
    }
}

[[nodiscard]] settings parse(int argc, char** argv) {
    settings wanted;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        if (option == "--entries") {
            wanted.entries = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (option == "--value") {
            wanted.value_bytes = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (option == "--repetitions") {
            wanted.repetitions = std::atoi(argv[i + 1]);
        } else if (option == "--folder") {
            wanted.folder = argv[i + 1];
        } else {
            std::fprintf(stderr, "unknown option %s\n", argv[i]);
            std::exit(2);
        }
    }
    return wanted;
}

} // namespace

} // namespace rivals

int main(int argc, char** argv) {
    const rivals::settings wanted = rivals::parse(argc, argv);
    std::vector<rivals::opener> openers = {rivals::open_holdfast};
    std::vector<std::string> names = {"holdfast"};
#ifdef HOLDFAST_BENCH_LMDB
    openers.push_back(rivals::open_lmdb);
    names.emplace_back("lmdb");
#endif
    rivals::data_set data(wanted);
    rivals::results table;
    for (int i = 0; i < wanted.repetitions; ++i) {
        rivals::repetition(wanted, openers, data, table);
    }
    std::printf(
        "%llu entries, 17-byte keys, %zu-byte values, %d repetitions; durability: process (no sync)\n",
        static_cast<unsigned long long>(wanted.entries), wanted.value_bytes, wanted.repetitions);
    table.print(names);
    return 0;
}
