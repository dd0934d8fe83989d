// Findings as one line.
#include "transaction/damage_report.hpp"

#include <algorithm>
#include <cstddef>

#include <holdfast/error.hpp>

#include "base/shown_text.hpp"

namespace holdfast {

namespace {

constexpr std::size_t named_max = 3;

[[nodiscard]] std::string describe(const check_finding& finding) {
    std::string text;
    if (!finding.key.empty()) {
        text = "at or behind key " + shown_text(finding.key);
    }
    if (!finding.map.empty()) {
        text += (text.empty() ? "in the map " : " of the map ") + shown_text(finding.map);
    }
    return text.empty() ? finding.what : text + ": " + finding.what;
}

} // namespace

std::string describe(const std::vector<check_finding>& findings) {
    std::string text =
        std::to_string(findings.size()) + (findings.size() == 1 ? " finding: " : " findings: ");
    for (std::size_t i = 0; i < std::min(findings.size(), named_max); ++i) {
        text += (i == 0 ? "" : "; ") + describe(findings[i]);
    }
    if (findings.size() > named_max) {
        text += "; and " + std::to_string(findings.size() - named_max) + " more";
    }
    return text;
}

void throw_damaged(const std::filesystem::path& store, std::string_view what,
                   const std::vector<check_finding>& findings) {
    throw error(
        errc::corrupt,
        store.string() + ": " + std::string(what) + " (" + describe(findings) +
            "); to save the rest, open it read-only, as 'holdfast export --all' does, and import that "
            "into a new store, or restore a backup");
}

} // namespace holdfast
