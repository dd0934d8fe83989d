// Documents to JSON text.
#include <holdfast/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

#include <holdfast/detail/cbor.hpp>
#include <holdfast/error.hpp>

#include "document/base64.hpp"
#include "document/json_names.hpp"

namespace holdfast {
namespace {

using detail::cbor_head;
using detail::cbor_major;
using detail::cbor_reader;

/// U+0080 to U+009F, which some terminals obey as they obey ESC, are this byte and their own number.
constexpr unsigned char c1_lead = 0xC2;

/// What follows the backslash of a byte in a string: 0 if it stands for itself, 'u' if it has no short form.
constexpr std::array<char, 256> escapes = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 0; i < 0x20; ++i) {
        table[i] = 'u';
    }
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table[0x7F] = 'u';
    table[c1_lead] = 'u'; // before 0x80 to 0x9F only
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}();

class printer {
public:
    printer(std::string& to, cbor_reader& from) noexcept : to_(to), from_(from) {}

    void print_item(std::size_t depth) {
        const cbor_head found = from_.item();
        switch (found.major) {
        case cbor_major::positive:
        case cbor_major::negative:
            print_integer(found);
            break;
        case cbor_major::bytes:
            print_bytes(found);
            break;
        case cbor_major::text:
            print_text(take_text(found));
            break;
        case cbor_major::array:
            print_array(found, depth);
            break;
        case cbor_major::map:
            print_object(found, depth);
            break;
        default:
            print_simple(found);
            break;
        }
    }

private:
    template <class Number>
    void print_number(Number number) {
        char digits[32];
        to_.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
    }

    void print_integer(const cbor_head& found) {
        if (found.major == cbor_major::positive) {
            print_number(found.argument);
        } else if (found.argument <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            print_number(-1 - static_cast<std::int64_t>(found.argument));
        } else {
            throw error(errc::out_of_range,
                        "the document holds an integer below -9223372036854775808 (at byte " +
                            std::to_string(from_.position()) + ")");
        }
    }

    void print_simple(const cbor_head& found) {
        if (found.is_float()) {
            print_float(detail::cbor_float(found));
        } else if (found.is_bool()) {
            to_ += found.info == cbor_head::info_true ? "true" : "false";
        } else {
            to_ += "null";
        }
    }

    void print_float(double number) {
        if (!std::isfinite(number)) {
            print_wrapped(json_float_key, std::isnan(number) ? json_nan
                                          : number > 0       ? json_infinity
                                                             : json_negative_infinity);
            return;
        }
        const std::size_t start = to_.size();
        print_number(number);
        if (to_.find_first_not_of("-0123456789", start) == std::string::npos)
            to_ += ".0";
    }

    void print_wrapped(std::string_view key, std::string_view word) {
        to_.append("{\"").append(key).append("\":\"").append(word).append("\"}");
    }

    void print_bytes(const cbor_head& found) {
        print_wrapped(json_bytes_key, {});
        to_.resize(to_.size() - 2);
        append_base64(to_, from_.take_string(found, pieces_));
        to_ += "\"}";
    }

    std::string_view take_text(const cbor_head& found) {
        const std::string_view text = from_.take_string(found, pieces_);
        if (!detail::is_ascii(text) && !detail::is_utf8(text))
            from_.throw_damaged("a text that is not UTF-8");
        return text;
    }

    void print_text(std::string_view text) {
        to_ += '"';
        std::size_t printed = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            auto character = static_cast<unsigned char>(text[i]);
            if (escapes[character] == 0)
                continue;
            const std::size_t size = character == c1_lead ? 2 : 1; // the text is UTF-8
            character = static_cast<unsigned char>(text[i + size - 1]);
            if (character >= 0xA0)
                continue;
            to_.append(text, printed, i - printed);
            print_escape(size == 1 ? escapes[character] : 'u', character);
            i += size - 1;
            printed = i + 1;
        }
        to_.append(text, printed);
        to_ += '"';
    }

    void print_escape(char kind, unsigned char character) {
        constexpr std::string_view hex = "0123456789abcdef";
        to_ += '\\';
        to_ += kind;
        if (kind == 'u') {
            to_ += "00";
            to_ += hex[character >> 4];
            to_ += hex[character & 15];
        }
    }

    void expect_room(std::size_t depth) const {
        if (depth == detail::cbor_depth_max)
            from_.throw_damaged("nests more than 128 levels deep");
    }

    /// Whether a container has no more items; passes its break.
    bool ends(std::uint64_t& left) {
        if (left == cbor_reader::count_unknown) {
            if (!from_.at_break())
                return false;
            from_.take_break();
            return true;
        }
        return left-- == 0;
    }

    void print_array(const cbor_head& found, std::size_t depth) {
        expect_room(depth);
        to_ += '[';
        std::uint64_t left = from_.count(found);
        for (bool first = true; !ends(left); first = false) {
            if (!first)
                to_ += ',';
            print_item(depth + 1);
        }
        to_ += ']';
    }

    void print_object(const cbor_head& found, std::size_t depth) {
        expect_room(depth);
        to_ += '{';
        const std::size_t start = to_.size();
        bool reserved = false;
        std::uint64_t left = from_.count(found);
        std::uint64_t printed = 0;
        for (; !ends(left); ++printed) {
            if (printed > 0)
                to_ += ',';
            const std::size_t key = to_.size() + 1;
            print_key(depth + 1);
            if (printed == 0)
                reserved = reserved_key_level(std::string_view(to_).substr(key, to_.size() - key - 1)) > 0;
            to_ += ':';
            print_item(depth + 1);
        }
        if (printed == 1 && reserved)
            to_.insert(start + 1, 1, '$');
        to_ += '}';
    }

    /// A key that is no text prints as the text of what it is; an array or object, which would nest quotes in quotes,
    /// as the base64 of its CBOR.
    void print_key(std::size_t depth) {
        const std::size_t start = from_.position();
        const cbor_head found = from_.item();
        if (found.major == cbor_major::text) {
            print_text(take_text(found));
            return;
        }
        to_ += '"';
        if (found.major == cbor_major::bytes) {
            append_base64(to_, from_.take_string(found, pieces_));
        } else if (found.is_container()) {
            from_.seek(start);
            from_.skip(depth, detail::cbor_texts::must_be_utf8);
            append_base64(to_, from_.since(start));
        } else if (found.is_float() && !std::isfinite(detail::cbor_float(found))) {
            print_number(detail::cbor_float(found));
        } else {
            from_.seek(start);
            print_item(depth);
        }
        to_ += '"';
    }

    std::string& to_;
    cbor_reader& from_;
    std::string pieces_;
};

void expect_end(const cbor_reader& document) {
    if (!document.at_end())
        document.throw_damaged("something follows its end");
}

} // namespace

void append_json(std::string& to, std::string_view document) {
    const std::size_t size = to.size();
    try {
        cbor_reader from(document);
        static_cast<void>(detail::take_type_name(from));
        printer(to, from).print_item(0);
        expect_end(from);
    } catch (...) {
        to.resize(size);
        throw;
    }
}

std::string document_to_json(std::string_view document) {
    std::string json;
    append_json(json, document);
    return json;
}

std::string_view document_type_name(std::string_view document) noexcept {
    try {
        cbor_reader from(document);
        return detail::take_type_name(from);
    } catch (...) {
        return {};
    }
}

void append_type_name(std::string& to, std::string_view name) {
    if (name.empty())
        return;
    detail::cbor_writer writer(to);
    detail::put_type_name(writer, name);
    writer.finish();
}

void check_document(std::string_view document) {
    cbor_reader from(document);
    static_cast<void>(detail::take_type_name(from));
    from.skip(0, detail::cbor_texts::must_be_utf8);
    expect_end(from);
}

} // namespace holdfast
