// CSV and TSV as RFC 4180 has them: fields in quotes may hold the separator, line ends and doubled quotes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

class line_reader;
class output;

class delimited_reader {
public:
    delimited_reader(line_reader& lines, char separator) : lines_(lines), separator_(separator) {}

    /// The next record, in fields that are valid until the next call; false at the end. Empty lines are passed over.
    /// Throws invalid_argument for quotes that don't end or that text follows.
    [[nodiscard]] bool next();
    [[nodiscard]] std::size_t size() const noexcept { return used_; }
    [[nodiscard]] const std::string& operator[](std::size_t index) const noexcept { return fields_[index]; }
    /// The line on which the record begins, from 1.
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; }

private:
    void take_field();
    void take_quoted(std::string& field);
    [[nodiscard]] std::string& add_field();
    [[nodiscard]] bool next_line();

    line_reader& lines_;
    std::string_view rest_; ///< of the line
    std::vector<std::string> fields_;
    std::size_t used_ = 0;
    std::uint64_t line_ = 0;
    char separator_;
};

/// In quotes where it has to be.
void write_field(output& out, std::string_view field, char separator);

} // namespace holdfast::cli
