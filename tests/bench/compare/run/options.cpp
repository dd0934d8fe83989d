// The command line of the comparison.
#include "run/options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>

#include "run/values.hpp"

namespace compare {

namespace {

constexpr const char* usage =
    R"(holdfast_bench_compare: Holdfast and other stores, in turns, in one run; prints JSON lines

  --stores A,B       which stores (all that are here)
  --workloads A,B    which workloads (all); "put*" is every one that begins with put
  --sizes N,N        bytes of a value, 8 or at least 16 (100)
  --entries N,N      entries of a data set (1000000)
  --keys A,B         user (17 bytes), hex (16 random digits), url (60 bytes) (user)
  --repetitions N    of each measurement; the median and the spread are reported (5)
  --seconds S        of each measurement (1)
  --use-seconds S    of random puts that turn a store just loaded into one in use (5)
  --data-max BYTES   leaves out data sets that are larger (2147483648)
  --folder DIR       where stores are made, and removed (the temporary folder)
  --out FILE         where the lines go (standard output)
  --quick            tiny counts: shows that everything works, measures nothing
  --list             stores, workloads, and what is left out

tests/bench/compare/report.py makes a table and plots of the lines.
)";

[[nodiscard]] std::vector<std::string> split(std::string_view words) {
    std::vector<std::string> result;
    while (!words.empty()) {
        const std::size_t comma = std::min(words.find(','), words.size());
        result.emplace_back(words.substr(0, comma));
        words.remove_prefix(std::min(comma + 1, words.size()));
    }
    return result;
}

template <class Number>
[[nodiscard]] Number number(std::string_view text, Number min) {
    Number result{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc() || end != text.data() + text.size() || result < min) {
        throw std::invalid_argument("'" + std::string(text) + "' is not a number, or too small");
    }
    return result;
}

template <class Number>
[[nodiscard]] std::vector<Number> numbers(std::string_view text, Number min) {
    std::vector<Number> result;
    for (const std::string& each : split(text)) {
        result.push_back(number<Number>(each, min));
    }
    return result;
}

void be_quick(options& given) {
    given.entries = {1000};
    given.repetitions = 1;
    given.seconds = 0.004;
    given.use_seconds = 0.004;
}

using setter = std::function<void(options&, std::string_view)>;

[[nodiscard]] const std::map<std::string, setter, std::less<>>& setters() {
    static const std::map<std::string, setter, std::less<>> all = {
        {"--stores", [](options& o, std::string_view text) { o.stores = split(text); }},
        {"--workloads", [](options& o, std::string_view text) { o.workloads = split(text); }},
        {"--sizes",
         [](options& o, std::string_view text) {
             o.sizes = numbers<std::size_t>(text, 8);
             if (!std::all_of(o.sizes.begin(), o.sizes.end(), is_value_size)) {
                 throw std::invalid_argument("a value has 8 bytes, or 16 and more");
             }
         }},
        {"--entries",
         [](options& o, std::string_view text) { o.entries = numbers<std::uint64_t>(text, 100); }},
        {"--keys",
         [](options& o, std::string_view text) {
             o.keys.clear();
             for (const std::string& each : split(text)) {
                 o.keys.push_back(key_kind_of(each));
             }
         }},
        {"--repetitions", [](options& o, std::string_view text) { o.repetitions = number(text, 1); }},
        {"--seconds", [](options& o, std::string_view text) { o.seconds = number(text, 0.0); }},
        {"--use-seconds", [](options& o, std::string_view text) { o.use_seconds = number(text, 0.0); }},
        {"--data-max",
         [](options& o, std::string_view text) { o.data_bytes_max = number<std::uint64_t>(text, 0); }},
        {"--folder", [](options& o, std::string_view text) { o.folder = text; }},
        {"--out", [](options& o, std::string_view text) { o.out = text; }},
        {"--role", [](options& o, std::string_view text) { o.role = text; }},
        {"--seed", [](options& o, std::string_view text) { o.seed = number<std::uint64_t>(text, 0); }},
    };
    return all;
}

[[nodiscard]] const std::map<std::string, void (*)(options&), std::less<>>& flags() {
    static const std::map<std::string, void (*)(options&), std::less<>> all = {
        {"--quick", be_quick},
        {"--list", [](options& o) { o.list = true; }},
        {"--durable", [](options& o) { o.durable = true; }},
    };
    return all;
}

[[nodiscard]] options parse_or_throw(int count, char** words) {
    options result;
    for (int i = 1; i < count; ++i) {
        const std::string_view word = words[i];
        if (const auto flag = flags().find(word); flag != flags().end()) {
            flag->second(result);
            continue;
        }
        const auto found = setters().find(word);
        if (found == setters().end() || i + 1 == count) {
            throw std::invalid_argument("'" + std::string(word) + "' is no option, or lacks its value");
        }
        found->second(result, words[++i]);
    }
    return result;
}

} // namespace

options parse(int count, char** words) {
    if (count > 1 && (std::string_view(words[1]) == "--help" || std::string_view(words[1]) == "-h")) {
        std::fputs(usage, stdout);
        std::exit(0);
    }
    try {
        return parse_or_throw(count, words);
    } catch (const std::invalid_argument& wrong) {
        std::fprintf(stderr, "holdfast_bench_compare: %s; --help explains\n", wrong.what());
        std::exit(2);
    }
}

} // namespace compare
