// How reading scales with the threads of one process: single gets, and snapshots of which each serves one get, in
// operations of all threads a second; medians of several repetitions, taken in turns.
//
//     holdfast_bench_readers [--entries N] [--repetitions R] [--milliseconds M] [--folder DIR]
//
// `busy` is what the threads could do at best: arithmetic that touches no memory. On a machine that gives two threads
// less than twice the time of one, nothing else scales better than that.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <holdfast/store.hpp>

namespace {

struct settings {
    std::uint64_t entries = 1'000;
    int repetitions = 5;
    std::chrono::milliseconds duration{300};
    std::filesystem::path folder = std::filesystem::temp_directory_path();
};

[[nodiscard]] settings parse(int count, char** words) {
    settings given;
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string name = words[i];
        if (name == "--entries") {
            given.entries = std::stoull(words[i + 1]);
        } else if (name == "--repetitions") {
            given.repetitions = std::stoi(words[i + 1]);
        } else if (name == "--milliseconds") {
            given.duration = std::chrono::milliseconds(std::stoll(words[i + 1]));
        } else if (name == "--folder") {
            given.folder = words[i + 1];
        }
    }
    return given;
}

[[nodiscard]] std::string key_of(std::uint64_t number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "key%014llu", static_cast<unsigned long long>(number));
    return text.data();
}

/// Operations a second of `threads` threads that repeat `one(random)`.
[[nodiscard]] double rate(const settings& given, unsigned threads,
                          const std::function<void(std::uint64_t)>& one) {
    std::atomic<bool> stop{false};
    std::vector<std::uint64_t> done(threads * 16); // a cache line or two each
    std::vector<std::thread> running;
    const auto start = std::chrono::steady_clock::now();
    for (unsigned number = 0; number < threads; ++number) {
        running.emplace_back([&, number] {
            std::uint64_t random = number + 1;
            std::uint64_t count = 0;
            while (!stop.load(std::memory_order_relaxed)) {
                for (int i = 0; i < 64; ++i) {
                    random = random * 6364136223846793005U + 1442695040888963407U;
                    one(random >> 33);
                }
                count += 64;
            }
            done[number * 16] = count;
        });
    }
    std::this_thread::sleep_for(given.duration);
    stop.store(true);
    for (std::thread& thread : running) {
        thread.join();
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::uint64_t all = 0;
    for (const std::uint64_t count : done) {
        all += count;
    }
    return static_cast<double>(all) / elapsed.count();
}

[[nodiscard]] double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void measure(const settings& given, holdfast::store& from) {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < given.entries; ++i) {
        keys.push_back(key_of(i));
    }
    struct work {
        const char* name;
        std::function<void(std::uint64_t)> one;
        std::vector<double> rates[2];
    };
    std::atomic<std::uint64_t> missing{0};
    std::vector<work> all;
    all.push_back({"busy",
                   [](std::uint64_t random) {
                       for (int i = 0; i < 100; ++i) {
                           random = random * 6364136223846793005U + 1442695040888963407U;
                       }
                       const volatile std::uint64_t sink = random;
                       static_cast<void>(sink);
                   },
                   {}});
    all.push_back({"get",
                   [&](std::uint64_t random) {
                       if (!from.get(keys[random % keys.size()])) {
                           ++missing;
                       }
                   },
                   {}});
    all.push_back({"snapshot and get",
                   [&](std::uint64_t random) {
                       const holdfast::snapshot now = from.snapshot();
                       if (!now.get(keys[random % keys.size()])) {
                           ++missing;
                       }
                   },
                   {}});
    for (int round = 0; round < given.repetitions; ++round) {
        for (work& each : all) {
            for (const unsigned threads : {1U, 2U}) {
                each.rates[threads - 1].push_back(rate(given, threads, each.one));
            }
        }
    }
    std::printf("| operations a second | 1 thread | 2 threads | ratio |\n|---|--:|--:|--:|\n");
    for (const work& each : all) {
        const double one = median(each.rates[0]);
        const double two = median(each.rates[1]);
        std::printf("| %s | %.0f | %.0f | %.2f |\n", each.name, one, two, two / one);
    }
    if (missing != 0) {
        std::fprintf(stderr, "keys are missing\n");
        std::exit(1);
    }
}

} // namespace

int main(int count, char** words) {
    const settings given = parse(count, words);
    const std::filesystem::path path =
        given.folder / ("holdfast-readers-" + std::to_string(::getpid()) + ".hold");
    {
        holdfast::store from = holdfast::store::open(path);
        from.update([&](holdfast::write_transaction& transaction) {
            for (std::uint64_t i = 0; i < given.entries; ++i) {
                transaction.put(key_of(i), std::string(100, 'v'));
            }
        });
        measure(given, from);
    }
    std::filesystem::remove(path);
}
