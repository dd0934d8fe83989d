// The program holdfast: finds the command, runs it, and turns every failure into one line and an exit status.
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/escape.hpp"
#include "output/output.hpp"
#include "program/command.hpp"
#include "program/errors.hpp"
#include "program/suggestion.hpp"

namespace holdfast::cli {

namespace {

/// Occupies descriptors 0, 1 and 2 if they are closed, each opened the wrong way round: using one is still an
/// error, and the store can't become our standard output.
void occupy_standard_descriptors() noexcept {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) < 0) {
            ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY); // takes the lowest number
        }
    }
}

/// Failed writes are reported by what they return, not by a signal.
void ignore_write_signals() noexcept {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

[[noreturn]] void throw_unknown_command(const std::string& word) {
    if (struct stat status{}; ::stat(word.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
        throw_usage(in_quotes(word) + " is a file, not a command; did you mean -s " + escaped(word) + "?");
    }
    std::vector<std::string> known;
    for (const command* one : all_commands()) {
        known.emplace_back(one->name);
        if (!one->alias.empty()) {
            known.emplace_back(one->alias);
        }
    }
    const std::string meant = suggestion(word, known);
    throw_usage("there is no command " + in_quotes(word) + (meant.empty() ? "; see holdfast --help" : meant));
}

/// "help" and "help COMMAND" are other words for --help.
void replace_help_word(std::vector<std::string>& arguments, std::size_t at) {
    if (arguments[at] == "help") {
        arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(at));
        arguments.emplace_back("--help");
    }
}

exit_status run(std::vector<std::string> arguments, output& out) {
    auto at = command_line::find_command(arguments);
    if (at) {
        replace_help_word(arguments, *at);
        at = command_line::find_command(arguments);
    }
    if (!at) {
        invocation call(nullptr, std::move(arguments), out);
        return call.begin(0, any_number) ? exit_status::usage : exit_status::done;
    }
    const std::string word = arguments[*at];
    const command* const found = find_command(word);
    if (found == nullptr) {
        throw_unknown_command(word);
    }
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(*at));
    invocation call(found, std::move(arguments), out);
    return found->run(call);
}

/// What was written before a failure was whole lines, so it goes out before the failure is reported.
void flush_quietly(output& out) noexcept {
    try {
        out.flush();
    } catch (...) {
        return; // the first failure is the one to report
    }
}

} // namespace

} // namespace holdfast::cli

int main(int argc, char** argv) {
    namespace cli = holdfast::cli;
    cli::occupy_standard_descriptors();
    cli::ignore_write_signals();
    cli::output out(STDOUT_FILENO);
    auto status = cli::exit_status::done;
    try {
        std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        status = cli::run(std::move(arguments), out);
        out.flush();
    } catch (...) {
        cli::flush_quietly(out);
        status = cli::report_current_exception();
    }
    return static_cast<int>(status);
}
