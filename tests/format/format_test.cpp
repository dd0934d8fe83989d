// docs/format.md says of every struct and constant of the format what the compiler says, and of every byte what it is.
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "layout.hpp"

namespace holdfast::test {
namespace {

[[nodiscard]] std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    std::string cell;
    std::getline(row, cell, '|'); // what is before the first
    while (std::getline(row, cell, '|')) {
        const std::size_t first = cell.find_first_not_of(' ');
        const std::size_t last = cell.find_last_not_of(' ');
        cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
    }
    return cells;
}

/// The page, as far as it is tables.
struct documented {
    std::map<std::string, layout> layouts;
    std::map<std::string, std::string> constants;

    documented() {
        std::ifstream page(std::string(HOLDFAST_TESTS_SOURCE_DIR) + "/../docs/format.md");
        EXPECT_TRUE(page.is_open());
        std::string line;
        std::string name;
        enum class table { none, of_fields, of_constants } within = table::none;
        while (std::getline(page, line)) {
            if (line.starts_with("#")) {
                name = read_heading(line);
                within = table::none;
            } else if (line.starts_with("| offset | size | field |")) {
                within = table::of_fields;
            } else if (line.starts_with("| constant | value |")) {
                within = table::of_constants;
            } else if (!line.starts_with("|")) {
                within = table::none;
            } else if (within != table::none && !line.starts_with("|---")) {
                read_row(cells_of(line), within == table::of_fields, name);
            }
        }
    }

private:
    /// The struct of a heading "### name (N bytes)".
    std::string read_heading(const std::string& line) {
        std::istringstream words(line);
        std::string mark;
        std::string name;
        char bracket = 0;
        std::uint64_t size = 0;
        std::string unit;
        if (!(words >> mark >> name >> bracket >> size >> unit) || mark != "###" || bracket != '(' ||
            unit != "bytes)") {
            return {};
        }
        EXPECT_TRUE(layouts.emplace(name, layout{size, {}}).second) << name << " is described twice";
        return name;
    }

    void read_row(const std::vector<std::string>& cells, bool is_field, const std::string& name) {
        if (is_field) {
            ASSERT_GE(cells.size(), 3U);
            ASSERT_TRUE(layouts.contains(name)) << "fields of nothing: " << cells[2];
            layouts[name].fields.push_back({std::stoull(cells[0]), std::stoull(cells[1]), cells[2]});
        } else {
            ASSERT_GE(cells.size(), 2U);
            EXPECT_TRUE(constants.emplace(cells[0], cells[1]).second) << cells[0] << " is given twice";
        }
    }
};

[[nodiscard]] std::string to_text(const layout& shown) {
    std::string text = std::to_string(shown.size) + " bytes\n";
    for (const field& one : shown.fields) {
        text += std::to_string(one.offset) + " " + std::to_string(one.size) + " " + one.name + "\n";
    }
    return text;
}

TEST(format_page, describes_each_struct_as_it_is) {
    const documented page;
    const std::map<std::string, layout> compiled = compiled_layouts();
    for (const auto& [name, expected] : compiled) {
        const auto found = page.layouts.find(name);
        ASSERT_TRUE(found != page.layouts.end()) << name << " is not described";
        EXPECT_EQ(to_text(found->second), to_text(expected)) << name;
    }
    for (const auto& [name, described] : page.layouts) {
        EXPECT_TRUE(compiled.contains(name)) << name << " is described and does not exist";
    }
}

TEST(format_page, leaves_no_byte_of_a_struct_out) {
    for (const auto& [name, described] : documented().layouts) {
        std::uint64_t end = 0;
        for (const field& one : described.fields) {
            EXPECT_EQ(one.offset, end) << name << "." << one.name;
            end = one.offset + one.size;
        }
        EXPECT_EQ(end, described.size) << name;
    }
}

TEST(format_page, gives_each_constant_its_value) {
    const documented page;
    const std::map<std::string, std::string> compiled = compiled_constants();
    for (const auto& [name, value] : compiled) {
        const auto found = page.constants.find(name);
        ASSERT_TRUE(found != page.constants.end()) << name << " is not given";
        EXPECT_EQ(found->second, value) << name;
    }
    for (const auto& [name, value] : page.constants) {
        EXPECT_TRUE(compiled.contains(name)) << name << " is given and does not exist";
    }
}

} // namespace
} // namespace holdfast::test
