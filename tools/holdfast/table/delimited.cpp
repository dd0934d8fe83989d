// CSV and TSV.
#include "table/delimited.hpp"

#include <array>

#include "input/line_reader.hpp"
#include "output/escape.hpp"
#include "output/output.hpp"
#include "program/errors.hpp"

namespace holdfast::cli {

namespace {

/// In TSV, each as a backslash and a letter.
constexpr std::string_view escaped_bytes = "\t\n\r\\";
constexpr std::string_view escape_letters = "tnr\\";

void append_unescaped(std::string& to, std::string_view text) {
    for (std::size_t backslash = 0; (backslash = text.find('\\')) != text.npos;) {
        to.append(text.substr(0, backslash));
        const std::size_t which =
            backslash + 1 < text.size() ? escape_letters.find(text[backslash + 1]) : text.npos;
        if (which == text.npos) {
            throw_usage("a backslash in TSV is followed by t, n, r or another one, not as in " +
                        in_quotes(text.substr(backslash, 2)));
        }
        to += escaped_bytes[which];
        text.remove_prefix(backslash + 2);
    }
    to.append(text);
}

} // namespace

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
    while (!rest_.empty() && rest_.front() == format_.separator) {
        rest_.remove_prefix(1);
        take_field();
    }
    return true;
}

/// Takes one field off the rest of the line, up to the separator or the line's end.
void delimited_reader::take_field() {
    std::string& field = add_field();
    if (format_.quotes && rest_.starts_with('"')) {
        take_quoted(field);
        if (rest_ == "\r") {
            rest_ = {};
        }
        if (!rest_.empty() && rest_.front() != format_.separator) {
            throw_usage("text follows behind the closing quote of field " + std::to_string(used_));
        }
        return;
    }
    take_plain(field);
}

/// Up to the separator or the line's end, which may be CR LF.
void delimited_reader::take_plain(std::string& field) {
    const std::size_t end = rest_.find(format_.separator);
    std::string_view text = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end);
    if (rest_.empty() && text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    if (text.find('\r') != text.npos) {
        throw_usage("field " + std::to_string(used_) +
                    " holds a carriage return; lines end with a newline, or with both");
    }
    if (format_.quotes) {
        field = text;
    } else {
        append_unescaped(field, text);
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

namespace {

void write_quoted(output& out, std::string_view field) {
    out.write('"');
    for (std::size_t quote = 0; (quote = field.find('"')) != std::string_view::npos;) {
        out.write(field.substr(0, quote + 1));
        out.write('"');
        field.remove_prefix(quote + 1);
    }
    out.write(field);
    out.write('"');
}

void write_with_backslashes(output& out, std::string_view field) {
    for (std::size_t at = 0; (at = field.find_first_of(escaped_bytes)) != field.npos;) {
        out.write(field.substr(0, at));
        out.write('\\');
        out.write(escape_letters[escaped_bytes.find(field[at])]);
        field.remove_prefix(at + 1);
    }
    out.write(field);
}

} // namespace

void write_field(output& out, std::string_view field, table_format format) {
    const std::array<char, 4> special{format.separator, '"', '\n', '\r'};
    if (!format.quotes) {
        write_with_backslashes(out, field);
    } else if (field.find_first_of(std::string_view(special.data(), special.size())) != field.npos) {
        write_quoted(out, field);
    } else {
        out.write(field);
    }
}

} // namespace holdfast::cli
