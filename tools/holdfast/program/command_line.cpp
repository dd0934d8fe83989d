// Options and words, by CLI11.
//
// CLI11 interprets what people type: it splits "[a,b]" into a list, takes an empty word for a missing one, and a
// leading '-' for an option. Stored data must not be interpreted. So every word that is no option, and every value
// behind "--name=", is handed to it with a mark in front (a "shield"), and the mark is taken off what it returns.
#include "program/command_line.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <CLI/CLI.hpp>

#include "output/escape.hpp"
#include "program/errors.hpp"
#include "program/suggestion.hpp"

namespace holdfast::cli {

namespace {

constexpr char mark = '\x01';

std::string shield(const std::string& text) { return mark + text; }

/// The exact inverse of what `shielded` did to an argument.
std::string unshield(std::string text) {
    if (!text.empty() && text.front() == mark) {
        text.erase(0, 1);
    } else if (text.rfind("--", 0) == 0) {
        const auto equals = text.find('=');
        if (equals != std::string::npos && equals + 1 < text.size() && text[equals + 1] == mark) {
            text.erase(equals + 1, 1);
        }
    }
    return text;
}

std::string option_name(const std::string& argument) {
    return argument.rfind("--", 0) == 0 ? argument.substr(0, argument.find('=')) : argument;
}

bool is_long_enough_option(const std::string& argument) {
    return argument.size() > 1 && argument.front() == '-';
}

} // namespace

class command_line::parser {
public:
    CLI::App app;
};

command_line::command_line(std::vector<std::string> arguments)
    : parser_(std::make_unique<parser>()), arguments_(std::move(arguments)) {
    parser_->app.set_help_flag("");
    parser_->app.allow_extras();
}

command_line::~command_line() = default;

void command_line::note(const std::string& names, const std::string& value_name,
                        const std::string& description) {
    std::string shown = names;
    if (const auto comma = shown.find(','); comma != std::string::npos) {
        shown.insert(comma + 1, " ");
    }
    const std::string name = names.substr(names.find(',') + 1); // all of it if there is no comma
    texts_.push_back(
        {name, shown + (value_name.empty() ? "" : " " + value_name), description, declaring_globals_});
}

void command_line::flag(const std::string& names, bool& target, const std::string& description) {
    parser_->app.add_flag(names, target)->disable_flag_override();
    note(names, "", description);
}

void command_line::option(const std::string& names, const std::string& value_name,
                          std::optional<std::string>& target, const std::string& description) {
    const auto set = [&target](const CLI::results_t& results) {
        target = unshield(results.back());
        return true;
    };
    parser_->app.add_option(names, set)->type_name(value_name)->take_last();
    note(names, value_name, description);
}

void command_line::declare_globals() {
    declaring_globals_ = true;
    option("-s,--store", "STORE", globals_.store, "the file that is the store");
    option("-m,--map", "MAP", globals_.map, "the map within the store (default: the unnamed one)");
    flag("--read-only", globals_.read_only, "never change a byte of the store");
    option("--timeout", "DURATION", globals_.timeout, "wait so long for a lock: 250ms, 5m (default: 30s)");
    option("--durability", "LEVEL", globals_.durability, "process, interval or commit (default: process)");
    option("--color", "WHEN", globals_.color, "auto, always or never (default: auto)");
    flag("--version", globals_.version, "print the version and end");
    flag("-h,--help", globals_.help, "print this help and end");
    declaring_globals_ = false;
}

/// Negative numbers are words, except where the command has an option that begins like one.
bool command_line::is_option(const std::string& argument) const {
    if (!is_long_enough_option(argument)) {
        return false;
    }
    const char second = argument[1];
    if (second == '.' || std::isdigit(static_cast<unsigned char>(second)) != 0) {
        return parser_->app.get_option_no_throw(argument.substr(0, 2)) != nullptr;
    }
    return true;
}

bool command_line::takes_value(const std::string& name) const {
    const CLI::Option* const known = parser_->app.get_option_no_throw(name);
    return known != nullptr && known->get_items_expected_max() != 0;
}

std::vector<std::string> command_line::shielded() const {
    std::vector<std::string> result;
    result.reserve(arguments_.size());
    bool words_only = false;
    for (const std::string& argument : arguments_) {
        const auto equals = argument.find('=');
        if (words_only || !is_option(argument)) {
            result.push_back(shield(argument));
        } else if (argument == "--") {
            words_only = true;
        } else if (argument.rfind("--", 0) == 0 && equals != std::string::npos) {
            result.push_back(argument.substr(0, equals + 1) + shield(argument.substr(equals + 1)));
        } else if (equals == 2 &&
                   takes_value(argument.substr(0, 2))) { // "-s=FILE", as "-sFILE" and "-s FILE"
            result.push_back(argument.substr(0, 2));
            result.push_back(shield(argument.substr(3)));
        } else {
            result.push_back(argument);
        }
    }
    return result;
}

/// Why CLI11 refused the arguments: options that nobody declared pass, so this is about values only.
std::string command_line::complaint() const {
    for (const std::string& argument : arguments_) {
        const std::string name = option_name(argument);
        const bool is_known = parser_->app.get_option_no_throw(name) != nullptr;
        if (name.size() < argument.size() && is_known && !takes_value(name)) {
            return name + " takes no value";
        }
    }
    return "the value of " + in_quotes(arguments_.back()) + " is missing";
}

void command_line::parse() {
    declare_globals();
    auto arguments = shielded();
    std::reverse(arguments.begin(), arguments.end()); // the order in which CLI11 takes them
    try {
        parser_->app.parse(arguments);
    } catch (const CLI::ParseError&) {
        throw_usage(complaint());
    }
    for (const std::string& rest : parser_->app.remaining()) {
        if (rest.empty() || rest.front() != mark) {
            throw_unknown(option_name(rest));
        }
        words_.push_back(unshield(rest));
    }
}

void command_line::throw_unknown(const std::string& name) const {
    std::vector<std::string> known;
    for (const option_text& option : texts_) {
        known.push_back(option.name);
    }
    const std::string meant = suggestion(name, known);
    throw_usage("unknown option " + in_quotes(name) +
                (meant.empty() ? "; a key or value that begins with - comes after --" : meant));
}

std::optional<std::size_t> command_line::find_command(const std::vector<std::string>& arguments) {
    constexpr std::array<std::string_view, 7> with_value{"-s",        "--store",      "-m",     "--map",
                                                         "--timeout", "--durability", "--color"};
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string& argument = arguments[index];
        if (std::find(with_value.begin(), with_value.end(), argument) != with_value.end()) {
            ++index;
        } else if (!is_long_enough_option(argument)) {
            return index;
        }
    }
    return std::nullopt;
}

} // namespace holdfast::cli
