// Compares candidate on-disk layouts, as in-memory mock-ups: get, put, scan and size for three sizes of
// values and three kinds of keys. Prints a table whose factors are speeds relative to "refs" in the same run;
// higher is faster.
//
//   holdfast_bench_layouts [--quick] [--repetitions N]
//
// Candidates are loaded side by side and measured in turn in every repetition, each time from another first
// one and after an untimed scan, so that noise and cold caches hit all alike; a figure is the median of the
// repetitions. Every value, the order and the digests are verified at the end. The durability mode is none at
// all.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "inline_leaf.hpp"
#include "path_copying_tree.hpp"
#include "reference_leaf.hpp"
#include "slotted_tree.hpp"
#include "workload.hpp"

namespace layouts {
namespace {

volatile std::uint64_t sink;

template <class Work>
double nanoseconds_each(std::size_t count, Work work) {
    auto const begin = std::chrono::steady_clock::now();
    work();
    std::chrono::duration<double, std::nano> const took = std::chrono::steady_clock::now() - begin;
    return took.count() / static_cast<double>(count);
}

[[noreturn]] void fail(char const* candidate, char const* what) {
    std::fprintf(stderr, "%s: %s\n", candidate, what);
    std::exit(1);
}

double median(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    return samples[samples.size() / 2];
}

/// One candidate with what was measured of it.
class candidate {
public:
    explicit candidate(char const* name) : name_{name} {}
    virtual ~candidate() = default;

    virtual void load(key_sequence const& keys, value_source& values) = 0;
    virtual void warm() const = 0;
    virtual void measure_get(key_sequence const& keys) = 0;
    virtual void measure_put(key_sequence const& keys, value_source& values, unsigned round) = 0;
    virtual void measure_scan(std::size_t count) = 0;
    virtual void verify(key_sequence const& keys, unsigned round) const = 0;
    virtual unsigned levels() const noexcept = 0;

    char const* name() const noexcept { return name_; }
    double bytes_each() const noexcept { return bytes_each_; }
    double get() const { return median(get_); }
    double put() const { return median(put_); }
    double scan() const { return median(scan_); }

protected:
    char const* name_;
    double bytes_each_ = 0;
    std::vector<double> get_, put_, scan_;
};

template <class Tree>
class measured final : public candidate {
public:
    using candidate::candidate;

    void load(key_sequence const& keys, value_source& values) override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            tree_.put(keys[i], values(keys.id(i), 0));
        }
        bytes_each_ = static_cast<double>(tree_.used_bytes()) / static_cast<double>(keys.size());
    }

    void warm() const override {
        std::uint64_t sum = 0;
        tree_.scan([&](std::string_view, std::string_view value, std::uint64_t) {
            sum += static_cast<unsigned char>(value.front());
        });
        sink = sum;
    }

    void measure_get(key_sequence const& keys) override {
        std::uint64_t sum = 0;
        std::size_t missing = 0;
        get_.push_back(nanoseconds_each(keys.size(), [&] {
            for (std::size_t i = 0; i < keys.size(); ++i) {
                auto const value = tree_.get(keys[i]);
                if (!value) {
                    ++missing;
                } else {
                    sum += static_cast<unsigned char>(value->front()) +
                           static_cast<unsigned char>(value->back());
                }
            }
        }));
        sink = sum;
        if (missing != 0) {
            fail(name_, "a key was not found");
        }
    }

    void measure_put(key_sequence const& keys, value_source& values, unsigned round) override {
        put_.push_back(nanoseconds_each(keys.size(), [&] {
            for (std::size_t i = 0; i < keys.size(); ++i) {
                tree_.put(keys[i], values(keys.id(i), round));
            }
        }));
    }

    void measure_scan(std::size_t count) override {
        std::uint64_t sum = 0;
        std::size_t seen = 0;
        scan_.push_back(nanoseconds_each(count, [&] {
            tree_.scan([&](std::string_view, std::string_view value, std::uint64_t) {
                sum += static_cast<unsigned char>(value.front()) + static_cast<unsigned char>(value.back());
                ++seen;
            });
        }));
        sink = sum;
        if (seen != count) {
            fail(name_, "a scan did not see every entry");
        }
    }

    void verify(key_sequence const& keys, unsigned round) const override {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            auto const value = tree_.get(keys[i]);
            if (!value || value_source::stamp_of(*value) != value_source::stamp(keys.id(i), round)) {
                fail(name_, "a wrong value");
            }
        }
        std::string last;
        tree_.scan([&](std::string_view key, std::string_view, std::uint64_t) {
            if (key <= last) {
                fail(name_, "entries out of order");
            }
            last = key;
        });
        if (!tree_.digests_hold()) {
            fail(name_, "a digest does not match");
        }
    }

    unsigned levels() const noexcept override { return tree_.levels(); }

private:
    Tree tree_;
};

std::vector<std::unique_ptr<candidate>> make_candidates(std::size_t value_size) {
    using heads4 = std::uint32_t;
    std::vector<std::unique_ptr<candidate>> all;
    all.push_back(std::make_unique<measured<path_copying_tree<leaf_refs, heads4>>>("refs"));
    all.push_back(std::make_unique<measured<path_copying_tree<leaf_tagged, heads4>>>("refs, tagged"));
    all.push_back(std::make_unique<measured<path_copying_tree<leaf_wide, heads4>>>("refs, tagged, 768 B"));
    all.push_back(std::make_unique<measured<path_copying_tree<leaf_widest, heads4>>>("refs, tagged, 1 KiB"));
    all.push_back(
        std::make_unique<measured<path_copying_tree<leaf_heads8, std::uint64_t>>>("refs, heads of 8"));
    all.push_back(std::make_unique<measured<path_copying_tree<inline_leaf, heads4>>>("inline"));
    all.push_back(std::make_unique<measured<slotted_tree<1024, true>>>("slotted"));
    all.push_back(std::make_unique<measured<slotted_tree<1024, false>>>("slotted, unchecked"));
    if (value_size > 256) {
        all.push_back(std::make_unique<measured<slotted_tree<256, true>>>("slotted, value out"));
    }
    return all;
}

void run(key_kind kind, char const* kind_name, std::size_t value_size, std::size_t count,
         unsigned repetitions) {
    auto const keys = make_keys(kind, count);
    key_sequence const load_order{keys, 1}, get_order{keys, 2}, put_order{keys, 3};
    value_source values{value_size};
    auto const all = make_candidates(value_size);
    std::vector<candidate*> turns;
    for (auto const& one : all) {
        one->load(load_order, values);
        turns.push_back(one.get());
    }
    for (unsigned round = 1; round <= repetitions; ++round) {
        std::rotate(turns.begin(), turns.begin() + 1, turns.end());
        for (candidate* const one : turns) {
            one->warm(), one->measure_get(get_order);
        }
        for (candidate* const one : turns) {
            one->warm(), one->measure_scan(count);
        }
        for (candidate* const one : turns) {
            one->warm(), one->measure_put(put_order, values, round);
        }
    }
    candidate const& base = *all.front();
    for (auto const& one : all) {
        one->verify(get_order, repetitions);
        std::printf("| %zu | %s | %s | %u | %.0f | %.0f (%.2f) | %.0f (%.2f) | %.1f (%.2f) |\n", value_size,
                    kind_name, one->name(), one->levels(), one->bytes_each(), one->get(),
                    base.get() / one->get(), one->put(), base.put() / one->put(), one->scan(),
                    base.scan() / one->scan());
    }
    std::fflush(stdout);
}

} // namespace
} // namespace layouts

int main(int argc, char** argv) {
    bool quick = false;
    int repetitions = 3;
    for (int i = 1; i < argc; ++i) {
        std::string_view const option = argv[i];
        if (option == "--quick") {
            quick = true;
        } else if (option == "--repetitions" && i + 1 < argc) {
            repetitions = std::atoi(argv[++i]);
        } else {
            std::fprintf(stderr,
                         "usage: holdfast_bench_layouts [--quick] [--repetitions N], N from 1 to 255\n");
            return 2;
        }
    }
    if (repetitions < 1 || repetitions > 255) {
        return 2;
    }
    std::printf("| value | keys | layout | levels | bytes/entry | get ns (speed) | put ns (speed) | scan ns "
                "(speed) |\n");
    std::printf("|--:|---|---|--:|--:|--:|--:|--:|\n");
    for (std::size_t const value_size : {8, 100, 1000}) {
        std::size_t const full = value_size == 1000 ? 200'000 : 1'000'000;
        for (auto const& [kind, name] : layouts::key_kinds) {
            layouts::run(kind, name, value_size, quick ? 100'000 : full, static_cast<unsigned>(repetitions));
        }
    }
}
