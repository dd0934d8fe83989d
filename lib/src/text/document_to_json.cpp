// Documents to JSON text.
#include <holdfast/json.hpp>

#include <array>
#include <charconv>
#include <cmath>

#include <holdfast/detail/cbor.hpp>
#include <holdfast/error.hpp>

#include "base/number_text.hpp"
#include "text/base64.hpp"
#include "text/json_names.hpp"
#include "text/json_string.hpp"

namespace holdfast {
namespace {

using detail::cbor_head;
using detail::cbor_major;
using detail::cbor_reader;

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
            append_json_string(to_, take_text(found));
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
    template <class Integer>
    void print_number(Integer number) {
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
        append_float_text(to_, number);
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
        if (!detail::is_ascii(text) && !detail::is_utf8(text)) {
            from_.throw_damaged("a text that is not UTF-8");
        }
        return text;
    }

    void verify_room(std::size_t depth) const {
        if (depth == detail::cbor_depth_max) {
            from_.throw_damaged("nests more than 128 levels deep");
        }
    }

    /// Whether a container has no more items; passes its break.
    bool ends(std::uint64_t& left) {
        if (left == cbor_reader::count_unknown) {
            if (!from_.at_break()) {
                return false;
            }
            from_.take_break();
            return true;
        }
        return left-- == 0;
    }

    void print_array(const cbor_head& found, std::size_t depth) {
        verify_room(depth);
        to_ += '[';
        std::uint64_t left = from_.count(found);
        for (bool first = true; !ends(left); first = false) {
            if (!first) {
                to_ += ',';
            }
            print_item(depth + 1);
        }
        to_ += ']';
    }

    void print_object(const cbor_head& found, std::size_t depth) {
        verify_room(depth);
        to_ += '{';
        const std::size_t start = to_.size();
        bool reserved = false;
        std::uint64_t left = from_.count(found);
        std::uint64_t printed = 0;
        for (; !ends(left); ++printed) {
            if (printed > 0) {
                to_ += ',';
            }
            const std::size_t key = to_.size() + 1;
            print_key(depth + 1);
            if (printed == 0) {
                reserved = reserved_key_level(std::string_view(to_).substr(key, to_.size() - key - 1)) > 0;
            }
            to_ += ':';
            print_item(depth + 1);
        }
        if (printed == 1 && reserved) {
            to_.insert(start + 1, 1, '$');
        }
        to_ += '}';
    }

    /// A key that is no text prints as the text of what it is; an array or object, which would nest quotes in quotes,
    /// as the base64 of its CBOR.
    void print_key(std::size_t depth) {
        const std::size_t start = from_.position();
        const cbor_head found = from_.item();
        if (found.major == cbor_major::text) {
            append_json_string(to_, take_text(found));
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
            append_digits(to_, detail::cbor_float(found));
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

void verify_end(const cbor_reader& document) {
    if (!document.at_end()) {
        document.throw_damaged("something follows its end");
    }
}

} // namespace

void append_json(std::string& to, std::string_view document) {
    const std::size_t size = to.size();
    try {
        cbor_reader from(document);
        static_cast<void>(detail::take_type_name(from));
        printer(to, from).print_item(0);
        verify_end(from);
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

} // namespace holdfast
