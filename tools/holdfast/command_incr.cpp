// holdfast incr: adds to a number, atomically.
#include <optional>
#include <string>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "escape.hpp"
#include "key_text.hpp"
#include "operations.hpp"
#include "shown_value.hpp"
#include "value_input.hpp"

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
    check_key(words[0]);
    const amount by = parse_amount(words.size() > 1 ? words[1] : "1");
    const auto fresh = type ? std::optional(parse_value_type("--type", *type)) : std::nullopt;
    const auto keys = parse_key_type(keys_name);
    store target = open_or_create(call.given);
    const value sum = target.update([&](write_transaction& transaction) {
        const map_writer map = open_map(transaction, call.given.map, keys);
        try {
            return increase(map, key_from_text(map.keys(), words[0]), by, fresh);
        } catch (const error& failure) {
            throw error(failure.reason(), in_quotes(words[0]) + ": " + failure.what());
        }
    });
    shown_value(sum.view()).write_text(call.out);
    call.out.write('\n');
    return exit_status::done;
}

} // namespace

constinit const command incr_command{"incr",  "",      "KEY [BY]", "Add to a number and print it",
                                     details, run_incr};

} // namespace holdfast::cli
