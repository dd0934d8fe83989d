// Values of C++ types: what is not worth being a template.
#include <holdfast/codec.hpp>

#include <bit>
#include <cstring>

#include <holdfast/json.hpp>

#include "base/number_text.hpp"
#include "base/shown_text.hpp"
#include "value/well_formed.hpp"

namespace holdfast::detail {

namespace {

[[nodiscard]] std::string with_article(value_type type) {
    const std::string name(to_string(type));
    const bool vowel = name.find_first_of("aeiou") == 0 && !name.starts_with("u");
    if (type == value_type::null || type == value_type::bytes) {
        return name;
    }
    return (vowel ? "an " : "a ") + name;
}

} // namespace

void throw_wrong_type(value_type found, value_type asked) {
    throw error(errc::wrong_type, "holds " + with_article(found) + ", not " + with_article(asked));
}

void throw_damaged_value(const value_view& found) {
    throw error(errc::corrupt,
                std::to_string(found.size()) + " bytes can't be " + with_article(found.type()));
}

void throw_inexact(const std::string& number, std::string_view asked) {
    throw error(errc::out_of_range, "holds " + number +
                                        ", which is not exactly a number of the type asked for (" +
                                        std::string(asked) + ")");
}

void throw_other_size(std::uint64_t found, std::uint64_t asked) {
    throw error(errc::wrong_type, "holds " + std::to_string(found) + " bytes, not " + std::to_string(asked));
}

std::string number_text(double number) {
    std::string digits;
    append_digits(digits, number);
    return digits;
}

std::uint64_t number_bits(const value_view& found, value_type asked) {
    if (found.type() < value_type::int64 || found.type() > value_type::float64) {
        throw_wrong_type(found.type(), asked);
    }
    std::uint64_t bits = 0;
    if (found.size() != sizeof bits) {
        throw_damaged_value(found);
    }
    std::memcpy(&bits, found.text().data(), sizeof bits);
    return bits;
}

// --- Raw objects ------------------------------------------------------------------------------------------

std::string raw_value(const void* object, const raw_header& header, std::string_view name) {
    const std::size_t offset = raw_offset(header);
    std::string value(offset + header.object_bytes, '\0');
    std::memcpy(value.data(), &header, sizeof header);
    std::memcpy(value.data() + sizeof header, name.data(), name.size());
    std::memcpy(value.data() + offset, object, header.object_bytes);
    return value;
}

void throw_other_raw(const value_view& found, const raw_header& expected, std::string_view name) {
    if (found.type() != value_type::raw) {
        throw_wrong_type(found.type(), value_type::raw);
    }
    const std::optional<raw_description> stored = describe_raw(found);
    if (!stored) {
        throw_damaged_value(found);
    }
    const std::string named = shown_text(name);
    if (stored->name != name) {
        throw error(errc::wrong_type, "holds a raw " + shown_text(stored->name) + ", not a " + named);
    }
    if (stored->version != expected.version) {
        throw error(errc::wrong_type, "holds version " + std::to_string(stored->version) +
                                          " of the raw type " + named + ", not version " +
                                          std::to_string(expected.version));
    }
    throw error(errc::wrong_type, "holds a raw " + named + " of " + std::to_string(stored->object.size()) +
                                      " bytes, aligned to " + std::to_string(stored->alignment) +
                                      ", not of " + std::to_string(expected.object_bytes) + ", aligned to " +
                                      std::to_string(expected.alignment) + "; raise its raw_version");
}

} // namespace holdfast::detail

namespace holdfast {

std::string type_name(value_type type) {
    const std::string_view name = to_string(type);
    return name == "unknown" ? std::to_string(static_cast<unsigned>(type)) : std::string(name);
}

std::optional<raw_description> describe_raw(const value_view& found) noexcept {
    detail::raw_header header{};
    const std::string_view bytes = found.text();
    if (found.type() != value_type::raw || bytes.size() < sizeof header) {
        return std::nullopt;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    if (!std::has_single_bit(header.alignment) || header.alignment > detail::raw_alignment_max) {
        return std::nullopt;
    }
    const std::size_t offset = detail::raw_offset(header);
    if (bytes.size() < offset || bytes.size() - offset != header.object_bytes) {
        return std::nullopt;
    }
    return raw_description{bytes.substr(offset), bytes.substr(sizeof header, header.name_bytes),
                           header.version, header.alignment};
}

std::string encode_raw(const raw_description& described) {
    if (!std::has_single_bit(described.alignment) || described.alignment > detail::raw_alignment_max ||
        described.name.size() > 0xFFFF) {
        throw error(errc::invalid_argument,
                    "a raw value needs an alignment of 1, 2, 4, 8, 16, 32 or 64 and a shorter name");
    }
    const detail::raw_header header{described.object.size(), described.version,
                                    static_cast<std::uint16_t>(described.alignment),
                                    static_cast<std::uint16_t>(described.name.size())};
    return detail::raw_value(described.object.data(), header, described.name);
}

void expect_well_formed(const value_view& offered) {
    if (offered.type() == value_type::document) {
        try {
            verify_document(offered.text());
        } catch (const error& failure) {
            throw error(errc::invalid_argument, std::string("this is no document: ") + failure.what());
        }
    }
    const auto is_sound = [&] {
        switch (offered.type()) {
        case value_type::null:
            return offered.size() == 0;
        case value_type::boolean:
            return offered.size() == 1 && static_cast<unsigned char>(offered.text()[0]) <= 1;
        case value_type::int64:
        case value_type::uint64:
        case value_type::float64:
            return offered.size() == sizeof(std::uint64_t);
        case value_type::raw:
            return describe_raw(offered).has_value();
        case value_type::string:
        case value_type::bytes:
        case value_type::document:
        case value_type::map:
        case value_type::object:
            break;
        }
        return true;
    };
    if (!is_sound()) {
        throw error(errc::invalid_argument, "these " + std::to_string(offered.size()) +
                                                " bytes can't be a value of type " +
                                                std::string(to_string(offered.type())));
    }
}

} // namespace holdfast
