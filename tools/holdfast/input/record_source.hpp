// Where `import` takes entries from: lines of JSON, or CSV and TSV.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "input/import_batch.hpp"
#include "input/line_reader.hpp"

namespace holdfast::cli {

enum class import_format { json_lines, csv, tsv };

class record_source {
public:
    record_source() = default;
    virtual ~record_source() = default;
    record_source(const record_source&) = delete;
    record_source& operator=(const record_source&) = delete;
    record_source(record_source&&) = delete;
    record_source& operator=(record_source&&) = delete;

    /// Adds the entry of the next record, if it has one; false at the end. Failures don't name the line.
    [[nodiscard]] virtual bool next(import_batch& to) = 0;
    /// The line on which the last record begins, from 1.
    [[nodiscard]] virtual std::uint64_t line() const noexcept = 0;
};

struct import_choice {
    import_format format = import_format::json_lines;
    std::string map;                       ///< where a line names none
    std::optional<std::string> key_field;  ///< of JSON: each line is a document, and this field its key
    std::optional<std::string> key_column; ///< of CSV and TSV: the first if not given
};

[[nodiscard]] std::unique_ptr<record_source> open_source(const import_choice& choice, line_reader& lines,
                                                         import_maps& maps);

// The kinds of sources, each in a file of its own.
[[nodiscard]] std::unique_ptr<record_source> open_json_source(const import_choice& choice, line_reader& lines,
                                                              import_maps& maps);
[[nodiscard]] std::unique_ptr<record_source> open_table_source(const import_choice& choice,
                                                               line_reader& lines, import_maps& maps);

} // namespace holdfast::cli
