// holdfast incr: adds to a number, atomically.
#include <optional>
#include <string>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "program/command.hpp"
#include "program/operations.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Adds BY, or 1, to the number at KEY and prints the sum. A key that is absent
counts as 0 and becomes an int, or a float if BY has a point. However many do
so at once, nothing is lost. If the number's type can't hold the sum, or the
value is no number, it stays as it was, and the status is 3.

Examples:
  holdfast incr visits
  holdfast incr balance -20
  holdfast incr load 0.25
  holdfast incr --type uint bytes 4096
)";

exit_status run_incr(invocation& call) {
    std::optional<std::string> type;
    std::optional<std::string> keys_name;
    call.line.option("-t,--type", "TYPE", type, "int, uint or float; a new number becomes one");
    call.line.option("--key-type", "TYPE", keys_name, "the keys of a new map: int, time, ...");
    if (!call.begin(1, 2)) {
        return exit_status::done;
    }
    const auto& words = call.line.words();
    expect_key(words[0]);
    const amount by = amount_from_text(words.size() > 1 ? words[1] : "1");
    const auto fresh = type ? std::optional(parse_value_type(*type)) : std::nullopt;
    const auto keys = parse_key_type(keys_name);
    store target = open_or_create(call.given);
    const value sum = target.update([&](write_transaction& transaction) {
        const map_writer map = open_map(transaction, call.given.map, keys);
        return naming_key(call.given, words[0],
                          [&] { return increase(map, key_from_text(map.keys(), words[0]), by, fresh); });
    });
    call.out.write(value_to_text(sum.view()) + '\n');
    return exit_status::done;
}

constexpr command this_command{.name = "incr",
                               .alias = "",
                               .arguments = "KEY [BY]",
                               .summary = "Add to a number and print it",
                               .details = details,
                               .group = command_group::atomic,
                               .run = run_incr};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
