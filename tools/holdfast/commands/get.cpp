// holdfast get: prints the values of one or several keys, all as of the same moment.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/entry_json.hpp>
#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "output/rows.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(One key: prints its value and a newline. Several keys: prints KEY, a tab and the
value, one a line, with control characters as in \n or \x1b and backslashes as
\\. Keys that are missing are named on standard error, and the status is 1.

Numbers are printed in decimal digits, documents as JSON, raw values (structs of
programs) in hexadecimal digits, strings and bytes as they are. --raw prints the
bytes that are stored: eight of a number, CBOR of a document.

--json prints {"key":...,"type":...,"size":...,"version":...,"value":...}. Bytes
are {"$bytes":"<base64>"} there, as are strings that are not UTF-8. NaN and
infinity are {"$float":"NaN"} and {"$float":"Infinity"}, raw values {"$raw":
{"name":...,"version":...,"alignment":...,"bytes":"<base64>"}}. A key that is
not UTF-8 is "key_base64".

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
    line.option("--default", "V", options.substitute, "print V for a missing key, also without a store");
    line.flag("--meta", options.meta, "type, size and version instead of the value");
}

void expect_consistent(const get_options& options) {
    if (options.raw && (options.json || options.hex || options.meta)) {
        throw_usage("--raw excludes --json, --hex and --meta");
    }
    if (options.hex && (options.json || options.meta)) {
        throw_usage("--hex excludes --json and --meta");
    }
}

/// Without the end of the line.
void write_line(invocation& call, const key_type& keys, std::string_view key, const value_view& value,
                const get_options& options) {
    if (options.json) {
        std::string json;
        append_entry_json(json, keys, {key, value}, {.details = true, .value = !options.meta});
        call.out.write(json);
        return;
    }
    const bool many = call.line.words().size() > 1;
    const bool as_text = !options.meta && !options.hex;
    const auto shown =
        as_text ? std::optional<printed_value>(value) : std::nullopt; // fails before the key is out
    if (many) {
        write_key(call.out, keys, key, call.given.colour);
        call.out.write('\t');
    }
    if (options.meta) {
        write_meta(call.out, value);
    } else if (options.hex) {
        write_hex(call.out, plain_bytes(value));
    } else if (many) {
        shown->write_escaped(call.out); // its line must not break
    } else {
        shown->write(call.out);
    }
}

void write_found(invocation& call, const key_type& keys, std::string_view key, const value_view& value,
                 const get_options& options) {
    value.verify();
    if (options.raw) {
        call.out.write(plain_bytes(value));
        return;
    }
    write_line(call, keys, key, value, options);
    call.out.write('\n');
}

exit_status report_missing(invocation& call, const std::vector<std::string_view>& missing) {
    call.out.flush();
    for (const std::string_view key : missing) {
        report(no_key(call.given, key));
    }
    return missing.empty() ? exit_status::done : exit_status::not_found;
}

value_view substitute(const get_options& options) {
    return {value_type::string,
            options.substitute ? std::string_view(*options.substitute) : std::string_view(), 0};
}

exit_status print(invocation& call, const get_options& options, const map_view& map) {
    const auto& words = call.line.words();
    std::vector<std::string> keys;
    for (const std::string& word : words) {
        keys.push_back(key_from_text(map.keys(), word));
    }
    const auto found = map.get_many(std::vector<std::string_view>(keys.begin(), keys.end()));
    std::vector<std::string_view> missing;
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (!found[index] && !options.substitute) {
            missing.push_back(words[index]);
            continue;
        }
        naming_key(call.given, words[index], [&] {
            write_found(call, map.keys(), keys[index], found[index].value_or(substitute(options)), options);
        });
    }
    return report_missing(call, missing);
}

exit_status print_substitutes(invocation& call, const get_options& options) {
    for (const std::string& word : call.line.words()) {
        write_found(call, key_type(), word, substitute(options), options);
    }
    return exit_status::done;
}

exit_status run_get(invocation& call) {
    get_options options;
    declare(call.line, options);
    if (!call.begin(1, any_number)) {
        return exit_status::done;
    }
    expect_consistent(options);
    const auto& words = call.line.words();
    for (const std::string& word : words) {
        expect_key(word);
    }
    if (!options.substitute) {
        return print(call, options, open_to_read(call.given).snapshot().map(call.given.map));
    }
    try {
        return print(call, options, open_to_read(call.given).snapshot().map(call.given.map));
    } catch (const error& failure) {
        if (failure.reason() != errc::not_found) {
            throw;
        }
    }
    return print_substitutes(call, options); // there is no store yet
}

constexpr command this_command{.name = "get",
                               .alias = "",
                               .arguments = "KEY...",
                               .summary = "Print values",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_get};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
