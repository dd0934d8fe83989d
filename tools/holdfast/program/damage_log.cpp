// Naming what was left out.
#include "program/damage_log.hpp"

#include <optional>
#include <string_view>

#include <holdfast/text.hpp>

#include "output/escape.hpp"

namespace holdfast::cli {

namespace {

[[nodiscard]] std::string shown(const key_type& keys, std::string_view key) {
    return keys.is_string() || !keys.accepts(key) ? in_quotes(key) : keys.to_text(key);
}

/// "all THINGS", "the THINGS between A and B"
[[nodiscard]] std::string stretch_text(const char* things, const key_type& keys,
                                       const damaged_stretch& lost) {
    if (!lost.after && !lost.before) {
        return std::string("all ") + things;
    }
    const std::string begin = std::string("the ") + things;
    if (!lost.after) {
        return begin + " before " + shown(keys, *lost.before);
    }
    if (!lost.before) {
        return begin + " behind " + shown(keys, *lost.after);
    }
    return begin + " between " + shown(keys, *lost.after) + " and " + shown(keys, *lost.before);
}

} // namespace

void damage_log::note(const settings& given, const key_type& keys, const damaged_stretch& lost) {
    note(stretch_text("keys", keys, lost) + ' ' + where(given) + " were left out: " + lost.what);
}

void damage_log::note_maps(const settings& given, const damaged_stretch& lost) {
    const std::string which =
        lost.after && lost.after == lost.before
            ? "the map " + in_quotes(*lost.after) + " of " + in_quotes(given.store_path) + " was"
            : stretch_text("maps", key_type(), lost) + " in " + in_quotes(given.store_path) + " were";
    note(which + " left out: " + lost.what);
}

void damage_log::note_age(const settings& given, const store& from) {
    if (from.shows_older_commit()) {
        note("what was committed last in " + in_quotes(given.store_path) +
             " is damaged and was left out; this is version " + std::to_string(from.snapshot().version()));
    }
}

void damage_log::note(const std::string& message) noexcept {
    found_ = true;
    report(message);
}

} // namespace holdfast::cli
