// CSV and TSV.
#include "table/delimited.hpp"

#include <array>

#include "input/line_reader.hpp"
#include "output/output.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

bool delimited_reader::next_line() {
    const auto line = lines_.next();
    if (!line) {
        return false;
    }
    rest_ = *line;
    return true;
}

std::string& delimited_reader::add_field() {
    if (used_ == fields_.size()) {
        fields_.emplace_back();
    }
    std::string& field = fields_[used_++];
    field.clear();
    return field;
}

bool delimited_reader::next() {
    used_ = 0;
    do {
        if (!next_line()) {
            return false;
        }
        line_ = lines_.number();
    } while (rest_.empty() || rest_ == "\r");
    take_field();
    while (!rest_.empty() && rest_.front() == separator_) {
        rest_.remove_prefix(1);
        take_field();
    }
    return true;
}

/// Takes one field off the rest of the line, up to the separator or the line's end.
void delimited_reader::take_field() {
    std::string& field = add_field();
    if (rest_.starts_with('"')) {
        take_quoted(field);
        if (rest_ == "\r") {
            rest_ = {};
        }
        if (!rest_.empty() && rest_.front() != separator_) {
            throw_usage("text follows behind the closing quote of field " + std::to_string(used_));
        }
        return;
    }
    const std::size_t end = rest_.find(separator_);
    field = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end);
    if (rest_.empty() && field.ends_with('\r')) {
        field.pop_back();
    }
}

void delimited_reader::take_quoted(std::string& field) {
    rest_.remove_prefix(1);
    for (;;) {
        const std::size_t quote = rest_.find('"');
        field.append(rest_.substr(0, quote));
        if (quote == std::string_view::npos) {
            field.push_back('\n');
            if (!next_line()) {
                throw_usage("the quotes of field " + std::to_string(used_) + " don't end");
            }
            continue;
        }
        rest_.remove_prefix(quote + 1);
        if (!rest_.starts_with('"')) {
            return;
        }
        field.push_back('"');
        rest_.remove_prefix(1);
    }
}

void write_field(output& out, std::string_view field, char separator) {
    const std::array<char, 4> special{separator, '"', '\n', '\r'};
    if (field.find_first_of(std::string_view(special.data(), special.size())) == std::string_view::npos) {
        out.write(field);
        return;
    }
    out.write('"');
    for (std::size_t quote = 0; (quote = field.find('"')) != std::string_view::npos;) {
        out.write(field.substr(0, quote + 1));
        out.write('"');
        field.remove_prefix(quote + 1);
    }
    out.write(field);
    out.write('"');
}

} // namespace holdfast::cli
