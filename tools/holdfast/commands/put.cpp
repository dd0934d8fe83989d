// holdfast put: stores a value, from the command line, a file or standard input.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "input/input_file.hpp"
#include "output/escape.hpp"
#include "program/command.hpp"
#include "program/parse.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(The value is VALUE, or the contents of a file, or standard input: if VALUE is -,
or left out while input comes from a pipe or a file. Prints nothing.

--type says what the value is: a string (of UTF-8, the default) or bytes, stored
as they are, the last newline included; int and uint, whole numbers of 64 bits;
float (also inf and nan); bool (true or false); null, which needs no VALUE; or
json, stored as a document, which other programs read as their structs.

Examples:
  holdfast put greeting hello
  holdfast put --type bytes logo --file logo.png
  tar c folder | holdfast put --type bytes saved/folder
  holdfast put --type int balance -5
  holdfast put --type json user/ada '{"name":"Ada","age":36}'
  holdfast -m log put --key-type time 2026-11-20T14:09:09Z started
  holdfast put --if-absent lock "$HOSTNAME"   # status 8 if there is a lock
  holdfast put --if-version 7 config "$new"   # status 8 if it has changed since
)";

struct put_options {
    std::optional<std::string> type;
    std::optional<std::string> keys;
    std::optional<std::string> file;
    std::optional<std::string> if_version;
    bool if_absent = false;
    bool print_version = false;
};

void declare(command_line& line, put_options& options) {
    line.option("-t,--type", "TYPE", options.type, "string, bytes, int, uint, float, bool, null, json");
    line.option("--file", "FILE", options.file, "store what is in this file");
    line.flag("--if-absent", options.if_absent, "only if there is no such key");
    line.option("--key-type", "TYPE", options.keys, "the keys of a new map: int, time, (string,int), ...");
    line.option("--if-version", "N", options.if_version, "only if its version is N; 0: only if it is absent");
    line.flag("--print-version", options.print_version, "print the version that the value got");
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

/// The value to store: as it was typed, or out of a file or a pipe.
class put_source {
public:
    put_source(const std::vector<std::string>& words, const std::optional<std::string>& file, value_type type)
        : type_(type) {
        const bool typed = words.size() > 1;
        if (typed && file) {
            throw_usage("VALUE and --file exclude each other");
        }
        const bool from_input = typed ? words[1] == "-" : file == "-" || !file;
        if (typed && !from_input) {
            text_ = value_bytes_from_text(buffer_, type, words[1]);
        } else if (!typed && !file && type == value_type::null) {
            text_ = {};
        } else if (!typed && !file && !standard_input_is_given()) {
            throw_usage("no value for " + in_quotes(words[0]) + "; give VALUE, --file F, or pipe it in");
        } else {
            read(from_input ? "-" : *file);
        }
    }

    void put_into(map_writer& map, std::string_view key) {
        if (!file_) {
            map.put(key, value_view(type_, text_));
            return;
        }
        map.put_filled(key, type_, size_, [&](std::span<char> place) {
            fill(place);
            expect_text({place.data(), place.size()});
        });
    }

private:
    /// A large file is read straight into its place in the store; a pipe before others have to wait for us.
    void read(const std::string& path) {
        constexpr std::uint64_t in_place_min = std::uint64_t{1} << 20;
        const bool is_plain = type_ == value_type::string || type_ == value_type::bytes;
        file_.emplace(path);
        size_ = file_->bytes_left();
        if (size_ < in_place_min) { // or unknown
            pieces_.read_all(*file_);
            size_ = pieces_.size();
        }
        if (is_plain && size_ >= in_place_min) {
            return;
        }
        read_.resize(static_cast<std::size_t>(size_));
        fill(read_);
        text_ = value_bytes_from_text(buffer_, type_, read_);
        file_.reset();
    }

    void fill(std::span<char> place) {
        if (pieces_.size() != 0) {
            pieces_.move_to(place);
        } else {
            file_->read_exactly(place);
        }
    }

    void expect_text(std::string_view text) const {
        if (type_ == value_type::string) {
            std::string unused;
            static_cast<void>(value_bytes_from_text(unused, type_, text));
        }
    }

    value_type type_;
    std::string buffer_;
    std::string read_;
    std::string_view text_;          ///< unless there is a file
    std::optional<input_file> file_; ///< of a large value
    input_pieces pieces_;            ///< of it, if its length was not known
    std::uint64_t size_ = 0;
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
    return !required || *required == 0 ? open_or_create(given) : open_if_there(given);
}

exit_status run_put(invocation& call) {
    put_options options;
    declare(call.line, options);
    if (!call.begin(1, 2)) {
        return exit_status::done;
    }
    const std::string& word = call.line.words()[0];
    expect_key(word);
    const value_type type = parse_value_type(options.type.value_or("string"));
    const auto required = required_version(options);
    const auto keys = parse_key_type(options.keys);
    put_source source(call.line.words(), options.file, type);
    auto target = open_for_put(call.given, required);
    if (!target) {
        throw_condition(call.given, word, *required, 0);
    }
    const version_number version = target->update([&](write_transaction& transaction) {
        map_writer map = open_map(transaction, call.given.map, keys);
        naming_key(call.given, word, [&] {
            const std::string key = key_from_text(map.keys(), word);
            const version_number found = required ? map.version(key).value_or(0) : 0;
            if (required && found != *required) {
                throw_condition(call.given, word, *required, found);
            }
            source.put_into(map, key);
        });
        return transaction.version();
    });
    if (options.print_version) {
        call.out.write_number(version);
        call.out.write('\n');
    }
    return exit_status::done;
}

constexpr command this_command{.name = "put",
                               .alias = "",
                               .arguments = "KEY [VALUE]",
                               .summary = "Store a value",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_put};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
