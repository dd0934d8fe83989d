// The two kinds of tables.
//
//     CSV (RFC 4180)   fields apart by a separator; in quotes they may hold it, line ends, and quotes doubled
//     TSV              fields apart by tabs, records by line ends, always; in a field a tab is \t, a newline \n, a
//                      carriage return \r and a backslash \\; quotes mean nothing
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

class line_reader;
class output;

struct table_format {
    char separator = ',';
    bool quotes = true; ///< else backslashes
};

inline constexpr table_format csv_format{};
inline constexpr table_format tsv_format{.separator = '\t', .quotes = false};

class delimited_reader {
public:
    delimited_reader(line_reader& lines, table_format format) : lines_(lines), format_(format) {}

    /// The next record, in fields that are valid until the next call; false at the end. Empty lines are passed over.
    /// Throws invalid_argument for quotes that don't end or that text follows, for unknown escapes, and for lines
    /// that end
    /// with a carriage return alone.
    [[nodiscard]] bool next();
    [[nodiscard]] std::size_t size() const noexcept { return used_; }
    [[nodiscard]] const std::string& operator[](std::size_t index) const noexcept { return fields_[index]; }
    /// The line on which the record begins, from 1.
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

private:
    void take_field();
    void take_quoted(std::string& field);
    void take_plain(std::string& field);
    [[nodiscard]] std::string& add_field();
    [[nodiscard]] bool next_line();

    line_reader& lines_;
    std::string_view rest_; ///< of the line
    std::vector<std::string> fields_;
    std::size_t used_ = 0;
    std::uint64_t line_ = 0;
    table_format format_;
};

/// In quotes, or escaped, where it has to be.
void write_field(output& out, std::string_view field, table_format format);

} // namespace holdfast::cli
