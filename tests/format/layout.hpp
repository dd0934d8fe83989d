// The structs and constants of the format as the compiler sees them, to be compared with docs/format.md.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::test {

struct field {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::string name;
    friend bool operator==(const field&, const field&) = default;
};

struct layout {
    std::uint64_t size = 0;
    std::vector<field> fields;
    friend bool operator==(const layout&, const layout&) = default;
};

/// By the name of the struct.
[[nodiscard]] std::map<std::string, layout> compiled_layouts();

/// Numbers in decimal, magics in quotation marks, lists separated by blanks.
[[nodiscard]] std::map<std::string, std::string> compiled_constants();

} // namespace holdfast::test
