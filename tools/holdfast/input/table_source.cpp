// Entries from CSV and TSV: one column is the key, the others are the fields of a document. A table with the columns
// key, type and value is one that `export` wrote, and is read back as it was.
#include "input/record_source.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <holdfast/json.hpp>
#include <holdfast/text.hpp>

#include "output/escape.hpp"
#include "program/errors.hpp"
#include "table/delimited.hpp"
#include "table/table_value.hpp"

namespace holdfast::cli {

namespace {

class table_source final : public record_source {
public:
    table_source(const import_choice& choice, line_reader& lines, import_maps& maps)
        : map_(choice.map),
          records_(lines, choice.table.value_or(csv_format)),
          maps_(maps),
          key_column_name_(choice.key_column),
          types_(choice.types) {}

    bool next(import_batch& to) override {
        if (names_.empty()) {
            return read_header();
        }
        if (!records_.next()) {
            return false;
        }
        if (records_.size() != names_.size()) {
            throw_usage("there are " + std::to_string(records_.size()) + " fields, but the header has " +
                        std::to_string(names_.size()));
        }
        const std::size_t map = maps_.find(map_, std::nullopt);
        to.add(
            map, records_.line(), [&](std::string& bytes) { append_key(bytes, maps_[map].keys); },
            [&](std::string& bytes) { return is_export_ ? append_typed(bytes) : append_fields(bytes); });
        return true;
    }
    [[nodiscard]] std::uint64_t line() const noexcept override { return records_.line(); }

private:
    bool read_header() {
        if (!records_.next()) {
            throw_usage("there is no header");
        }
        for (std::size_t index = 0; index < records_.size(); ++index) {
            const std::string& name = records_[index];
            if (!is_utf8(name)) {
                throw_usage("the name of column " + std::to_string(index + 1) + " is not UTF-8");
            }
            if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
                throw_usage("two columns have the name " + in_quotes(name));
            }
            names_.push_back(name);
        }
        choose_key();
        choose_types();
        return true;
    }

    void choose_key() {
        is_export_ = names_ == std::vector<std::string>{"key", "type", "value"} && !key_column_name_ &&
                     types_.by_name.empty() && !types_.infer;
        if (!key_column_name_) {
            return;
        }
        const auto found = std::find(names_.begin(), names_.end(), *key_column_name_);
        if (found == names_.end()) {
            throw_no_column(*key_column_name_);
        }
        key_column_ = static_cast<std::size_t>(found - names_.begin());
    }

    void append_key(std::string& to, const key_type& keys) const {
        to.append(key_from_text(keys, records_[key_column_]));
    }

    value_type append_typed(std::string& to) const {
        return append_table_value(to, records_[1], records_[2]);
    }

    value_type append_fields(std::string& to) {
        std::size_t count = 0;
        std::size_t only = 0;
        json_.assign(1, '{');
        for (std::size_t index = 0; index < names_.size(); ++index) {
            if (index == key_column_ || is_left_out(index)) {
                continue;
            }
            json_ += count++ == 0 ? "" : ",";
            only = index;
            json_ += json_string(names_[index]) + ':';
            append_field(index);
        }
        json_ += '}';
        if (count == 1 && looks_reserved(names_[only])) {
            json_.insert(2, 1,
                         '$'); // JSON takes an only field of such a name for a wrapper, and one '$' away
        }
        append_document(to, json_);
        return value_type::document;
    }

    /// So that whoever reads the document as a struct gets the default of the field.
    [[nodiscard]] bool is_left_out(std::size_t index) const {
        return records_[index].empty() && (types_.infer || column_types_[index] != value_type::string);
    }

    void append_field(std::size_t index) {
        const std::string& text = records_[index];
        try {
            const value_type type =
                types_.infer && looks_typed(text) ? value_type::document : column_types_[index];
            if (type == value_type::document) {
                static_cast<void>(document_from_json(text)); // one value, and not the end of the object
                json_ += text;
            } else if (type == value_type::bytes) {
                json_ += "{\"$bytes\":" + json_string(text) + '}';
            } else {
                const value typed = value_from_text(type, text);
                json_ += value_to_json(typed.view());
            }
        } catch (const error& failure) {
            throw error(failure.reason(), "the column " + in_quotes(names_[index]) + ": " + failure.what());
        }
    }

    /// Whether it is a number as JSON writes it, so not 007, or true or false.
    [[nodiscard]] static bool looks_typed(std::string_view text) {
        if (text == "true" || text == "false") {
            return true;
        }
        const bool may_be_number = text.find_first_not_of("-+.eE0123456789") == text.npos;
        try {
            return may_be_number && !text.empty() && !document_from_json(text).empty();
        } catch (const error&) {
            return false;
        }
    }

    [[nodiscard]] static bool looks_reserved(std::string_view name) {
        const std::size_t word = name.find_first_not_of('$');
        return word != 0 && word != name.npos &&
               (name.substr(word) == "bytes" || name.substr(word) == "float");
    }

    [[noreturn]] void throw_no_column(const std::string& name) const {
        std::string all;
        for (const std::string& one : names_) {
            all += (all.empty() ? "" : ", ") + one;
        }
        throw_usage("there is no column " + in_quotes(name) + "; there are " + all);
    }

    void choose_types() {
        column_types_.assign(names_.size(), value_type::string);
        for (const auto& [name, type] : types_.by_name) {
            const auto found = std::find(names_.begin(), names_.end(), name);
            if (found == names_.end()) {
                throw_no_column(name);
            }
            column_types_[static_cast<std::size_t>(found - names_.begin())] = type;
        }
    }

    std::string map_;
    delimited_reader records_;
    import_maps& maps_;
    std::optional<std::string> key_column_name_;
    std::size_t key_column_ = 0;
    column_types types_;
    std::vector<std::string> names_;
    std::vector<value_type> column_types_; ///< of each column
    bool is_export_ = false;
    std::string json_; ///< of one record, kept for its memory
};

} // namespace

std::unique_ptr<record_source> open_table_source(const import_choice& choice, line_reader& lines,
                                                 import_maps& maps) {
    return std::make_unique<table_source>(choice, lines, maps);
}

} // namespace holdfast::cli
