// Entries from lines of JSON: those that `export` wrote, and objects of other programs.
#include "input/record_source.hpp"

#include <string_view>
#include <utility>

#include <holdfast/entry_json.hpp>
#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

bool is_blank(std::string_view line) noexcept {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

class entry_source final : public record_source {
public:
    entry_source(std::string map, line_reader& lines, import_maps& maps)
        : map_(std::move(map)), lines_(lines), maps_(maps) {}

    bool next(import_batch& to) override {
        const auto line = lines_.next();
        if (!line) {
            return false;
        }
        if (!is_blank(*line)) {
            add(entry_json(*line), to);
        }
        return true;
    }
    [[nodiscard]] std::uint64_t line() const noexcept override { return lines_.number(); }

private:
    void add(const entry_json& line, import_batch& to) {
        for (const entry_member which :
             {entry_member::op, entry_member::by, entry_member::old_value, entry_member::new_value}) {
            if (line.has(which)) {
                throw_usage("this is an operation; \"holdfast apply\" takes it");
            }
        }
        const auto named = line.map();
        const std::size_t map = maps_.find(named ? *named : map_, keys_of(line));
        to.add(
            map, lines_.number(), [&](std::string& bytes) { line.append_key(bytes, maps_[map].keys); },
            [&](std::string& bytes) { return line.append_value(bytes); });
    }

    /// What "key_type" says; the same as in the line before, as a rule.
    std::optional<key_type> keys_of(const entry_json& line) {
        if (!line.has(entry_member::key_type)) {
            return std::nullopt;
        }
        if (line[entry_member::key_type] != last_keys_text_) {
            last_keys_ = *line.key_type();
            last_keys_text_ = line[entry_member::key_type];
        }
        return last_keys_;
    }

    std::string map_;
    line_reader& lines_;
    import_maps& maps_;
    std::string last_keys_text_;
    key_type last_keys_;
};

class document_source final : public record_source {
public:
    document_source(std::string map, std::string key_field, line_reader& lines, import_maps& maps)
        : map_(std::move(map)), key_field_(std::move(key_field)), lines_(lines), maps_(maps) {}

    bool next(import_batch& to) override {
        const auto line = lines_.next();
        if (!line) {
            return false;
        }
        if (!is_blank(*line)) {
            const std::size_t map = maps_.find(map_, std::nullopt);
            to.add(
                map, lines_.number(),
                [&](std::string& bytes) { append_key_from_field(bytes, maps_[map].keys, *line, key_field_); },
                [&](std::string& bytes) {
                    append_document(bytes, *line);
                    return value_type::document;
                });
        }
        return true;
    }
    [[nodiscard]] std::uint64_t line() const noexcept override { return lines_.number(); }

private:
    std::string map_;
    std::string key_field_;
    line_reader& lines_;
    import_maps& maps_;
};

} // namespace

std::unique_ptr<record_source> open_json_source(const import_choice& choice, line_reader& lines,
                                                import_maps& maps) {
    if (choice.key_field) {
        return std::make_unique<document_source>(choice.map, *choice.key_field, lines, maps);
    }
    return std::make_unique<entry_source>(choice.map, lines, maps);
}

std::unique_ptr<record_source> open_source(const import_choice& choice, line_reader& lines,
                                           import_maps& maps) {
    return choice.table ? open_table_source(choice, lines, maps) : open_json_source(choice, lines, maps);
}

} // namespace holdfast::cli
