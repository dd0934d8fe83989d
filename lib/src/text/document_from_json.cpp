// JSON text to documents. The JSON library reads the text and calls back for each piece, which is written at once.
#include <holdfast/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <nlohmann/json.hpp>

#include <holdfast/detail/cbor.hpp>
#include <holdfast/error.hpp>

#include "text/base64.hpp"
#include "text/json_faults.hpp"
#include "text/json_names.hpp"

namespace holdfast {
namespace {

using detail::cbor_major;
using detail::cbor_writer;

[[noreturn]] void throw_malformed(const std::string& what) {
    throw error(errc::invalid_argument, "malformed JSON" + what);
}

[[noreturn]] void throw_out_of_range(const std::string& number) {
    throw error(errc::out_of_range, "the number " + number.substr(0, 60) + " is out of range");
}

/// Whether a number that is not 0 was read as 0.
[[nodiscard]] bool underflows(double value, std::string_view digits) noexcept {
    digits = digits.substr(0, digits.find_first_of("eE"));
    return value == 0 && digits.find_first_of("123456789") != std::string_view::npos;
}

/// The parser's complaint in our words. It reads "… while parsing CONTEXT - COMPLAINT; last read: 'TEXT'; expected
/// TOKEN", where the text, which may hold anything, and what is expected may be missing.
[[nodiscard]] std::string_view words_for(std::string_view reason) noexcept {
    struct known {
        std::string_view theirs;
        std::string_view ours;
    };
    constexpr auto complaints = std::to_array<known>({
        {"unexpected end of input", json_fault::ends_too_soon},
        {"missing closing quote", json_fault::open_string},
        {"after backslash", json_fault::escape},
        {"'\\u' must be followed", json_fault::escape},
        {"surrogate", json_fault::half_character},
        {"control character", json_fault::control},
        {"ill-formed UTF-8", json_fault::encoding},
        {"invalid number", json_fault::number},
        {"while parsing object key", json_fault::name},
        {"while parsing object separator", json_fault::colon},
    });
    constexpr auto expected = std::to_array<known>({
        {"; expected end of input", json_fault::behind},
        {"; expected '}'", json_fault::in_object},
        {"; expected ']'", json_fault::in_array},
    });
    const std::string_view complaint = reason.substr(0, reason.find("; "));
    for (const known& each : complaints) {
        if (complaint.find(each.theirs) != std::string_view::npos) {
            return each.ours;
        }
    }
    for (const known& each : expected) {
        if (reason.ends_with(each.theirs)) {
            return each.ours;
        }
    }
    return json_fault::value;
}

/// What the parser calls. The names and types of its functions are those of nlohmann::json_sax.
class json_events {
public:
    explicit json_events(cbor_writer& to) noexcept : to_(to) {}

    bool null() {
        begin_item();
        to_.null();
        return true;
    }
    bool boolean(bool value) {
        begin_item();
        to_.boolean(value);
        return true;
    }
    bool number_integer(std::int64_t value) {
        begin_item();
        to_.integer(value);
        return true;
    }
    bool number_unsigned(std::uint64_t value) {
        begin_item();
        to_.unsigned_integer(value);
        return true;
    }
    /// Also called for an integer that is too large.
    bool number_float(double value, const std::string& digits) {
        if (digits.find_first_of(".eE") == std::string::npos || underflows(value, digits)) {
            throw_out_of_range(digits);
        }
        begin_item();
        to_.floating(value);
        return true;
    }
    /// The parser has seen to it that texts are UTF-8.
    bool string(const std::string& value) {
        begin_item();
        to_.string(cbor_major::text, value);
        return true;
    }
    /// JSON has no such thing.
    bool binary(const nlohmann::json::binary_t&) { return false; }

    bool start_object(std::size_t) {
        begin_item();
        // A level more, for what stands for bytes or a float in the innermost.
        expect_room(detail::cbor_depth_max);
        push(cbor_major::map);
        return true;
    }
    bool key(const std::string& name) {
        container& inner = open_[depth_ - 1];
        inner.reserved = inner.count == 0 ? reserved_key_level(name) : 0;
        if (inner.reserved != 1) {
            expect_room(detail::cbor_depth_max, depth_);
        }
        ++inner.count;
        to_.string(cbor_major::text, name);
        inner.value = to_.position();
        return true;
    }
    bool end_object() {
        const container inner = open_[--depth_];
        if (inner.reserved == 1) {
            replace_wrapped(inner);
        } else if (inner.reserved > 1) {
            remove_level(inner);
        } else {
            expect_room(detail::cbor_depth_max - 1);
            to_.set_count(inner.start, cbor_major::map, inner.count);
        }
        return true;
    }

    bool start_array(std::size_t) {
        begin_item();
        expect_room(detail::cbor_depth_max - 1);
        push(cbor_major::array);
        return true;
    }
    bool end_array() {
        const container& inner = open_[--depth_];
        to_.set_count(inner.start, cbor_major::array, inner.count);
        return true;
    }

    [[noreturn]] bool parse_error(std::size_t position, const std::string&,
                                  const nlohmann::json::exception& failure) {
        constexpr int number_overflow = 406;
        const std::string reason = failure.what();
        if (failure.id == number_overflow) {
            throw_out_of_range(
                reason.substr(reason.find('\'') + 1, reason.rfind('\'') - reason.find('\'') - 1));
        }
        throw_malformed(" at byte " + std::to_string(position) + ": " + std::string(words_for(reason)));
    }

private:
    struct container {
        std::size_t start;
        std::size_t value; ///< where the value of the last key begins
        std::uint64_t count;
        std::size_t reserved; ///< of the only key
    };

    void begin_item() noexcept {
        // A key has counted the value of an object already.
        if (depth_ > 0 && in_array()) {
            ++open_[depth_ - 1].count;
        }
    }
    [[nodiscard]] bool in_array() const noexcept { return open_[depth_ - 1].value == no_value; }

    static constexpr std::size_t no_value = std::numeric_limits<std::size_t>::max();

    void push(cbor_major major) {
        open_[depth_++] = {to_.position(), major == cbor_major::array ? no_value : 0, 0, 0};
        to_.head(major, 0);
    }

    void expect_room(std::size_t depth_max) const { expect_room(depth_max, depth_); }
    static void expect_room(std::size_t depth_max, std::size_t depth) {
        if (depth > depth_max) {
            throw_malformed(": nests more than 128 levels deep");
        }
    }

    /// The object that was written as what it stands for.
    void replace_wrapped(const container& object) {
        std::string item(to_.written(object.start));
        detail::cbor_reader reader(item);
        static_cast<void>(reader.head());
        const std::string_view key = reader.take_string(reader.head());
        const detail::cbor_head value = reader.head();
        to_.truncate(object.start);
        if (value.major != cbor_major::text) {
            throw_malformed(": \"" + std::string(key) + "\" takes a string");
        }
        const std::string_view word = reader.take_string(value);
        key == json_bytes_key ? put_bytes(word) : put_float(word);
    }

    void put_bytes(std::string_view base64) {
        std::string bytes;
        if (!append_from_base64(bytes, base64)) {
            throw_malformed(": \"$bytes\" takes base64");
        }
        to_.bytes(bytes);
    }

    void put_float(std::string_view word) {
        constexpr double infinity = std::numeric_limits<double>::infinity();
        if (word == json_nan) {
            to_.floating(std::numeric_limits<double>::quiet_NaN());
        } else if (word == json_infinity || word == json_negative_infinity) {
            to_.floating(word == json_infinity ? infinity : -infinity);
        } else {
            throw_malformed(": \"$float\" takes \"NaN\", \"Infinity\" or \"-Infinity\"");
        }
    }

    /// Takes the '$' away that an object got when it was printed.
    void remove_level(const container& object) {
        const std::string value(to_.written(object.value));
        std::string key(to_.written(object.start));
        key.resize(object.value - object.start);
        detail::cbor_reader reader(key);
        static_cast<void>(reader.head());
        const std::string_view name = reader.take_string(reader.head());
        to_.truncate(object.start);
        to_.head(cbor_major::map, 1);
        to_.string(cbor_major::text, name.substr(1));
        to_.raw(value);
    }

    cbor_writer& to_;
    std::size_t depth_ = 0;
    container open_[detail::cbor_depth_max + 1];
};

} // namespace

void append_document(std::string& to, std::string_view json) {
    // The parser takes a zero byte for the end.
    if (const std::size_t zero = json.find('\0'); zero != std::string_view::npos) {
        throw_malformed(" at byte " + std::to_string(zero + 1) + ": a zero byte");
    }
    cbor_writer writer(to);
    json_events events(writer);
    nlohmann::json::sax_parse(json.data(), json.data() + json.size(), &events);
    writer.finish();
}

std::string document_from_json(std::string_view json) {
    std::string document;
    append_document(document, json);
    return document;
}

} // namespace holdfast
