// How figures become JSON lines, and where the machine is described.
#include "run/results.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sys/utsname.h>
#include <thread>

#include <nlohmann/json.hpp>

namespace compare {

namespace {

using json = nlohmann::ordered_json;

[[nodiscard]] std::string after_colon(const std::string& file, std::string_view name) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name)) {
            const std::size_t at = line.find_first_not_of(" \t", line.find(':') + 1);
            return at == std::string::npos ? "" : line.substr(at);
        }
    }
    return "unknown";
}

/// Type of the file system that holds `folder`: that of the longest mount point above it.
[[nodiscard]] std::string file_system(const std::filesystem::path& folder) {
    const std::string real = std::filesystem::canonical(folder).string() + "/";
    std::ifstream in("/proc/mounts");
    std::string type = "unknown";
    std::size_t longest = 0;
    for (std::string device, point, found, rest; in >> device >> point >> found && std::getline(in, rest);) {
        const std::string below = point == "/" ? point : point + "/";
        if (real.starts_with(below) && below.size() >= longest) {
            longest = below.size();
            type = found;
        }
    }
    return type;
}

[[nodiscard]] std::string today() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

[[nodiscard]] json machine(const options& given) {
    utsname system{};
    ::uname(&system);
    return {
        {"processor", after_colon("/proc/cpuinfo", "model name")},
            {"cores", std::thread::hardware_concurrency()},
            {"memory", after_colon("/proc/meminfo", "MemTotal")}, {"kernel", system.release},
            {"file_system", file_system(given.folder)},
#if defined(__clang__)
            {"compiler", "clang " __clang_version__},
#else
            {"compiler", "g++ " __VERSION__},
#endif
        {
            "build", HOLDFAST_COMPARE_BUILD
        }
    };
}

[[nodiscard]] double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

/// Percentiles are medians of those of the repetitions; the maximum is that of all.
void add_latencies(json& line, const std::vector<const latencies*>& all) {
    if (all.empty()) {
        return;
    }
    const std::pair<const char*, double> shares[] = {
        {"p50", .5}, {"p99", .99}, {"p99.9", .999}, {"p99.99", .9999}};
    for (const auto& [name, share] : shares) {
        std::vector<double> values;
        for (const latencies* each : all) {
            values.push_back(static_cast<double>(each->at(share)));
        }
        line[name] = median(values);
    }
    std::uint64_t max = 0;
    for (const latencies* each : all) {
        max = std::max(max, each->max());
    }
    line["max"] = max;
}

[[nodiscard]] std::string_view name_of(survives what) noexcept {
    switch (what) {
    case survives::nothing:
        return "nothing";
    case survives::kill:
        return "kill";
    case survives::power_cut:
        return "power cut";
    }
    return "";
}

[[nodiscard]] json line_of(const row& one, std::size_t part) {
    const measurement& first = one.repetitions.front()[part];
    std::vector<double> values;
    std::vector<const latencies*> all;
    for (const measurements& each : one.repetitions) {
        require(std::isfinite(each[part].value),
                one.of->name() + ", " + one.what->name + ": nothing was done");
        values.push_back(each[part].value);
        if (each[part].each) {
            all.push_back(&*each[part].each);
        }
    }
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    json line = {{"workload", one.what->name + (first.part.empty() ? "" : ":" + first.part)},
                 {"store", one.of->name()},
                 {"state", name_of(one.in)},
                 {"survives", name_of(one.mode.what)},
                 {"mode", one.mode.words},
                 {"entries", one.entries},
                 {"value_bytes", one.value_bytes},
                 {"keys", name_of(one.keys)},
                 {"unit", first.unit},
                 {"median", median(values)},
                 {"least", *least},
                 {"most", *most},
                 {"repetitions", values.size()}};
    add_latencies(line, all);
    line["values"] = values;
    return line;
}

} // namespace

results::results(const std::filesystem::path& out)
    : to_(out.empty() ? stdout : std::fopen(out.c_str(), "we"), out.empty() ? std::fflush : std::fclose) {
    require(to_ != nullptr, "can't write " + out.string() + ": " + std::strerror(errno));
}

void results::write_line(const std::string& line) {
    require(std::fprintf(to_.get(), "%s\n", line.c_str()) > 0 && std::fflush(to_.get()) == 0,
            "can't write the results");
}

void results::write_header(const options& given, const std::vector<const driver*>& stores) {
    json versions;
    for (const driver* each : stores) {
        versions[each->name()] = each->version();
    }
    write_line(json{{"date", today()},
                    {"machine", machine(given)},
                    {"versions", versions},
                    {"repetitions", given.repetitions},
                    {"seconds", given.seconds},
                    {"use_seconds", given.use_seconds}}
                   .dump());
}

void results::write(const row& one) {
    for (std::size_t part = 0; part < one.repetitions.front().size(); ++part) {
        write_line(line_of(one, part).dump());
    }
}

void results::write_left_out(const std::string& what, const std::string& why) {
    write_line(json{{"left_out", what}, {"why", why}}.dump());
}

} // namespace compare
