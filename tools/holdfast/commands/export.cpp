// holdfast export: writes entries so that `import` makes the same of them.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <holdfast/entry_json.hpp>
#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "output/terminal.hpp"
#include "program/command.hpp"
#include "program/damage_log.hpp"
#include "program/key_range.hpp"
#include "table/delimited.hpp"
#include "table/table_value.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Prints the entries whose keys begin with PREFIX, or all, as of one moment. Each
is a line of JSON with key, type and value, from which "holdfast import" makes
the same entry, whatever its key and its value are. --all exports all maps that
hold something; a map that was emptied, and the type of its keys, is left out.

CSV and TSV have the columns key, type and value; bytes are base64 there, and
documents JSON. In TSV a tab is \t, a newline \n, a backslash \\; quotes mean
nothing. What is no text is base64 of the type "string;base64", or CBOR
in "document;base64". Lines of JSON keep more: the type of the keys, the names
of the types of documents, how these are encoded, and the bits of a NaN.

What is damaged is left out: each map, key or stretch of keys is named on
standard error, and the status is 5. A map whose name is lost is exported as
"nameless-1". So the rest of a damaged store is saved by importing what is
printed into a new one.

Examples:
  holdfast export > backup.jsonl
  holdfast export --all | holdfast -s copy.hold import
  holdfast -m users export --format csv > users.csv
  holdfast export user/ | jq -r .value.name
)";

struct export_options {
    std::optional<std::string> format;
    bool all = false;
};

class entry_writer {
public:
    entry_writer(output& out, const std::string& format, bool names_maps)
        : out_(out), names_maps_(names_maps) {
        if (format == "csv") {
            table_ = csv_format;
        } else if (format == "tsv") {
            table_ = tsv_format;
        } else if (format != "jsonl") {
            throw_usage("--format takes jsonl, csv or tsv, not " + in_quotes(format));
        }
        if (table_ && names_maps) {
            throw_usage("--all needs lines of JSON, which name the map");
        }
    }

    void begin() {
        if (table_) {
            write_row("key", "type", "value");
        }
    }

    /// `given` names the map.
    void write(const settings& given, const key_type& keys, const entry& one) {
        naming_key(given, keys, one.first, [&] {
            one.second.verify();
            if (owns_outside(one.second.type())) {
                throw error(errc::unsupported, "holds a value of type " + type_name(one.second.type()) +
                                                   ", which owns something outside of its bytes; a newer "
                                                   "program can copy it");
            }
            if (!table_) {
                line_.clear();
                append_entry_json(
                    line_, keys, one,
                    {.map = names_maps_ ? std::optional<std::string_view>(given.map) : std::nullopt});
                line_ += '\n';
                out_.write(line_);
            } else {
                const table_value value(one.second);
                write_row(keys.to_text(one.first), value.type, value.text);
            }
        });
    }

private:
    void write_row(std::string_view key, std::string_view type, std::string_view value) {
        write_field(out_, key, *table_);
        out_.write(table_->separator);
        write_field(out_, type, *table_);
        out_.write(table_->separator);
        write_field(out_, value, *table_);
        out_.write('\n');
    }

    output& out_;
    std::optional<table_format> table_; ///< nullopt: lines of JSON
    bool names_maps_;
    std::string line_; ///< kept for its memory
};

class export_run {
public:
    export_run(entry_writer& writer, damage_log& damage, std::uint64_t total)
        : writer_(writer), damage_(damage), total_(total) {}

    /// The map that `given` names.
    void run(const settings& given, const map_view& map, const std::string& prefix) {
        const key_type& keys = map.keys();
        const key_range range = choose_range(keys, prefix);
        const auto use = [&](const entry& one) {
            damage_.pass([&] { writer_.write(given, keys, one); });
            if (++done_ % entries_each == 0 && !on_terminal_) {
                bar_.show_rate(done_, total_, done_);
            }
            return true;
        };
        map.salvage(use, [&](const damaged_stretch& lost) { damage_.note(given, keys, lost); },
                    {range.first, range.last});
    }

private:
    static constexpr std::uint64_t entries_each = 1'000;

    entry_writer& writer_;
    damage_log& damage_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    bool on_terminal_ = ::isatty(STDOUT_FILENO) == 1; ///< where a bar would be in the way
    progress_bar bar_{"exporting"};
};

/// Maps whose names are lost get one that none of the others has.
void export_nameless(const settings& given, const snapshot& now, const std::vector<map_information>& named,
                     export_run& run) {
    const auto is_taken = [&](const std::string& name) {
        return std::ranges::any_of(named, [&](const map_information& map) { return map.name == name; });
    };
    std::uint64_t number = 0;
    for (const map_view& map : now.nameless_maps()) {
        settings of_map = given;
        do {
            of_map.map = "nameless-" + std::to_string(++number);
        } while (is_taken(of_map.map));
        report("a map of " + in_quotes(given.store_path) + " has lost its name and was exported as " +
               in_quotes(of_map.map));
        run.run(of_map, map, "");
    }
}

void export_all(const settings& given, const snapshot& now, entry_writer& writer, damage_log& damage) {
    const auto maps = now.maps([&](const damaged_stretch& lost) { damage.note_maps(given, lost); });
    std::uint64_t total = 0;
    for (const map_information& map : maps) {
        total += map.entries;
    }
    export_run run(writer, damage, total);
    for (const map_information& map : maps) {
        settings of_map = given;
        of_map.map = map.name;
        damage.pass([&] { run.run(of_map, now.map(map.name), ""); });
    }
    if (damage.status() != exit_status::done) {
        damage.pass([&] { export_nameless(given, now, maps, run); });
    }
}

exit_status run_export(invocation& call) {
    export_options options;
    call.line.option("--format", "FORMAT", options.format, "jsonl, csv or tsv (default: jsonl)");
    call.line.flag("--all", options.all, "all maps");
    if (!call.begin(0, 1)) {
        return exit_status::done;
    }
    const std::string prefix = call.line.words().empty() ? "" : call.line.words()[0];
    if (options.all && (!prefix.empty() || !call.given.map.empty())) {
        throw_usage("--all excludes PREFIX and -m");
    }
    entry_writer writer(call.out, options.format.value_or("jsonl"), options.all);
    const store source = open_to_read(call.given);
    const snapshot now = source.snapshot();
    damage_log damage;
    damage.note_age(call.given, source);
    if (options.all) {
        export_all(call.given, now, writer, damage);
        return damage.status();
    }
    const map_view map = find_map(now, call.given);
    writer.begin();
    export_run(writer, damage, prefix.empty() ? map.size() : 0).run(call.given, map, prefix);
    return damage.status();
}

constexpr command this_command{.name = "export",
                               .alias = "",
                               .arguments = "[PREFIX]",
                               .summary = "Print entries for import",
                               .details = details,
                               .group = command_group::transfer,
                               .run = run_export};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
