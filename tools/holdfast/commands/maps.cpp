// holdfast maps: prints the named maps of a store, or drops one.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "output/escape.hpp"
#include "output/rows.hpp"
#include "program/command.hpp"
#include "program/damage_log.hpp"
#include "program/erase.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Prints the name of each map, how many entries it has and the type of its keys,
with tabs in between. A map is made with its first entry, as by
"holdfast -m users put ada 36". The unnamed map, if it has entries, is "", and
is emptied by --drop "" --all. Dropping works in a full store: in portions then,
each a transaction of its own, which is said.

Examples:
  holdfast maps
  holdfast maps --drop users
  holdfast maps --json | jq .entries
)";

void drop_map(const settings& given, const std::string& name) {
    store target = open_to_write(given);
    if (!target.snapshot().has_map(name) && !name.empty()) {
        throw_no_map(given, name);
    }
    const auto drop = [&] {
        return target.update([&](write_transaction& transaction) { return transaction.drop(name); });
    };
    try {
        drop();
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space) {
            throw;
        }
        erase_in_portions(target, name, "", UINT64_MAX);
        drop();
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

void write_text(invocation& call, const map_information& map) {
    write_name(call, map.name);
    call.out.write('\t');
    call.out.write_number(map.entries);
    call.out.write('\t');
    call.out.write(map.keys.name());
    call.out.write('\n');
}

void write_json(output& out, const map_information& map) {
    json_object object(out);
    object.text("map", map.name);
    object.number("entries", map.entries);
    object.text("key_type", map.keys.name());
    object.close();
    out.write('\n');
}

exit_status run_maps(invocation& call) {
    std::optional<std::string> dropped;
    bool all = false;
    bool json = false;
    call.line.flag("--json", json, "one JSON object a line");
    call.line.option("--drop", "MAP", dropped, "remove this map and all in it");
    call.line.flag("--all", all, "with --drop \"\": really all of the unnamed map");
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    if (all && (!dropped || !dropped->empty())) {
        throw_usage("--all is for --drop \"\", the unnamed map");
    }
    if (dropped && dropped->empty() && !all) {
        throw_usage("--drop \"\" removes all of the unnamed map; give --all, too, if that is meant");
    }
    if (dropped) {
        drop_map(call.given, *dropped);
        return exit_status::done;
    }
    const store source = open_to_read(call.given);
    damage_log damage;
    const auto note = [&](const damaged_stretch& lost) { damage.note_maps(call.given, lost); };
    for (const map_information& map : source.snapshot().maps(note)) {
        json ? write_json(call.out, map) : write_text(call, map);
    }
    return damage.status();
}

constexpr command this_command{.name = "maps",
                               .alias = "",
                               .arguments = "",
                               .summary = "Print the named maps, or drop one",
                               .details = details,
                               .group = command_group::store,
                               .run = run_maps};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
