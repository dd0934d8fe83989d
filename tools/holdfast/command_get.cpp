// holdfast get: prints the values of one or several keys, all as of the same moment.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "entry_text.hpp"
#include "escape.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(One key: prints its value and a newline. Several keys: prints KEY, a tab and the
value, one a line, with control characters as in \n or \x1b and backslashes as
\\. Keys that are missing are named on standard error, and the status is 1.
In JSON, bytes and what is not UTF-8 are "value_base64" and "key_base64".

Examples:
  holdfast get greeting
  holdfast get --raw logo > logo.png
  holdfast get --default 0 visits
  holdfast get --json user/ada user/bob
)";

struct get_options {
    std::optional<std::string> substitute;
    bool raw = false;
    bool json = false;
    bool hex = false;
    bool meta = false;
};

void declare(command_line& line, get_options& options) {
    line.flag("--raw", options.raw, "the exact bytes and nothing else, not even a newline");
    line.flag("--json", options.json, "one JSON object a key, with type, size and version");
    line.flag("--hex", options.hex, "the value in hexadecimal digits");
    line.option("--default", "V", options.substitute, "print V for a missing key; it is no error then");
    line.flag("--meta", options.meta, "type, size and version instead of the value");
}

void check(const get_options& options) {
    if (options.raw && (options.json || options.hex || options.meta)) {
        throw_usage("--raw excludes --json, --hex and --meta");
    }
    if (options.hex && (options.json || options.meta)) {
        throw_usage("--hex excludes --json and --meta");
    }
}

/// `line_of_many`: a line of its own for each key, which the value must not break.
void write_value(output& out, const value_view& value, const get_options& options, bool line_of_many) {
    if (options.meta) {
        write_meta(out, value);
    } else if (options.hex) {
        write_hex(out, value.text());
    } else if (line_of_many) {
        write_escaped(out, value.text());
    } else {
        out.write(value.text());
    }
}

void write_found(invocation& call, std::string_view key, const value_view& value,
                 const get_options& options) {
    const bool many = call.line.words().size() > 1;
    if (options.raw) {
        call.out.write(value.text());
        return;
    }
    if (options.json) {
        write_json_entry(call.out, key, value, options.meta ? json_value::left_out : json_value::shown);
    } else {
        if (many) {
            write_key(call.out, key, call.given.colour);
            call.out.write('\t');
        }
        write_value(call.out, value, options, many);
    }
    call.out.write('\n');
}

exit_status report_missing(invocation& call, const std::vector<std::string_view>& missing) {
    call.out.flush();
    for (const std::string_view key : missing) {
        report("no key " + in_quotes(key) + " " + where(call.given) +
               "; \"holdfast list\" shows what is there");
    }
    return missing.empty() ? exit_status::done : exit_status::not_found;
}

exit_status run_get(invocation& call) {
    get_options options;
    declare(call.line, options);
    if (!call.begin(1, any_number)) {
        return exit_status::done;
    }
    check(options);
    const std::vector<std::string_view> keys(call.line.words().begin(), call.line.words().end());
    for (const std::string_view key : keys) {
        check_key(key);
    }
    const store source = open_to_read(call.given);
    const map_view map = source.snapshot().map(call.given.map);
    const auto found = map.get_many(keys);
    std::vector<std::string_view> missing;
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (found[index]) {
            write_found(call, keys[index], *found[index], options);
        } else if (options.substitute) {
            write_found(call, keys[index], value_view(value_type::string, *options.substitute, 0), options);
        } else {
            missing.push_back(keys[index]);
        }
    }
    return report_missing(call, missing);
}

} // namespace

constinit const command get_command{"get", "", "KEY...", "Print values", details, run_get};

} // namespace holdfast::cli
