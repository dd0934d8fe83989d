// What types cost, in one run: medians of several repetitions, taken in turns, as ratios.
//
//     holdfast_bench_types [--entries N] [--repetitions R] [--folder DIR]
//
// A document of eight fields against cereal's portable binary archive and a put or get of its bytes; a raw object in
// place against a get of as many bytes in place; a counter against both.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <cereal/archives/portable_binary.hpp>
#include <holdfast/document.hpp>
#include <holdfast/store.hpp>

namespace {

struct person {
    std::string name;
    std::string mail;
    std::int32_t age = 0;
    double balance = 0;
    bool active = false;
    std::uint64_t number = 0;
    std::vector<std::string> groups;
    std::int64_t since = 0;

    template <class Archive>
    void serialize(Archive& archive) {
        archive(CEREAL_NVP(name), CEREAL_NVP(mail), CEREAL_NVP(age), CEREAL_NVP(balance), CEREAL_NVP(active),
                CEREAL_NVP(number), CEREAL_NVP(groups), CEREAL_NVP(since));
    }
};

struct reading {
    std::array<double, 12> values;
};

struct settings {
    std::uint64_t entries = 200'000;
    int repetitions = 5;
    std::filesystem::path folder = std::filesystem::temp_directory_path();
};

[[nodiscard]] person numbered_person(std::uint64_t i) {
    return {"person " + std::to_string(i),
            "p" + std::to_string(i) + "@example.org",
            static_cast<std::int32_t>(i % 100),
            static_cast<double>(i) * 0.25,
            i % 2 == 0,
            i * 7919,
            {"staff", "night shift"},
            static_cast<std::int64_t>(i) - 1000};
}

} // namespace

template <>
struct holdfast::type_description<person> {
    static constexpr std::string_view name = "person";
};
template <>
struct holdfast::type_description<reading> {
    static constexpr std::string_view name = "reading";
    static constexpr std::uint32_t raw_version = 1;
};

namespace {

class results {
public:
    template <class Work>
    void measure(const std::string& name, std::uint64_t operations, Work&& work) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
        times_[name].push_back(time.count() / static_cast<double>(operations));
    }
    /// `name` against `rival`: 1.0 is as fast.
    void print(const std::string& name, const std::string& rival, double target) const {
        const double ours = median(name);
        const double theirs = median(rival);
        std::printf("| %s | %.0f | %s | %.0f | %.2f | %.2f |\n", name.c_str(), ours, rival.c_str(), theirs,
                    theirs / ours, target);
    }

private:
    [[nodiscard]] double median(const std::string& name) const {
        std::vector<double> times = times_.at(name);
        std::sort(times.begin(), times.end());
        return times[times.size() / 2];
    }
    std::map<std::string, std::vector<double>> times_;
};

[[nodiscard]] std::string portable(const person& value) {
    std::ostringstream out;
    cereal::PortableBinaryOutputArchive archive(out);
    archive(value);
    return out.str();
}

[[nodiscard]] person from_portable(const std::string& bytes) {
    std::istringstream in(bytes);
    cereal::PortableBinaryInputArchive archive(in);
    person value;
    archive(value);
    return value;
}

/// Keeps the compiler from leaving out what is measured.
std::uint64_t sink = 0;

class workload {
public:
    workload(const settings& wanted, holdfast::store& store) : store_(store) {
        for (std::uint64_t i = 0; i < wanted.entries; ++i) {
            people_.push_back(numbered_person(i % 1000));
            std::array<char, 24> text;
            std::snprintf(text.data(), text.size(), "key%09llu", static_cast<unsigned long long>(i));
            keys_.emplace_back(text.data());
        }
        std::shuffle(keys_.begin(), keys_.end(), std::mt19937_64(20));
    }

    void run(results& table) {
        auto documents = store_.map<std::string, person>("documents");
        auto readings = store_.map<std::string, reading>("readings");
        auto counters = store_.map<std::string, std::int64_t>("counters");
        put_all(table, "document put", [&](std::size_t i) { documents.put(keys_[i], people_[i]); });
        put_all(table, "portable binary and byte put",
                [&](std::size_t i) { put_bytes("portable", i, portable(people_[i])); });
        const std::string bytes(sizeof(reading), 'x');
        put_all(table, "raw put", [&](std::size_t i) { readings.put(keys_[i], reading{}); });
        put_all(table, "byte put", [&](std::size_t i) { put_bytes("bytes", i, bytes); });
        put_all(table, "counter add", [&](std::size_t i) { counters.add(keys_[i], 1); });
        std::shuffle(keys_.begin(), keys_.end(), std::mt19937_64(21));
        const holdfast::snapshot now = store_.snapshot();
        const auto people = now.in(documents);
        const holdfast::map_view packed = now.map("portable");
        get_all(table, "document get", [&](const std::string& key) { return people.get(key)->number; });
        get_all(table, "portable binary and byte get", [&](const std::string& key) {
            return from_portable(std::string(packed.get(key)->text())).number;
        });
        const auto raw = now.in(readings);
        const holdfast::map_view plain = now.map("bytes");
        get_all(table, "raw get",
                [&](const std::string& key) { return static_cast<std::uint64_t>(raw.get(key)->values[11]); });
        get_all(table, "byte get", [&](const std::string& key) {
            return static_cast<std::uint64_t>(plain.get(key)->text()[sizeof(reading) - 8]);
        });
    }

private:
    template <class Put>
    void put_all(results& table, const std::string& name, Put&& put) {
        table.measure(name, keys_.size(), [&] {
            for (std::size_t i = 0; i < keys_.size(); ++i) {
                put(i);
            }
        });
    }
    template <class Get>
    void get_all(results& table, const std::string& name, Get&& get) {
        table.measure(name, keys_.size(), [&] {
            for (const std::string& key : keys_) {
                sink += get(key);
            }
        });
    }
    void put_bytes(std::string_view map, std::size_t i, const std::string& bytes) {
        store_.update([&](holdfast::write_transaction& transaction) {
            transaction.map(map).put(keys_[i], std::as_bytes(std::span(bytes)));
        });
    }

    holdfast::store& store_;
    std::vector<std::string> keys_;
    std::vector<person> people_;
};

[[nodiscard]] settings parse(int count, char** words) {
    settings wanted;
    for (int i = 1; i + 1 < count; i += 2) {
        if (std::strcmp(words[i], "--entries") == 0) {
            wanted.entries = std::strtoull(words[i + 1], nullptr, 10);
        } else if (std::strcmp(words[i], "--repetitions") == 0) {
            wanted.repetitions = std::atoi(words[i + 1]);
        } else if (std::strcmp(words[i], "--folder") == 0) {
            wanted.folder = words[i + 1];
        }
    }
    return wanted;
}

} // namespace

int main(int count, char** words) {
    const settings wanted = parse(count, words);
    const std::filesystem::path path =
        wanted.folder / ("holdfast-bench-types-" + std::to_string(getpid()) + ".hold");
    {
        holdfast::store store = holdfast::store::open(path);
        workload work(wanted, store);
        results table;
        for (int i = 0; i <= wanted.repetitions; ++i) {
            results warm_up;
            work.run(i == 0 ? warm_up : table);
        }
        std::printf(
            "| ns an operation | | against | | times as fast | target |\n|---|--:|---|--:|--:|--:|\n");
        table.print("document put", "portable binary and byte put", 0.67);
        table.print("document get", "portable binary and byte get", 0.67);
        table.print("raw get", "byte get", 1.0);
        table.print("raw put", "byte put", 1.0);
        table.print("counter add", "byte put", 1.0);
    }
    std::filesystem::remove(path);
    return sink == 0 ? 1 : 0;
}
