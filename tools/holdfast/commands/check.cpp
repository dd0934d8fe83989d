// holdfast check: verifies the whole store.
#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/store.hpp>

#include "output/escape.hpp"
#include "output/terminal.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(Verifies structure, order and checksums of all that is stored, and that each
byte of the file is accounted for. Writers wait meanwhile; readers do not. With
--read-only, without permission to write, or where damage forbids writing,
nobody waits, and the account of the file's space is left out. What is wrong is
named on standard error, one finding a line, and the status is 5. --json prints
one object instead, with "sound", "entries", "maps" and "findings".

Examples:
  holdfast check && echo all is well
  holdfast check --json | jq '.findings[].what'
)";

/// To write, as only then the whole file can be accounted for; else to read. Where damage forbids writing, that is the
/// first finding.
store open_to_check(const settings& given, std::vector<finding>& findings) {
    if (given.read_only) {
        return open_to_read(given);
    }
    try {
        return open_to_write(given);
    } catch (const error& failure) {
        if (failure.reason() == errc::corrupt) {
            const std::string message = failure.what();
            const std::string path = given.store_path + ": ";
            findings.push_back({message.starts_with(path) ? message.substr(path.size()) : message, "", ""});
        } else if (failure.reason() != errc::permission) {
            throw;
        }
    }
    return open_to_read(given);
}

/// As it has to be typed, where that can be told in a store that is not sound.
std::string key_text(const store& checked, const finding& found) {
    try {
        const key_type keys = checked.snapshot().map(found.map).keys();
        return keys.is_string() ? in_quotes(found.key) : keys.to_text(found.key);
    } catch (const error&) {
        return in_quotes(found.key);
    }
}

std::string finding_text(const store& checked, const std::string& path, const finding& found) {
    std::string text = in_quotes(path) + ": " + found.what;
    if (!found.map.empty()) {
        text += ", in map " + in_quotes(found.map);
    }
    if (!found.key.empty()) {
        text += ", at key " + key_text(checked, found);
    }
    return text;
}

void write_verdict(output& out, const store& checked) {
    const statistics now = checked.stat();
    out.write("sound: ");
    out.write_number(now.entries);
    out.write(now.entries == 1 ? " entry in " : " entries in ");
    out.write_number(now.maps);
    out.write(now.maps == 1 ? " map" : " maps");
    if (checked.mode() == open_mode::read_only) {
        out.write("; opened for reading only, so the account of the file's space was left out");
    }
    out.write("\n");
}

void write_json(output& out, const store& checked, const std::string& path,
                const std::vector<finding>& findings) {
    json_object object(out);
    object.text("store", path);
    object.raw("sound", findings.empty() ? "true" : "false");
    object.raw("space_checked", checked.mode() == open_mode::read_only ? "false" : "true");
    if (findings.empty()) {
        const statistics now = checked.stat();
        object.number("entries", now.entries);
        object.number("maps", now.maps);
    }
    object.name("findings");
    char before = '[';
    for (const finding& found : findings) {
        out.write(before);
        before = ',';
        json_object one(out);
        one.text("what", found.what);
        one.text("map", found.map);
        one.text("key", found.key);
        one.close();
    }
    out.write(findings.empty() ? "[]" : "]");
    object.close();
    out.write('\n');
}

exit_status run_check(invocation& call) {
    bool json = false;
    call.line.flag("--json", json, "as one JSON object");
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    std::vector<finding> findings;
    const store checked = open_to_check(call.given, findings);
    {
        progress_bar bar("checking");
        const auto found =
            checked.check([&](std::uint64_t done, std::uint64_t total) { bar.show(done, total); });
        findings.insert(findings.end(), found.begin(), found.end());
    }
    if (json) {
        write_json(call.out, checked, call.given.store_path, findings);
        return findings.empty() ? exit_status::done : exit_status::corrupt;
    }
    for (const finding& found : findings) {
        report(finding_text(checked, call.given.store_path, found));
    }
    if (!findings.empty()) {
        return exit_status::corrupt;
    }
    write_verdict(call.out, checked);
    return exit_status::done;
}

constexpr command this_command{.name = "check",
                               .alias = "",
                               .arguments = "",
                               .summary = "Verify the whole store",
                               .details = details,
                               .group = command_group::store,
                               .run = run_check};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
