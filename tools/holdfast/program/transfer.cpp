// copy and rename.
#include "program/transfer.hpp"

#include <optional>
#include <string>

#include <holdfast/store.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"

namespace holdfast::cli {

namespace {

struct transfer {
    const settings& given;
    std::string from;
    std::string to;
    std::string to_map;
    bool if_absent;
    source then;
};

/// The map of DST; if it is new, with keys as those of SRC's.
map_writer open_destination(write_transaction& transaction, const snapshot& now, const std::string& name,
                            const key_type& keys) {
    return name.empty() || now.has_map(name) ? transaction.map(name) : transaction.map(name, keys);
}

void run(const transfer& what, write_transaction& transaction, const snapshot& now) {
    map_writer from = transaction.map(what.given.map);
    const std::string from_key = key_from_text(from.keys(), what.from);
    const auto found = now.map(what.given.map).get(from_key); // in place: it may be large
    if (!found) {
        throw error(errc::not_found, no_key(what.given, what.from));
    }
    map_writer to = open_destination(transaction, now, what.to_map, from.keys());
    const std::string to_key = key_from_text(to.keys(), what.to);
    if (what.if_absent && to.contains(to_key)) {
        settings at = what.given;
        at.map = what.to_map;
        throw error(errc::condition_not_met, "the condition was not met: there is a key " +
                                                 in_quotes(what.to) + ' ' + where(at) +
                                                 " already; nothing was changed");
    }
    if (what.to_map == what.given.map && from_key == to_key) {
        return;
    }
    naming_key(what.given, what.from, [&] { to.put(to_key, *found); });
    if (what.then == source::goes) {
        from.erase(from_key);
    }
}

} // namespace

exit_status run_transfer(invocation& call, source then) {
    std::optional<std::string> to_map;
    bool if_absent = false;
    call.line.flag("--if-absent", if_absent, "only if there is no key DST");
    call.line.option("--to-map", "MAP", to_map, "the map of DST (default: that of SRC)");
    if (!call.begin(2, 2)) {
        return exit_status::done;
    }
    const auto& words = call.line.words();
    expect_key(words[0]);
    expect_key(words[1]);
    const transfer what{call.given, words[0], words[1], to_map.value_or(call.given.map), if_absent, then};
    store target = open_to_write(call.given);
    target.update([&](write_transaction& transaction) { run(what, transaction, target.snapshot()); });
    return exit_status::done;
}

} // namespace holdfast::cli
