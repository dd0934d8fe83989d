// holdfast put: stores a value, from the command line, a file or standard input.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "escape.hpp"
#include "input.hpp"
#include "parse.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(The value is VALUE, or the contents of a file, or standard input: if VALUE is -,
or left out while input comes from a pipe or a file. Input is stored as it is,
its last newline included. Prints nothing.

Examples:
  holdfast put greeting hello
  holdfast put --type bytes logo --file logo.png
  tar c folder | holdfast put saved/folder
  holdfast put balance -5
  holdfast put --if-absent lock "$HOSTNAME"   # status 8 if there is a lock
  holdfast put --if-version 7 config "$new"   # status 8 if it has changed since
)";

struct put_options {
    std::optional<std::string> type;
    std::optional<std::string> file;
    std::optional<std::string> if_version;
    bool if_absent = false;
    bool print_version = false;
};

void declare(command_line& line, put_options& options) {
    line.option("-t,--type", "TYPE", options.type, "string or bytes (default: string)");
    line.option("--file", "FILE", options.file, "store what is in this file");
    line.flag("--if-absent", options.if_absent, "only if there is no such key");
    line.option("--if-version", "N", options.if_version, "only if its version is N; 0: only if it is absent");
    line.flag("--print-version", options.print_version, "print the version that the value got");
}

value_type parse_type(const std::string& name) {
    for (const value_type known : {value_type::string, value_type::bytes}) {
        if (name == to_string(known)) {
            return known;
        }
    }
    throw_usage("--type takes string or bytes, not " + in_quotes(name));
}

/// The version that the key must have; nullopt if any will do.
std::optional<version_number> required_version(const put_options& options) {
    if (options.if_absent && options.if_version) {
        throw_usage("--if-absent and --if-version exclude each other");
    }
    if (options.if_version) {
        return parse_number("--if-version", *options.if_version);
    }
    return options.if_absent ? std::optional<version_number>(0) : std::nullopt;
}

/// The value to store: as it was typed, or read.
class put_source {
public:
    put_source(const std::vector<std::string>& words, const std::optional<std::string>& file) {
        const bool typed = words.size() > 1;
        if (typed && file) {
            throw_usage("VALUE and --file exclude each other");
        }
        const bool from_input = typed ? words[1] == "-" : file == "-" || !file;
        if (typed && !from_input) {
            data_ = words[1];
            return;
        }
        if (!typed && !file && !standard_input_is_given()) {
            throw_usage("no value for " + in_quotes(words[0]) + "; give VALUE, --file F, or pipe it in");
        }
        bytes_ = from_input ? read_standard_input() : read_file(*file);
        data_ = bytes_.view();
    }

    [[nodiscard]] std::string_view data() const noexcept { return data_; }

private:
    input_bytes bytes_;
    std::string_view data_;
};

[[noreturn]] void throw_condition(const settings& given, std::string_view key, version_number required,
                                  version_number found) {
    const std::string what = "the condition was not met: " + in_quotes(key) + " " + where(given);
    const std::string state = found == 0 ? " is absent" : " has version " + std::to_string(found);
    const std::string wish = required == 0 ? "it had to be absent" : "not " + std::to_string(required);
    throw error(errc::condition_not_met, what + state + ", " + wish + "; nothing was stored");
}

/// A put that needs an existing version never creates a store.
std::optional<store> open_for_put(const settings& given, std::optional<version_number> required) {
    if (!required || *required == 0) {
        return open_or_create(given);
    }
    try {
        return open_to_write(given);
    } catch (const error& failure) {
        if (failure.reason() == errc::not_found) {
            return std::nullopt;
        }
        throw;
    }
}

/// While we hold the right to write, a snapshot is what we change; it tells the version without a copy.
void check_condition(const store& target, const settings& given, std::string_view key,
                     version_number required) {
    const auto old = target.snapshot().map(given.map).get(key);
    const version_number found = old ? old->version() : 0;
    if (found != required) {
        throw_condition(given, key, required, found);
    }
}

exit_status run_put(invocation& call) {
    put_options options;
    declare(call.line, options);
    if (!call.begin(1, 2)) {
        return exit_status::done;
    }
    const std::string& key = call.line.words()[0];
    check_key(key);
    const value_type type = parse_type(options.type.value_or("string"));
    const auto required = required_version(options);
    const put_source source(call.line.words(), options.file);
    auto target = open_for_put(call.given, required);
    if (!target) {
        throw_condition(call.given, key, *required, 0);
    }
    const version_number version = target->update([&](write_transaction& transaction) {
        if (required) {
            check_condition(*target, call.given, key, *required);
        }
        transaction.map(call.given.map).put(key, type, source.data());
        return transaction.version();
    });
    if (options.print_version) {
        call.out.write_number(version);
        call.out.write('\n');
    }
    return exit_status::done;
}

} // namespace

constinit const command put_command{"put", "", "KEY [VALUE]", "Store a value", details, run_put};

} // namespace holdfast::cli
