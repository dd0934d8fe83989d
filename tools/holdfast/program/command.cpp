// Which commands there are, and what they have in common.
#include "program/command.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <unistd.h>

#include "output/escape.hpp"
#include "output/terminal.hpp"
#include "program/help.hpp"
#include "program/parse.hpp"

namespace holdfast::cli {

namespace {

/// Filled before main() begins.
std::vector<const command*>& registered() {
    static std::vector<const command*> commands;
    return commands;
}

} // namespace

command_registration::command_registration(const command& what) { registered().push_back(&what); }

std::span<const command* const> all_commands() {
    auto& commands = registered();
    std::sort(commands.begin(), commands.end(), [](const command* left, const command* right) {
        return std::tie(left->group, left->name) < std::tie(right->group, right->name);
    });
    return commands;
}

const command* find_command(std::string_view name) {
    const auto& commands = registered();
    const auto found = std::find_if(commands.begin(), commands.end(), [name](const command* one) {
        return one->name == name || (!one->alias.empty() && one->alias == name);
    });
    return found == commands.end() ? nullptr : *found;
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
    expect_words(words_min, words_max);
    settle();
    return true;
}

void invocation::expect_words(std::size_t words_min, std::size_t words_max) const {
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
    given.map = globals.map.value_or("");
    given.names_store = globals.store.has_value();
    given.read_only = globals.read_only;
    if (globals.timeout) {
        given.timeout = parse_duration("--timeout", *globals.timeout);
    }
    if (globals.durability) {
        given.durability = parse_durability("--durability", *globals.durability);
    }
    if (globals.store && globals.store->empty()) {
        throw_usage("-s takes the name of a file, not an empty one");
    }
    given.store_path = globals.store ? *globals.store : default_store_path();
}

} // namespace holdfast::cli
