// What the command line asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "run/keys.hpp"

namespace compare {

struct options {
    std::vector<std::string> stores;    ///< empty: all
    std::vector<std::string> workloads; ///< empty: all; a name, or the beginning of one and a *
    std::vector<std::size_t> sizes = {100};
    std::vector<std::uint64_t> entries = {1'000'000};
    std::vector<key_kind> keys = {key_kind::user};
    int repetitions = 5;
    double seconds = 1;                                    ///< of each measurement
    double use_seconds = 5;                                ///< of random puts that make a store one in use
    std::uint64_t data_bytes_max = std::uint64_t{2} << 30; ///< of one store; larger data sets are left out
    std::filesystem::path folder = std::filesystem::temp_directory_path();
    std::filesystem::path out; ///< empty: standard output
    bool list = false;
    // What a child process of the benchmark does; see run/children.hpp.
    std::string role;
    bool durable = false;
    std::uint64_t seed = 0;
};

/// Prints an explanation and ends the program if the words are wrong, or ask for it.
[[nodiscard]] options parse(int count, char** words);

} // namespace compare
