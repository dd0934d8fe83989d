// holdfast del: deletes keys, or all that begin alike, in one transaction.
#include <cstdint>
#include <optional>
#include <string>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "program/command.hpp"
#include "program/erase.hpp"
#include "program/parse.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Deletes all or nothing, and prints how many keys there were. Deleting nothing is
status 1, but 0 with --prefix. --all deletes all keys of the map; an empty
prefix needs it, too. Where the disk is full, --prefix and --all go on in
portions, each a transaction of its own, and say so.

Examples:
  holdfast del greeting
  holdfast del user/ada user/bob
  holdfast del --prefix cache/
  holdfast del --prefix log/2025 --limit 10000
  holdfast -m drafts del --all
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

struct del_options {
    std::optional<std::string> prefix;
    std::optional<std::string> limit;
    bool all = false;
};

void expect_consistent(const del_options& options, const std::vector<std::string>& keys) {
    const bool many = options.prefix || options.all;
    if (keys.empty() == !many) {
        throw_usage(
            "give either keys, or --prefix, or --all; usage: holdfast del KEY... | --prefix P | --all");
    }
    if (options.limit && !many) {
        throw_usage("--limit goes with --prefix and --all");
    }
    if (options.prefix && options.prefix->empty() && !options.all) {
        throw_usage("--prefix \"\" deletes all keys; give --all, too, if that is meant");
    }
    if (options.prefix && !options.prefix->empty() && options.all) {
        throw_usage("--prefix and --all exclude each other");
    }
    for (const std::string& key : keys) {
        expect_key(key);
    }
}

std::uint64_t delete_many(store& target, const std::string& map, const del_options& options) {
    const std::uint64_t limit = options.limit ? parse_number("--limit", *options.limit) : UINT64_MAX;
    const std::string prefix =
        key_prefix_from_text(target.snapshot().map(map).keys(), options.prefix.value_or(""));
    try {
        return target.update([&](write_transaction& transaction) {
            return erase_at_once(transaction, target, map, prefix, limit);
        });
    } catch (const error& failure) {
        if (failure.reason() != errc::no_space) {
            throw;
        }
    }
    return erase_in_portions(target, map, prefix, limit);
}

exit_status run_del(invocation& call) {
    del_options options;
    call.line.option("--prefix", "P", options.prefix, "delete all keys that begin with P");
    call.line.flag("--all", options.all, "delete all keys of the map");
    call.line.option("--limit", "N", options.limit, "with --prefix or --all: only the first N");
    if (!call.begin(0, any_number)) {
        return exit_status::done;
    }
    const auto& keys = call.line.words();
    expect_consistent(options, keys);
    store target = open_to_write(call.given);
    const std::uint64_t deleted = !keys.empty() ? target.update([&](write_transaction& transaction) {
        return delete_keys(transaction.map(call.given.map), keys);
    })
                                                : delete_many(target, call.given.map, options);
    call.out.write_number(deleted);
    call.out.write('\n');
    if (deleted != 0 || keys.empty()) {
        return exit_status::done;
    }
    call.out.flush();
    report_nothing(call);
    return exit_status::not_found;
}

constexpr command this_command{.name = "del",
                               .alias = "rm",
                               .arguments = "KEY...",
                               .summary = "Delete keys",
                               .details = details,
                               .group = command_group::entries,
                               .run = run_del};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
