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
          records_(lines, choice.format == import_format::csv ? ',' : '\t'),
          maps_(maps),
          key_column_name_(choice.key_column) {}

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
        return true;
    }

    void choose_key() {
        is_export_ = names_ == std::vector<std::string>{"key", "type", "value"} && !key_column_name_;
        if (!key_column_name_) {
            return;
        }
        const auto found = std::find(names_.begin(), names_.end(), *key_column_name_);
        if (found == names_.end()) {
            std::string all;
            for (const std::string& name : names_) {
                all += (all.empty() ? "" : ", ") + name;
            }
            throw_usage("there is no column " + in_quotes(*key_column_name_) + "; there are " + all);
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
        json_.assign(1, '{');
        for (std::size_t index = 0; index < names_.size(); ++index) {
            if (index == key_column_) {
                continue;
            }
            if (!is_utf8(records_[index])) {
                throw_usage("the column " + in_quotes(names_[index]) + " is not UTF-8");
            }
            json_ += json_.size() == 1 ? "" : ",";
            json_ += json_string(field_name(index));
            json_ += ':';
            json_ += json_string(records_[index]);
        }
        json_ += '}';
        append_document(to, json_);
        return value_type::document;
    }

    /// JSON takes an only field of these names for a wrapper, and one more '$' away.
    [[nodiscard]] std::string field_name(std::size_t index) const {
        const std::string& name = names_[index];
        const std::size_t word = name.find_first_not_of('$');
        const bool looks_reserved = word != 0 && word != std::string::npos &&
                                    (name.substr(word) == "bytes" || name.substr(word) == "float");
        return names_.size() == 2 && looks_reserved ? "$" + name : name;
    }

    std::string map_;
    delimited_reader records_;
    import_maps& maps_;
    std::optional<std::string> key_column_name_;
    std::size_t key_column_ = 0;
    std::vector<std::string> names_;
    bool is_export_ = false;
    std::string json_; ///< of one record, kept for its memory
};

} // namespace

std::unique_ptr<record_source> open_table_source(const import_choice& choice, line_reader& lines,
                                                 import_maps& maps) {
    return std::make_unique<table_source>(choice, lines, maps);
}

} // namespace holdfast::cli
