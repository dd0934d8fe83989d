// Reads /proc.
#include "run/memory.hpp"

#include <fstream>
#include <string>

namespace compare {

double memory_of(int process, std::string_view name) {
    constexpr double kibibyte = 1024;
    std::ifstream in("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with(name)) {
            return std::stod(line.substr(line.find(':') + 1)) * kibibyte;
        }
    }
    return 0;
}

} // namespace compare
