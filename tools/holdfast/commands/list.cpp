// holdfast list: prints the keys of a map in order, as of one moment, straight out of the file.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/entry_json.hpp>
#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "output/rows.hpp"
#include "program/command.hpp"
#include "program/damage_log.hpp"
#include "program/key_range.hpp"
#include "program/parse.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Prints the keys that begin with PREFIX, or all, in bytewise order, one a line,
with control characters as in \n or \x1b and backslashes as \\. What -l and -v
add stands behind the key, with a tab before each. With -0 keys and values are
exact, and each is followed by a NUL instead. With --json each line is an object
with key, type, size, version and value; see "holdfast get --help" for how JSON
shows values. The keys of a typed map are read and printed by their type. For
tuples PREFIX is an array of the first parts; other typed keys have no prefix.
What is damaged is named on standard error and left out; the status is 5 then.

Examples:
  holdfast list
  holdfast list -lv user/
  holdfast list --from 2024-05 --to 2024-06
  holdfast -m scores list '["ada"]'
  holdfast list --reverse --limit 10
  holdfast list -0 | xargs -0 -n 1 echo
)";

struct list_options {
    std::optional<std::string> from;
    std::optional<std::string> to;
    std::optional<std::string> limit;
    bool details = false;
    bool values = false;
    bool reverse = false;
    bool count = false;
    bool json = false;
    bool exact = false;
};

void declare(command_line& line, list_options& options) {
    line.flag("-l", options.details, "add kind, type, size, version and time left");
    line.flag("-v", options.values, "add the values");
    line.option("--from", "K", options.from, "begin with this key, itself included");
    line.option("--to", "K", options.to, "end before this key");
    line.flag("--reverse", options.reverse, "last key first");
    line.option("--limit", "N", options.limit, "at most N keys");
    line.flag("--count", options.count, "print only how many there are");
    line.flag("--json", options.json, "one JSON object a line");
    line.flag("-0", options.exact, "exact, each followed by a NUL, for xargs -0");
}

class row_writer {
public:
    row_writer(output& out, const settings& given, const key_type& keys, const list_options& options)
        : out_(out),
          given_(given),
          keys_(keys),
          options_(options),
          colour_(given.colour && (options.details || options.values)),
          end_of_field_(options.exact ? '\0' : '\t') {}

    void write(const entry& one) {
        naming_key(given_, keys_, one.first, [&] {
            if (options_.json || options_.values) {
                one.second.verify();
            }
            if (options_.json) {
                line_.clear();
                append_entry_json(line_, keys_, one, {.details = true});
                line_ += '\n';
                out_.write(line_);
            } else if (options_.values) {
                const printed_value shown(one.second);
                write_row(one, &shown);
            } else {
                write_row(one, nullptr);
            }
        });
    }

private:
    void write_row(const entry& one, const printed_value* shown) {
        if (options_.exact) {
            write_exact_key(out_, keys_, one.first);
        } else {
            write_key(out_, keys_, one.first, colour_);
        }
        if (options_.details) {
            write_details(one.second);
        }
        if (shown != nullptr) {
            out_.write(end_of_field_);
            if (options_.exact) {
                shown->write(out_);
            } else {
                shown->write_escaped(out_);
            }
        }
        out_.write(options_.exact ? '\0' : '\n');
    }

    void write_details(const value_view& value) {
        write_field("value"); // the only kind so far
        write_field(type_name(value.type()));
        out_.write(end_of_field_);
        out_.write_number(value.size());
        out_.write(end_of_field_);
        out_.write_number(value.version());
        write_field("-"); // nothing expires yet
    }

    void write_field(std::string_view text) {
        out_.write(end_of_field_);
        out_.write(text);
    }

    output& out_;
    const settings& given_;
    const key_type& keys_;
    const list_options& options_;
    bool colour_;
    char end_of_field_;
    std::string line_; ///< kept for its memory
};

void expect_consistent(const list_options& options) {
    if (options.json && options.exact) {
        throw_usage("--json and -0 exclude each other");
    }
}

exit_status run_list(invocation& call) {
    list_options options;
    declare(call.line, options);
    if (!call.begin(0, 1)) {
        return exit_status::done;
    }
    expect_consistent(options);
    const std::string prefix = call.line.words().empty() ? "" : call.line.words()[0];
    const std::uint64_t limit = options.limit ? parse_number("--limit", *options.limit) : UINT64_MAX;
    const store source = open_to_read(call.given);
    const map_view map = find_map(source.snapshot(), call.given);
    const bool whole = prefix.empty() && !options.from && !options.to;
    if (options.count && whole) {
        call.out.write_number(std::min(map.size(), limit));
        call.out.write('\n');
        return exit_status::done;
    }
    const key_range range = choose_range(map.keys(), prefix, options.from, options.to);
    row_writer rows(call.out, call.given, map.keys(), options);
    damage_log damage;
    std::uint64_t count = 0;
    const auto use = [&](const entry& one) {
        count += options.count || damage.pass([&] { rows.write(one); }) ? 1 : 0;
        return count < limit;
    };
    if (limit != 0) {
        map.salvage(use, [&](const damaged_stretch& lost) { damage.note(call.given, map.keys(), lost); },
                    {range.first, range.last, options.reverse});
    }
    if (options.count) {
        call.out.write_number(count);
        call.out.write('\n');
    }
    return damage.status();
}

constexpr command this_command{.name = "list",
                               .alias = "ls",
                               .arguments = "[PREFIX]",
                               .summary = "Print keys in order",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_list};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
