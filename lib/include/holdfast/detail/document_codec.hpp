// Values that are documents: what lets maps and stores take any type that cereal serialises.
#pragma once

#include <string>
#include <type_traits>

#include <cereal/details/traits.hpp>

#include <holdfast/codec.hpp>
#include <holdfast/detail/document_input.hpp>
#include <holdfast/detail/document_output.hpp>

namespace holdfast {

namespace detail {

/// What cereal serialises and nothing else here stores.
template <class T>
concept storable_document = std::is_class_v<T> && !stored_raw<T> && !std::is_same_v<T, std::monostate> &&
                            std::is_default_constructible_v<T> &&
                            cereal::traits::is_output_serializable<T, document_output_archive>::value &&
                            cereal::traits::is_input_serializable<T, document_input_archive>::value;

} // namespace detail

template <detail::storable_document T>
struct value_codec<T> {
    static constexpr value_type type = value_type::document;
    using argument = const T&;
    using view = T;
    [[nodiscard]] static std::string encode(const T& value) { return to_document(value); }
    [[nodiscard]] static T decode(const value_view& found) {
        detail::expect_type(found, type);
        return from_document<T>(found.text());
    }
    [[nodiscard]] static T read(const value_view& found) { return decode(found); }
};

} // namespace holdfast
