// Where `import` takes entries from: lines of JSON, or CSV and TSV.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <holdfast/value.hpp>

#include "input/import_batch.hpp"
#include "input/line_reader.hpp"
#include "table/delimited.hpp"

namespace holdfast::cli {

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

/// What the columns of a table become.
struct column_types {
    std::map<std::string, value_type, std::less<>> by_name; ///< all others are strings
    bool infer = false; ///< numbers, true and false are what they look like
};

struct import_choice {
    std::string map;                       ///< where a line names none
    std::optional<table_format> table;     ///< nullopt: lines of JSON
    std::optional<std::string> key_field;  ///< of JSON: each line is a document, and this field its key
    std::optional<std::string> key_column; ///< of a table: the first if not given
    column_types types;
};

[[nodiscard]] std::unique_ptr<record_source> open_source(const import_choice& choice, line_reader& lines,
                                                         import_maps& maps);

// The kinds of sources, each in a file of its own.
[[nodiscard]] std::unique_ptr<record_source> open_json_source(const import_choice& choice, line_reader& lines,
                                                              import_maps& maps);
[[nodiscard]] std::unique_ptr<record_source> open_table_source(const import_choice& choice,
                                                               line_reader& lines, import_maps& maps);

} // namespace holdfast::cli
