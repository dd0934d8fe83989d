// Walking the maps; the heap's accounts are in check_accounts.cpp.
#include "transaction/check.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

#include <holdfast/error.hpp>

#include "format/commit.hpp"
#include "heap/heap.hpp"
#include "transaction/check_accounts.hpp"
#include "transaction/commit_state.hpp"
#include "transaction/engine.hpp"
#include "transaction/object_marks.hpp"
#include "tree/check.hpp"
#include "tree/cursor.hpp"

namespace holdfast {

namespace {

class checker {
public:
    checker(segment& file, const check_options& options, const format::commit_slot& commit)
        : file_(&file),
          options_(&options),
          commit_(commit),
          view_(options.view != nullptr ? *options.view
                                        : space_view(file.base(), format::heap_offset, commit.end_bytes)),
          marks_(marked_bytes(file, options, commit)) {}

    std::vector<check_finding> run() {
        if (view_.end() < commit_.end_bytes) {
            report("the file is cut short", "");
        }
        check_map("", commit_.unnamed);
        check_map("(catalogue)", commit_.catalogue);
        check_map("(system)", commit_.system);
        check_catalogue("", {view_, commit_});
        check_catalogue("(system) ", map_catalogue::system(view_, commit_));
        check_direct_roots();
        check_log();
        if (options_->accounts && findings_.empty()) {
            check_accounts(*file_, commit_.end_bytes, marks_, *options_, findings_);
        }
        return std::move(findings_);
    }

private:
    /// What the heap spans, if that is within the file; else what the commit does.
    [[nodiscard]] static std::uint64_t marked_bytes(segment& file, const check_options& options,
                                                    const format::commit_slot& commit) {
        if (!options.accounts) {
            return commit.end_bytes;
        }
        segment_backing memory(file);
        return std::max(commit.end_bytes, std::min(heap(memory).end_bytes(), file.file_bytes()));
    }

    void report(std::string what, std::string map, std::string key = {}) {
        findings_.push_back({std::move(what), std::move(map), std::move(key)});
    }

    bool visit(ref place) {
        if (!marks_.covers(place) || !marks_.mark(place)) {
            return false;
        }
        if (options_->progress && ++visited_ % 4096 == 0) {
            options_->progress(visited_, expected());
        }
        return true;
    }
    [[nodiscard]] std::uint64_t expected() const noexcept { return commit_.unnamed.entries + named_entries_; }

    void check_map(const std::string& name, const format::map_root& map) {
        try {
            const auto found = tree_check(view_, to_tree_root(map), {txn_id{commit_.txn}, options_->trusted},
                                          [this](ref place, std::uint64_t) { return visit(place); });
            for (const tree_finding& finding : found) {
                report(finding.what, name, finding.key);
            }
            check_keys(name, map);
        } catch (const error& damage) {
            report(damage.what(), name);
        }
    }

    void check_keys(const std::string& name, const format::map_root& map) {
        const key_type keys = keys_of(map);
        if (keys.is_string() || options_->trusted != txn_id::none) {
            return; // any bytes, or not all of them are to be read
        }
        tree_cursor cursor(view_, to_tree_root(map));
        for (cursor.seek_first(); cursor.valid(); cursor.next()) {
            const std::string_view key = cursor.record().key;
            if (!keys.accepts(key)) {
                report("a key is not of the map's key type, " + keys.name(), name, std::string(key));
            }
        }
    }

    void check_catalogue(const std::string& prefix, const map_catalogue& maps) {
        try {
            maps.for_each(
                [&](std::string_view name, const format::map_root& map) {
                    named_entries_ += map.entries;
                    if (map.direct != 0) {
                        direct_uses_[map.direct - 1U] += 1;
                    }
                    check_map(prefix + std::string(name), map);
                },
                [&](std::string_view name, const error& damage) {
                    report(damage.what(), prefix + std::string(name));
                });
        } catch (const error& damage) {
            report(damage.what(), prefix + "(catalogue)");
        }
    }

    /// Each direct root in use belongs to one entry, and the others are nothing.
    void check_direct_roots() {
        for (std::size_t i = 0; i < commit_.direct_count; ++i) {
            const bool is_nothing = format::is_unused(commit_.direct[i]);
            if (direct_uses_[i] != (is_nothing ? 0U : 1U)) {
                report("a root in the commit slot does not belong to exactly one map", "(catalogue)");
            }
        }
    }

    /// Where commits enter the log, all of them have to be there from the durable one on.
    void check_log() {
        if (!options_->accounts || commit_.log_block == 0) {
            return;
        }
        marks_.mark(ref::from_offset(format::log_offset(commit_)));
        if (!file_->logged_since_durable(commit_)) {
            report("the redo log lacks a commit, or has a damaged one", "(log)");
        }
    }

    segment* file_;
    const check_options* options_;
    format::commit_slot commit_;
    space_view view_;
    object_marks marks_;
    std::vector<check_finding> findings_;
    std::uint64_t visited_ = 0;
    std::uint64_t named_entries_ = 0;
    std::array<std::uint32_t, format::commit_slot::direct_max> direct_uses_{};
};

void expect_within_capacity(segment& file, const check_options& options, const format::commit_slot& commit) {
    segment_backing memory(file);
    const std::uint64_t end_bytes = options.accounts ? heap(memory).end_bytes() : 0;
    if (std::max(commit.end_bytes, std::min(end_bytes, file.file_bytes())) > file.capacity_bytes()) {
        throw error(errc::address_space,
                    file.path().string() + ": the store has outgrown the " +
                        std::to_string(file.capacity_bytes()) +
                        " bytes of addresses reserved for it; open it again with a larger capacity");
    }
}

} // namespace

std::vector<check_finding> check_everything(segment& file, const check_options& options) {
    format::commit_slot commit{};
    if (options.commit != nullptr) {
        commit = *options.commit;
    } else if (!file.commits().copy_newest(commit)) {
        return {{"the newest commit's slot is damaged", "", ""}};
    }
    if (options.view == nullptr && commit.end_bytes > file.file_bytes()) {
        return {{"the file is cut short", "", ""}};
    }
    if (options.view == nullptr) {
        expect_within_capacity(file, options, commit);
    }
    return checker(file, options, commit).run();
}

} // namespace holdfast
