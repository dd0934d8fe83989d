// holdfast import: puts the entries of a file, a thousand lines a transaction.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "input/input_file.hpp"
#include "input/record_source.hpp"
#include "output/escape.hpp"
#include "output/terminal.hpp"
#include "program/command.hpp"
#include "program/interrupt.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Reads FILE, or standard input, and prints how many entries it imported. Lines
of JSON are those of "holdfast export": {"key":"port","value":8080}, with "type"
where JSON does not say it, and "map" for another map than that of -m. With
--key-field each line is an object of any kind and is stored as a document.

CSV and TSV begin with a header. One column is the key, the others become the
fields of a document, as strings; --types says which are of another type, and
--infer takes what looks like a number, true or false for one. Empty fields that
are no strings are left out then. In TSV a tab is \t, a newline \n, a backslash
\\, and quotes mean nothing. A file named .csv or .tsv is taken as such.

Each 1,000 lines, or 64 MiB, are one transaction. An error, and an interruption,
tell which lines are imported; if there are none, no store is made. --atomic is
all or nothing, and all is read before others that write have to wait.

Examples:
  holdfast import backup.jsonl
  holdfast -m packages import --key-field Package packages.jsonl
  holdfast -m users import --key-column login users.csv
  holdfast import --types age:int,height:float --separator ';' people.csv
  zcat log.gz | holdfast -m log import --key-field id --key-type int --atomic
)";

struct import_options {
    std::optional<std::string> format;
    std::optional<std::string> key_column;
    std::optional<std::string> key_field;
    std::optional<std::string> key_type;
    std::optional<std::string> separator;
    std::optional<std::string> types;
    bool infer = false;
    bool atomic = false;
};

void declare(command_line& line, import_options& options) {
    line.option("--format", "FORMAT", options.format, "jsonl, csv or tsv (default: by the file's name)");
    line.option("--key-column", "NAME", options.key_column, "column with the keys (default: the first)");
    line.option("--key-field", "NAME", options.key_field, "each line is a document, this field its key");
    line.option("--separator", "C", options.separator, "what is between the fields of CSV (default: ,)");
    line.option("--types", "TYPES", options.types, "of columns: age:int,ok:bool (default: string)");
    line.flag("--infer", options.infer, "take the types of fields from what they look like");
    line.option("--key-type", "TYPE", options.key_type, "the keys of a new map: int, time, ...");
    line.flag("--atomic", options.atomic, "all or nothing");
}

/// nullopt: lines of JSON.
std::optional<table_format> parse_format(const std::optional<std::string>& asked, const std::string& path) {
    const auto is = [&](std::string_view format) {
        return asked ? *asked == format : path.ends_with("." + std::string(format));
    };
    if (is("csv")) {
        return csv_format;
    }
    if (is("tsv")) {
        return tsv_format;
    }
    if (asked && !is("jsonl")) {
        throw_usage("--format takes jsonl, csv or tsv, not " + in_quotes(*asked));
    }
    return std::nullopt;
}

char parse_separator(const std::string& text) {
    if (text.size() != 1 || text.find_first_of("\"\n\r") != text.npos || !is_utf8(text)) {
        throw_usage("--separator takes one character of ASCII that is no quote and ends no line, not " +
                    in_quotes(text));
    }
    return text[0];
}

/// "name:string,age:int"
std::map<std::string, value_type, std::less<>> parse_types(std::string_view text) {
    std::map<std::string, value_type, std::less<>> types;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const std::string_view one = text.substr(0, comma);
        more = comma != text.npos;
        text.remove_prefix(more ? comma + 1 : text.size());
        const std::size_t colon = one.rfind(':');
        if (colon == one.npos) {
            throw_usage("--types takes COLUMN:TYPE,COLUMN:TYPE,..., not " + in_quotes(one));
        }
        const value_type type = parse_value_type(one.substr(colon + 1));
        if (!types.emplace(one.substr(0, colon), type).second) {
            throw_usage("--types names " + in_quotes(one.substr(0, colon)) + " twice");
        }
    }
    return types;
}

void expect_consistent(const import_choice& choice, const import_options& options) {
    const bool is_csv = choice.table && choice.table->quotes;
    if (!choice.table && choice.key_column) {
        throw_usage("--key-column is for CSV and TSV; --key-field names a field of JSON");
    }
    if (choice.table && choice.key_field) {
        throw_usage("--key-field is for JSON; --key-column names a column of CSV and TSV");
    }
    if (!choice.table && (options.types || options.infer)) {
        throw_usage("--types and --infer are for CSV and TSV; JSON says what it is");
    }
    if (!is_csv && options.separator) {
        throw_usage("--separator is for CSV");
    }
    if (options.types && options.infer) {
        throw_usage("--types and --infer exclude each other");
    }
}

import_choice choose(const invocation& call, const import_options& options, const std::string& path) {
    import_choice choice{.map = call.given.map,
                         .table = parse_format(options.format, path),
                         .key_field = options.key_field,
                         .key_column = options.key_column,
                         .types = {}};
    expect_consistent(choice, options);
    if (options.separator) {
        choice.table->separator = parse_separator(*options.separator);
    }
    if (options.types) {
        choice.types.by_name = parse_types(*options.types);
    }
    choice.types.infer = options.infer;
    return choice;
}

/// Where the entries come from: FILE, "-", or standard input if something is given there.
std::string choose_path(const std::vector<std::string>& words) {
    if (!words.empty()) {
        return words[0];
    }
    if (!standard_input_is_given()) {
        throw_usage("nothing to import; name a file, or pipe it in");
    }
    return "-";
}

class import_run {
public:
    /// The store is made, if it is not there, with the first entries that are put.
    import_run(const settings& given, std::optional<store>& target, bool atomic)
        : given_(given), target_(target), atomic_(atomic) {}

    /// Returns how many entries were imported.
    std::uint64_t run(record_source& source, import_maps& maps, const line_reader& lines,
                      std::uint64_t bytes) {
        try {
            const interrupt_guard guard;
            progress_bar bar("importing");
            while (next(source)) {
                if (!atomic_ && (lines.number() - done_ >= lines_each || batch_.bytes() >= bytes_each)) {
                    put(maps, lines.number());
                    bar.show_rate(lines.bytes_done(), bytes, lines.number());
                }
                stop_if_interrupted();
            }
            put(maps, lines.number());
        } catch (const error& failure) {
            throw error(failure.reason(), failure.what() + what_is_imported());
        } catch (const interrupted&) {
            report("interrupted" + what_is_imported() + " into " + in_quotes(given_.store_path));
            throw;
        }
        return entries_;
    }

private:
    static constexpr std::uint64_t lines_each = 1'000;
    static constexpr std::size_t bytes_each = std::size_t{64} << 20;

    bool next(record_source& source) {
        try {
            return source.next(batch_);
        } catch (const error&) {
            rethrow_with_line(std::max<std::uint64_t>(source.line(), 1));
        }
    }

    /// Puts what was read up to this line, in one transaction.
    void put(const import_maps& maps, std::uint64_t line) {
        const std::size_t count = batch_.size();
        if (!target_) {
            target_.emplace(open_or_create(given_));
        }
        if (count != 0) {
            target_->update([&](write_transaction& transaction) { batch_.put_into(transaction, maps); });
        }
        entries_ += count;
        done_ = line;
    }

    [[nodiscard]] std::string what_is_imported() const {
        if (done_ == 0) {
            return "; nothing was imported";
        }
        return "; lines 1 to " + std::to_string(done_) + " are imported";
    }

    const settings& given_;
    std::optional<store>& target_;
    bool atomic_;
    import_batch batch_;
    std::uint64_t entries_ = 0;
    std::uint64_t done_ = 0; ///< lines
};

exit_status run_import(invocation& call) {
    import_options options;
    declare(call.line, options);
    if (!call.begin(0, 1)) {
        return exit_status::done;
    }
    const std::string path = choose_path(call.line.words());
    const import_choice choice = choose(call, options, path);
    const auto keys = parse_key_type(options.key_type);
    input_file file(path);
    line_reader lines(file);
    const std::uint64_t bytes = file.bytes_left();
    lines.prepare();
    auto target = open_if_there(call.given);
    import_maps maps(target, keys);
    const auto source = open_source(choice, lines, maps);
    call.out.write_number(import_run(call.given, target, options.atomic).run(*source, maps, lines, bytes));
    call.out.write('\n');
    return exit_status::done;
}

constexpr command this_command{.name = "import",
                               .alias = "",
                               .arguments = "[FILE]",
                               .summary = "Put the entries of a file",
                               .details = details,
                               .group = command_group::transfer,
                               .run = run_import};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
