// The figures of a run as JSON lines: one that says where and with what, then one for each row.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "run/options.hpp"
#include "stores/store.hpp"
#include "workloads/workload.hpp"

namespace compare {

/// All repetitions of one workload with one store.
struct row {
    const driver* of = nullptr;
    const workload* what = nullptr;
    write_mode mode;
    state in = state::empty;
    std::uint64_t entries = 0;
    std::size_t value_bytes = 0;
    key_kind keys = key_kind::user;
    std::vector<measurements> repetitions;
};

class results {
public:
    explicit results(const std::filesystem::path& out);
    /// Machine, versions and date, and how it was run.
    void write_header(const options& given, const std::vector<const driver*>& stores);
    /// One line for each of the workload's figures.
    void write(const row& one);
    /// A store, or a store and a workload, that was left out, and why.
    void write_left_out(const std::string& what, const std::string& why);

private:
    void write_line(const std::string& line);
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> to_;
};

} // namespace compare
