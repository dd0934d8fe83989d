// holdfast del: deletes keys, or all that begin alike, in one transaction.
#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Deletes all or nothing, and prints how many keys there were. Deleting nothing is
status 1, but 0 with --prefix.

Examples:
  holdfast del greeting
  holdfast del user/ada user/bob
  holdfast del --prefix cache/
)";

std::uint64_t delete_keys(map_writer map, const std::vector<std::string>& keys) {
    std::uint64_t deleted = 0;
    for (const std::string& key : keys) {
        deleted += map.erase(key_from_text(map.keys(), key)) ? 1 : 0;
    }
    return deleted;
}

void report_nothing(const invocation& call) {
    const auto& keys = call.line.words();
    const std::string others = keys.size() == 1 ? "" : " nor the others";
    report("nothing was deleted: no key " + in_quotes(keys[0]) + others + " " + where(call.given) + "; " +
           hint(call.given, "list") + " shows what is there");
}

exit_status run_del(invocation& call) {
    std::optional<std::string> prefix;
    call.line.option("--prefix", "P", prefix, "delete all keys that begin with P");
    if (!call.begin(0, any_number)) {
        return exit_status::done;
    }
    const auto& keys = call.line.words();
    if (keys.empty() == !prefix) {
        throw_usage("give either keys or --prefix; usage: holdfast del KEY... | --prefix P");
    }
    for (const std::string& key : keys) {
        check_key(key);
    }
    store target = open_to_write(call.given);
    const std::uint64_t deleted = target.update([&](write_transaction& transaction) {
        map_writer map = transaction.map(call.given.map);
        return prefix ? map.erase_prefix(key_prefix_from_text(map.keys(), *prefix)) : delete_keys(map, keys);
    });
    call.out.write_number(deleted);
    call.out.write('\n');
    if (deleted != 0 || prefix) {
        return exit_status::done;
    }
    call.out.flush();
    report_nothing(call);
    return exit_status::not_found;
}

constexpr command this_command{.name = "del",
                               .alias = "rm",
                               .arguments = "KEY... | --prefix P",
                               .summary = "Delete keys",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_del};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
