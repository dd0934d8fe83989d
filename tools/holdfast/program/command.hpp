// What a command is, and what it is given.
//
// Each command is one file in commands/, which registers it; nothing else lists them.
//
// A command declares its options on `call.line`, calls `call.begin` and, unless that says there is nothing more to
// do, works on `call.given` and writes to `call.out`. It fails by throwing holdfast::error.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "output/output.hpp"
#include "program/command_line.hpp"
#include "program/errors.hpp"
#include "program/store_access.hpp"

namespace holdfast::cli {

class invocation;

/// Where the help shows a command; in the order of the help.
enum class command_group { entries, atomic, transfer, store };

struct command {
    std::string_view name;
    std::string_view alias;     ///< empty: none
    std::string_view arguments; ///< "KEY [VALUE]"
    std::string_view summary;   ///< one line without a full stop
    std::string_view details;   ///< further lines of its help: rules and examples
    command_group group;
    exit_status (*run)(invocation&);
};

/// Makes a command known to the program: one static object in the command's file.
class command_registration {
public:
    explicit command_registration(const command& what);
};

inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

class invocation {
public:
    invocation(const command* what, std::vector<std::string> arguments, output& to)
        : line(std::move(arguments)), out(to), command_(what) {}

    command_line line;
    output& out;
    settings given;

    /// Parses and checks the number of words. False if help or the version was asked for, and printed.
    [[nodiscard]] bool begin(std::size_t words_min, std::size_t words_max);

private:
    void expect_words(std::size_t words_min, std::size_t words_max) const;
    void settle();

    const command* command_; ///< null: none was given
};

/// All commands, in the order of the help: by group, then by name.
[[nodiscard]] std::span<const command* const> all_commands();
/// By name or alias; null if there is none.
[[nodiscard]] const command* find_command(std::string_view name);

} // namespace holdfast::cli
