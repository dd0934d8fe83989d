// Entries from lines of JSON: those that `export` wrote, and objects of other programs.
#include "record_source.hpp"

#include <string_view>
#include <utility>

#include <holdfast/json.hpp>

#include "entry_line.hpp"
#include "errors.hpp"
#include "escape.hpp"
#include "json_members.hpp"
#include "json_text.hpp"
#include "key_text.hpp"

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
            add(line_fields(*line), to);
        }
        return true;
    }
    [[nodiscard]] std::uint64_t line() const noexcept override { return lines_.number(); }

private:
    void add(const line_fields& line, import_batch& to) {
        for (const field which : {field::op, field::by, field::old_value, field::new_value}) {
            if (line.has(which)) {
                throw_usage("this is an operation; \"holdfast apply\" takes it");
            }
        }
        const auto named = line.map();
        const std::size_t map = maps_.find(named ? *named : map_, keys_of(line));
        to.add(
            map, lines_.number(), [&](std::string& bytes) { append_key(bytes, maps_[map].keys, line); },
            [&](std::string& bytes) { return append_value(bytes, line); });
    }

    /// What "key_type" says; the same as in the line before, as a rule.
    std::optional<key_type> keys_of(const line_fields& line) {
        if (!line.has(field::key_type)) {
            return std::nullopt;
        }
        if (line[field::key_type] != last_keys_text_) {
            last_keys_ = key_type::parse(line.text(field::key_type));
            last_keys_text_ = line[field::key_type];
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
                [&](std::string& bytes) { append_field(bytes, maps_[map].keys, *line); },
                [&](std::string& bytes) {
                    append_document(bytes, *line);
                    return value_type::document;
                });
        }
        return true;
    }
    [[nodiscard]] std::uint64_t line() const noexcept override { return lines_.number(); }

private:
    void append_field(std::string& to, const key_type& keys, std::string_view line) const {
        json_members members(line);
        while (members.next()) {
            if (members.name() == key_field_) {
                if (keys.is_string() && is_json_number(members.value())) {
                    to.append(members.value()); // a number is a key as it is written
                } else {
                    counting_from(static_cast<std::size_t>(members.value().data() - line.data()),
                                  [&] { append_key_from_json(to, keys, members.value(), false); });
                }
                return;
            }
        }
        throw_usage("there is no field " + in_quotes(key_field_) + ", which --key-field names");
    }

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
    return choice.format == import_format::json_lines ? open_json_source(choice, lines, maps)
                                                      : open_table_source(choice, lines, maps);
}

} // namespace holdfast::cli
