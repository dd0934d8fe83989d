// The texts of --help: laid out here, from what the commands say of themselves.
#include "program/help.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "output/output.hpp"
#include "program/command.hpp"
#include "program/command_line.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view program_opening = //
    R"(holdfast: keys and values in one file, open in any number of processes at once

Usage: holdfast [OPTIONS] COMMAND [ARGUMENTS]

)";

constexpr std::string_view program_closing = //
    R"(
Without -s the store is $HOLDFAST_STORE, else
$XDG_DATA_HOME/holdfast/default.hold, else ~/.local/share/holdfast/default.hold.
The first put makes it; commands that read never do.

Examples:
  holdfast put greeting hello         # store a value
  holdfast get greeting               # print it
  holdfast list                       # print all keys, in order
  holdfast list -v user/              # those that begin with user/, and values
  date | holdfast put now             # store what a program prints
  holdfast -s app.hold put port 8080  # work on another store
  holdfast -m users put ada 36        # and on a map of its own in a store
  holdfast put -t json me '{"age":7}' # store an object; get prints it as JSON
  holdfast incr visits                # count, however many do at once
  holdfast export > all.jsonl         # and holdfast import all.jsonl
  holdfast put -- -5 "below zero"     # -- comes before a key that begins with -

Exit status:
  0  done                                5  corrupt, not a store, or too new
  1  key, map or store not found         6  timed out
  2  wrong usage or unreadable input     7  permission or other I/O error
  3  wrong type, number out of range     8  a condition was not met
  4  no space

"holdfast COMMAND --help" tells more about a command.
)";

std::string with_space(std::string_view arguments) {
    return arguments.empty() ? std::string() : std::string(" ").append(arguments);
}

/// "  left   right" lines, the right side in one column.
void write_row(output& out, std::string_view left, std::string_view right, std::size_t width) {
    out.write("  ");
    out.write(left);
    if (left.size() > width) {
        out.write("\n  ");
        out.write(std::string(width, ' '));
    } else {
        out.write(std::string(width - left.size(), ' '));
    }
    out.write("  ");
    out.write(right);
    out.write("\n");
}

void write_options(output& out, const std::vector<option_text>& options, bool global) {
    constexpr std::size_t width = 22;
    for (const option_text& option : options) {
        if (option.global == global) {
            // Long names stand below each other, also where there is no short one.
            const std::string indent = option.names.rfind("--", 0) == 0 ? "    " : "";
            write_row(out, indent + option.names, option.description, width);
        }
    }
}

void write_program_help(output& out, const std::vector<option_text>& options) {
    constexpr std::size_t width = 22;
    out.write(program_opening);
    out.write("Commands:\n");
    for (const command* one : all_commands()) {
        write_row(out, std::string(one->name) + with_space(one->arguments), one->summary, width);
    }
    out.write("\nOptions, before or after the command:\n");
    write_options(out, options, true);
    out.write(program_closing);
}

} // namespace

void write_help(output& out, const command* about, const std::vector<option_text>& options) {
    if (about == nullptr) {
        write_program_help(out, options);
        return;
    }
    const std::string name(about->name);
    out.write("holdfast " + name + ": " + std::string(about->summary) + "\n\n");
    out.write("Usage: holdfast [OPTIONS] " + name + with_space(about->arguments) + "\n");
    if (!about->alias.empty()) {
        out.write("Alias: " + std::string(about->alias) + "\n");
    }
    const bool has_options =
        std::any_of(options.begin(), options.end(), [](const option_text& option) { return !option.global; });
    if (has_options) {
        out.write("\nOptions:\n");
        write_options(out, options, false);
    }
    out.write("\n");
    out.write(about->details);
    out.write("\nOptions of every command:\n");
    write_options(out, options, true);
}

} // namespace holdfast::cli
