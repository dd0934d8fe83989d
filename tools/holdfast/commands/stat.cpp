// holdfast stat: the store at a glance.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <holdfast/store.hpp>

#include "output/escape.hpp"
#include "program/command.hpp"

namespace holdfast::cli {

namespace {

constexpr std::string_view details = //
    R"(live        of keys and values
file        the length of the file; parts of it may be holes
on disk     what it takes there
free        within the file, ready for use
held back   replaced or deleted, but waiting for a snapshot or the next writer
durable     the version of the last sync point, which a power cut would leave at
            worst; the log has later ones, while it is in use
log         of commits that are durable or will be within moments
failed      syncs that failed since the last reboot; not shown if there are none
recoveries  transactions of killed processes that were rolled back since the
            last reboot

Examples:
  holdfast stat
  holdfast stat --json | jq .live_bytes
)";

/// "1234567 bytes (1.2 MiB)"
std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 6> units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::string text = std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
    auto amount = static_cast<double>(bytes);
    const char* unit = nullptr;
    for (const char* const next : units) {
        if (amount < 1024) {
            break;
        }
        amount /= 1024;
        unit = next;
    }
    if (unit != nullptr) {
        std::array<char, 32> rounded{};
        std::snprintf(rounded.data(), rounded.size(), " (%.1f %s)", amount, unit);
        text += rounded.data();
    }
    return text;
}

std::string age_text(std::chrono::nanoseconds age) {
    if (age.count() == 0) {
        return "of unknown age";
    }
    std::array<char, 32> seconds{};
    std::snprintf(seconds.data(), seconds.size(), "%.1f s old", std::chrono::duration<double>(age).count());
    return seconds.data();
}

class text_writer {
public:
    text_writer(output& out, bool colour) : out_(out), colour_(colour) {}

    void line(std::string_view name, std::string_view text) {
        constexpr std::size_t width = 12;
        out_.write(colour_ ? "\x1b[1m" : "");
        out_.write(name);
        out_.write(colour_ ? "\x1b[0m" : "");
        out_.write(std::string(name.size() < width ? width - name.size() : 1, ' '));
        out_.write(text);
        out_.write('\n');
    }
    void line(std::string_view name, std::uint64_t number) { line(name, std::to_string(number)); }

private:
    output& out_;
    bool colour_;
};

std::string processes_text(const std::vector<std::uint64_t>& processes) {
    std::string text = std::to_string(processes.size());
    std::string_view before = " (";
    for (const std::uint64_t pid : processes) {
        text.append(before).append(std::to_string(pid));
        before = ", ";
    }
    return processes.empty() ? text : text + ")";
}

std::string snapshot_text(const held_snapshot& held) {
    const std::string owner = held.pid == 0 ? "a read-only process" : "process " + std::to_string(held.pid);
    return "of version " + std::to_string(held.version) + " by " + owner + ", " + age_text(held.age);
}

/// "123, 4.5 s old"
std::string durable_text(const statistics& now) {
    const std::string version = std::to_string(now.durable_version);
    return now.since_sync_point.count() < 0 ? version : version + ", " + age_text(now.since_sync_point);
}

std::string log_text(const statistics& now) {
    if (now.log_bytes == 0) {
        return "none";
    }
    if (!now.logging) {
        return "not in use, of " + bytes_text(now.log_bytes);
    }
    return bytes_text(now.log_filled_bytes) + " of " + bytes_text(now.log_bytes) + ", of which " +
           bytes_text(now.log_unflushed_bytes) + " are not on the medium";
}

void write_text(invocation& call, const statistics& now) {
    text_writer text(call.out, call.given.colour);
    text.line("store", escaped(call.given.store_path));
    text.line("version", now.version);
    text.line("durable", durable_text(now));
    text.line("log", log_text(now));
    if (now.failed_syncs != 0) {
        text.line("failed", now.failed_syncs);
    }
    text.line("maps", now.maps);
    text.line("entries", now.entries);
    text.line("live", bytes_text(now.live_bytes));
    text.line("file", bytes_text(now.file_bytes));
    text.line("on disk", bytes_text(now.allocated_bytes));
    text.line("free", bytes_text(now.free_bytes));
    text.line("held back", bytes_text(now.held_back_bytes));
    text.line("processes", processes_text(now.processes));
    text.line("snapshots", now.snapshots.size());
    for (const held_snapshot& held : now.snapshots) {
        text.line("  snapshot", snapshot_text(held));
    }
    text.line("recoveries", now.recoveries);
}

void write_json_snapshot(output& out, const held_snapshot& held) {
    json_object object(out);
    held.pid == 0 ? object.null("pid") : object.number("pid", held.pid);
    object.number("version", held.version);
    held.age.count() == 0 ? object.null("age_ns")
                          : object.number("age_ns", static_cast<std::uint64_t>(held.age.count()));
    object.close();
}

/// Writes [item,item…], each by write_item(item).
template <class Items, class WriteItem>
void write_json_array(output& out, const Items& items, WriteItem&& write_item) {
    char before = '[';
    for (const auto& item : items) {
        out.write(before);
        write_item(item);
        before = ',';
    }
    out.write(items.empty() ? "[]" : "]");
}

void write_json(output& out, const std::string& path, const statistics& now) {
    json_object object(out);
    object.text("store", path);
    object.number("version", now.version);
    object.number("durable_version", now.durable_version);
    now.since_sync_point.count() < 0
        ? object.null("since_sync_point_ns")
        : object.number("since_sync_point_ns", static_cast<std::uint64_t>(now.since_sync_point.count()));
    object.number("failed_syncs", now.failed_syncs);
    object.number("log_bytes", now.log_bytes);
    object.raw("logging", now.logging ? "true" : "false");
    object.number("log_filled_bytes", now.log_filled_bytes);
    object.number("log_unflushed_bytes", now.log_unflushed_bytes);
    object.number("maps", now.maps);
    object.number("entries", now.entries);
    object.number("live_bytes", now.live_bytes);
    object.number("file_bytes", now.file_bytes);
    object.number("allocated_bytes", now.allocated_bytes);
    object.number("free_bytes", now.free_bytes);
    object.number("held_back_bytes", now.held_back_bytes);
    object.name("processes");
    write_json_array(out, now.processes, [&](std::uint64_t pid) { out.write_number(pid); });
    object.name("snapshots");
    write_json_array(out, now.snapshots, [&](const held_snapshot& held) { write_json_snapshot(out, held); });
    object.number("recoveries", now.recoveries);
    object.close();
    out.write('\n');
}

exit_status run_stat(invocation& call) {
    bool json = false;
    call.line.flag("--json", json, "as one JSON object");
    if (!call.begin(0, 0)) {
        return exit_status::done;
    }
    const statistics now = open_to_read(call.given).stat();
    if (json) {
        write_json(call.out, call.given.store_path, now);
    } else {
        write_text(call, now);
    }
    return exit_status::done;
}

constexpr command this_command{.name = "stat",
                               .alias = "",
                               .arguments = "",
                               .summary = "Show the store at a glance",
                               .details = details,
                               .group = command_group::store,
                               .run = run_stat};
const command_registration registration(this_command);

} // namespace

} // namespace holdfast::cli
