// What a command is, and what it is given.
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

#include "command_line.hpp"
#include "errors.hpp"
#include "output.hpp"
#include "store_access.hpp"

namespace holdfast::cli {

class invocation;

struct command {
    std::string_view name;
    std::string_view alias;     ///< empty: none
    std::string_view arguments; ///< "KEY [VALUE]"
    std::string_view summary;   ///< one line without a full stop
    std::string_view details;   ///< further lines of its help: rules and examples
    exit_status (*run)(invocation&);
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
    void check_words(std::size_t words_min, std::size_t words_max) const;
    void settle();

    const command* command_; ///< null: none was given
};

/// All commands, in the order of the help.
[[nodiscard]] std::span<const command* const> all_commands() noexcept;
/// By name or alias; null if there is none.
[[nodiscard]] const command* find_command(std::string_view name) noexcept;

extern const command put_command;
extern const command get_command;
extern const command exists_command;
extern const command del_command;
extern const command list_command;
extern const command incr_command;
extern const command cas_command;
extern const command copy_command;
extern const command rename_command;
extern const command apply_command;
extern const command export_command;
extern const command import_command;
extern const command maps_command;
extern const command stat_command;
extern const command check_command;

} // namespace holdfast::cli
