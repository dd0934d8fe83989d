// What is wrong with a value of a document, and which value it is.
#include <holdfast/detail/document_cursor.hpp>

#include <charconv>

#include <holdfast/error.hpp>

namespace holdfast::detail {
namespace {

const char* kind_of(const cbor_head& found) noexcept {
    switch (found.major) {
    case cbor_major::positive:
    case cbor_major::negative:
        return "a number";
    case cbor_major::bytes:
        return "bytes";
    case cbor_major::text:
        return "text";
    case cbor_major::array:
        return "an array";
    case cbor_major::map:
        return "an object";
    case cbor_major::tag:
    case cbor_major::simple:
        break;
    }
    if (found.is_float()) {
        return "a number";
    }
    if (found.is_bool()) {
        return "a bool";
    }
    return found.is_null() ? "null" : "a simple value";
}

std::string number_text(const cbor_head& number) {
    char digits[40];
    char* const end = digits + sizeof digits;
    if (number.is_float()) {
        return {digits, std::to_chars(digits, end, cbor_float(number)).ptr};
    }
    if (number.major == cbor_major::positive) {
        return {digits, std::to_chars(digits, end, number.argument).ptr};
    }
    if (number.argument == std::numeric_limits<std::uint64_t>::max()) {
        return "-18446744073709551616";
    }
    digits[0] = '-';
    return {digits, std::to_chars(digits + 1, end, number.argument + 1).ptr};
}

/// The beginning of what a message quotes, without anything that would break its line.
std::string quoted(std::string_view text) {
    constexpr std::size_t size_max = 200;
    std::string clean(text.substr(0, size_max));
    for (char& each : clean) {
        if (static_cast<unsigned char>(each) < 0x20) {
            each = ' ';
        }
    }
    return clean;
}

void add_step(std::string& path, bool element, std::uint64_t index, std::string_view name) {
    if (element) {
        path += '[' + std::to_string(index) + ']';
    } else {
        path += (path.empty() ? "" : ".") + quoted(name);
    }
}

std::string place(const std::string& path) { return path.empty() ? "the document" : "field '" + path + "'"; }

} // namespace

std::string document_cursor::container_place() const {
    std::string path;
    for (std::size_t i = 0; i + 1 < depth_; ++i) {
        const container& inner = open_[i + 1];
        add_step(path, open_[i].array, open_[i].index, {inner.name, inner.name_size});
    }
    return place(path);
}

std::string document_cursor::value_place() const {
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
        const bool last = i + 1 == depth_;
        add_step(path, open_[i].array, open_[i].index,
                 last ? name_ : std::string_view(open_[i + 1].name, open_[i + 1].name_size));
    }
    return place(path);
}

void document_cursor::throw_wrong_kind(const cbor_head& found, const char* asked) const {
    throw error(errc::wrong_type, value_place() + " holds " + kind_of(found) + ", not " + asked);
}

void document_cursor::throw_wrong_size(std::uint64_t found, std::uint64_t asked) const {
    throw error(errc::wrong_type, container_place() + " holds " + std::to_string(found) + " elements, not " +
                                      std::to_string(asked));
}

void document_cursor::throw_inexact(const cbor_head& number) const {
    throw error(errc::out_of_range,
                value_place() + " holds " + number_text(number) + ", which its type can't hold exactly");
}

void throw_unreadable(const char* reason) {
    const std::string_view all(reason);
    const std::string line = quoted(all.substr(0, all.find('\n')));
    // A type that is not registered is this program's lack, not the document's.
    const bool unregistered = line.starts_with("Trying to load");
    throw error(unregistered ? errc::wrong_type : errc::corrupt, "the document can't be read: " + line);
}

void throw_unwritable(const char* reason) {
    const std::string_view all(reason);
    throw error(errc::invalid_argument,
                "the object can't be written: " + quoted(all.substr(0, all.find('\n'))));
}

void throw_other_type(std::string_view found, std::string_view asked) {
    throw error(errc::wrong_type,
                "holds a document of type '" + quoted(found) + "', not '" + std::string(asked) + "'");
}

} // namespace holdfast::detail
