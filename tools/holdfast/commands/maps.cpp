// holdfast maps: prints the named maps of a store, or drops one.
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "output/escape.hpp"
#include "output/rows.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Prints the name of each map, how many entries it has and the type of its keys,
with tabs in between. A map is made with its first entry, as by
"holdfast -m users put ada 36". The unnamed map, if it has entries, is "".

Examples:
  holdfast maps
  holdfast maps --drop users
)";

void drop_map(const settings& given, const std::string& name) {
    store target = open_to_write(given);
    const bool dropped =
        target.update([&](write_transaction& transaction) { return transaction.drop(name); });
    if (!dropped) {
        throw_no_map(given, name);
    }
}

void write_name(invocation& call, std::string_view name) {
    if (name.empty()) {
        call.out.write("\"\"");
    } else if (name == "\"\"") {
        call.out.write("\\x22\\x22"); // so that it is not taken for the unnamed one
    } else {
        write_key(call.out, key_type(), name, call.given.colour);
    }
}

exit_status run_maps(invocation& call) {
    std::optional<std::string> dropped;
    call.line.option("--drop", "MAP", dropped, "remove this map and all in it");
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    if (dropped) {
        drop_map(call.given, *dropped);
        return exit_status::done;
    }
    const store source = open_to_read(call.given);
    for (const map_information& map : source.snapshot().maps()) {
        write_name(call, map.name);
        call.out.write('\t');
        call.out.write_number(map.entries);
        call.out.write('\t');
        call.out.write(map.keys.name());
        call.out.write('\n');
    }
    return exit_status::done;
}

constexpr command this_command{.name = "maps",
                               .alias = "",
                               .arguments = "[--drop MAP]",
                               .summary = "Print the named maps, or drop one",
                               .details = details,
                               .group = command_group::store,
                               .run = run_maps};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
