// holdfast copy and holdfast rename: another key for a value, in one transaction.
#include <optional>
#include <string>

#include <holdfast/store.hpp>

#include "command.hpp"
#include "escape.hpp"
#include "key_text.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view copy_details = //
    R"(Stores the value of SRC, with its type, at DST, too. What was there is replaced,
but with --if-absent that is status 8. --to-map names the map of DST.

Examples:
  holdfast copy config config.old
  holdfast copy --if-absent template user/ada
  holdfast -m staging copy page index --to-map live
)";

constexpr std::string_view rename_details = //
    R"(Moves the value of SRC, with its type, to DST; nobody ever sees both or neither.
What was there is replaced, but with --if-absent that is status 8. --to-map
names the map of DST.

Examples:
  holdfast rename draft article
  holdfast rename --if-absent job/waiting/7 job/running/7
  holdfast -m inbox rename 17 17 --to-map archive
)";

enum class source { stays, goes };

struct transfer {
    const settings& given;
    std::string from;
    std::string to;
    std::string to_map;
    bool if_absent;
    source then;
};

[[noreturn]] void throw_missing(const transfer& what) {
    throw error(errc::not_found, "no key " + in_quotes(what.from) + " " + where(what.given) +
                                     "; \"holdfast list\" shows what is there");
}

/// The map of DST; if it is new, with keys as those of SRC's.
map_writer open_destination(write_transaction& transaction, const snapshot& now, const std::string& name,
                            const key_type& keys) {
    return name.empty() || now.has_map(name) ? transaction.map(name) : transaction.map(name, keys);
}

void run(const transfer& what, write_transaction& transaction, const snapshot& now) {
    map_writer from = transaction.map(what.given.map);
    const std::string from_key = key_from_text(from.keys(), what.from);
    const auto found = from.get(from_key);
    if (!found) {
        throw_missing(what);
    }
    map_writer to = open_destination(transaction, now, what.to_map, from.keys());
    const std::string to_key = key_from_text(to.keys(), what.to);
    if (what.if_absent && to.contains(to_key)) {
        throw error(errc::condition_not_met, "the condition was not met: there is a key " +
                                                 in_quotes(what.to) + " already; nothing was changed");
    }
    if (what.to_map == what.given.map && from_key == to_key) {
        return;
    }
    to.put(to_key, found->type(), found->text());
    if (what.then == source::goes) {
        from.erase(from_key);
    }
}

exit_status run_transfer(invocation& call, source then) {
    std::optional<std::string> to_map;
    bool if_absent = false;
    call.line.flag("--if-absent", if_absent, "only if there is no key DST");
    call.line.option("--to-map", "MAP", to_map, "the map of DST (default: that of SRC)");
    if (!call.begin(2, 2)) {
        return exit_status::done;
    }
    const auto& words = call.line.words();
    check_key(words[0]);
    check_key(words[1]);
    const transfer what{call.given, words[0], words[1], to_map.value_or(call.given.map), if_absent, then};
    store target = open_to_write(call.given);
    target.update([&](write_transaction& transaction) { run(what, transaction, target.snapshot()); });
    return exit_status::done;
}

exit_status run_copy(invocation& call) { return run_transfer(call, source::stays); }

exit_status run_rename(invocation& call) { return run_transfer(call, source::goes); }

} // namespace

constinit const command copy_command{"copy",       "",      "SRC DST", "Store a value at another key, too",
                                     copy_details, run_copy};
constinit const command rename_command{"rename",       "",        "SRC DST", "Move a value to another key",
                                       rename_details, run_rename};

} // namespace holdfast::cli
