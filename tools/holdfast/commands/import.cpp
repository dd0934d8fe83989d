// holdfast import: puts the entries of a file, a thousand lines a transaction.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <holdfast/store.hpp>

#include "input/input_file.hpp"
#include "input/record_source.hpp"
#include "output/escape.hpp"
#include "output/terminal.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Reads FILE, or standard input, and prints how many entries it imported. Lines
of JSON are those of "holdfast export": {"key":"port","value":8080}, with "type"
where JSON does not say it, and "map" for another map than that of -m. With
--key-field each line is an object of any kind and is stored as a document.

CSV and TSV begin with a header. One column is the key, the others become the
fields of a document, as strings. A file named .csv or .tsv is taken as such.

Each 1,000 lines, or 64 MiB, are one transaction. An error names the bad line
and those that are imported; if there are none, no store is made. With --atomic
it is all or nothing, and others that write wait meanwhile.

Examples:
  holdfast import backup.jsonl
  holdfast -m packages import --key-field Package packages.jsonl
  holdfast -m users import --key-column login users.csv
  zcat log.gz | holdfast -m log import --key-field id --key-type int --atomic
)";

struct import_options {
    std::optional<std::string> format;
    std::optional<std::string> key_column;
    std::optional<std::string> key_field;
    std::optional<std::string> key_type;
    bool atomic = false;
};

void declare(command_line& line, import_options& options) {
    line.option("--format", "FORMAT", options.format, "jsonl, csv or tsv (default: by the file's name)");
    line.option("--key-column", "NAME", options.key_column, "column with the keys (default: the first)");
    line.option("--key-field", "NAME", options.key_field, "each line is a document, this field its key");
    line.option("--key-type", "TYPE", options.key_type, "the keys of a new map: int, time, ...");
    line.flag("--atomic", options.atomic, "all or nothing");
}

import_format parse_format(const std::optional<std::string>& asked, const std::string& path) {
    const auto is = [&](std::string_view format) {
        return asked ? *asked == format : path.ends_with("." + std::string(format));
    };
    if (is("csv")) {
        return import_format::csv;
    }
    if (is("tsv")) {
        return import_format::tsv;
    }
    if (asked && !is("jsonl")) {
        throw_usage("--format takes jsonl, csv or tsv, not " + in_quotes(*asked));
    }
    return import_format::json_lines;
}

import_choice choose(const invocation& call, const import_options& options, const std::string& path) {
    import_choice choice{parse_format(options.format, path), call.given.map, options.key_field,
                         options.key_column};
    if (choice.format == import_format::json_lines && choice.key_column) {
        throw_usage("--key-column is for CSV and TSV; --key-field names a field of JSON");
    }
    if (choice.format != import_format::json_lines && choice.key_field) {
        throw_usage("--key-field is for JSON; --key-column names a column of CSV and TSV");
    }
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
            progress_bar bar("importing");
            while (next(source)) {
                if (lines.number() - done_ >= lines_each || batch_.bytes() >= bytes_each) {
                    put(maps, lines.number());
                    bar.show_rate(lines.bytes_done(), bytes, lines.number());
                }
            }
            put(maps, lines.number());
            if (whole_) {
                std::move(*whole_).commit();
            }
        } catch (const error& failure) {
            throw error(failure.reason(), failure.what() + what_is_imported());
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

    /// Puts what was read up to this line.
    void put(const import_maps& maps, std::uint64_t line) {
        const std::size_t count = batch_.size();
        if (!target_) {
            target_.emplace(open_or_create(given_));
        }
        if (atomic_ && !whole_) {
            whole_.emplace(target_->begin_write());
        }
        if (whole_) {
            batch_.put_into(*whole_, maps);
        } else if (count != 0) {
            target_->update([&](write_transaction& transaction) { batch_.put_into(transaction, maps); });
        }
        entries_ += count;
        done_ = line;
    }

    [[nodiscard]] std::string what_is_imported() const {
        if (atomic_ || done_ == 0) {
            return "; nothing was imported";
        }
        return "; lines 1 to " + std::to_string(done_) + " are imported";
    }

    const settings& given_;
    std::optional<store>& target_;
    bool atomic_;
    std::optional<write_transaction> whole_;
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
