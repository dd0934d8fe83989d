// The table of commands, and what they have in common.
#include "command.hpp"

#include <algorithm>
#include <array>

#include <unistd.h>

#include "escape.hpp"
#include "help.hpp"
#include "parse.hpp"
#include "terminal.hpp"

namespace holdfast::cli {

namespace {

constexpr std::array table{&put_command,    &get_command,   &exists_command, &del_command,
                           &list_command,   &incr_command,  &cas_command,    &copy_command,
                           &rename_command, &apply_command, &export_command, &import_command,
                           &maps_command,   &stat_command,  &check_command};

} // namespace

std::span<const command* const> all_commands() noexcept { return table; }

const command* find_command(std::string_view name) noexcept {
    const auto* const found = std::find_if(table.begin(), table.end(), [name](const command* one) {
        return one->name == name || (!one->alias.empty() && one->alias == name);
    });
    return found == table.end() ? nullptr : *found;
}

bool invocation::begin(std::size_t words_min, std::size_t words_max) {
    line.parse();
    if (line.globals().help) {
        write_help(out, command_, line.options());
        return false;
    }
    if (line.globals().version) {
        out.write("holdfast " HOLDFAST_VERSION_STRING "\n");
        return false;
    }
    check_words(words_min, words_max);
    settle();
    return true;
}

void invocation::check_words(std::size_t words_min, std::size_t words_max) const {
    if (command_ == nullptr) {
        throw_usage("no command is given; see holdfast --help");
    }
    std::string usage = "usage: holdfast " + std::string(command_->name);
    if (!command_->arguments.empty()) {
        usage.append(" ").append(command_->arguments);
    }
    if (line.words().size() < words_min) {
        throw_usage("too few arguments; " + usage);
    }
    if (line.words().size() > words_max) {
        throw_usage("unexpected argument " + in_quotes(line.words()[words_max]) + "; " + usage);
    }
}

/// Turns the global options into settings.
void invocation::settle() {
    const global_options& globals = line.globals();
    const auto choice = globals.color ? parse_colour(*globals.color) : colour_choice::automatic;
    colour_reports(use_colour(choice, STDERR_FILENO));
    given.colour = use_colour(choice, STDOUT_FILENO);
    given.map = globals.map;
    given.read_only = globals.read_only;
    if (globals.timeout) {
        given.timeout = parse_duration("--timeout", *globals.timeout);
    }
    if (globals.store && globals.store->empty()) {
        throw_usage("-s takes the name of a file, not an empty one");
    }
    given.store_path = globals.store ? *globals.store : default_store_path();
}

} // namespace holdfast::cli
