// Documents: objects of any type that cereal can serialise, stored with the names of their fields, so that other
// programs, other versions of this one and the command line read them.
//
//     struct user {
//         std::string name;
//         int age = 0;
//         template <class Archive>
//         void serialize(Archive& archive) { archive(CEREAL_NVP(name), CEREAL_NVP(age)); }
//     };
//     std::string document = holdfast::to_document(user{"Ada", 36});
//     user ada = holdfast::from_document<user>(document);
//
// Include the cereal/types/… that your types need, as with any archive of cereal's; the usual ones are here. What each
// type becomes is in docs/format.md, "Documents". Needs cereal 1.3.
//
// Thread and process safety: pure functions.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <cereal/types/array.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/vector.hpp>

#include <holdfast/detail/document_input.hpp>
#include <holdfast/detail/document_output.hpp>
#include <holdfast/error.hpp>
#include <holdfast/type_description.hpp>

namespace holdfast {

/// Appends the document of a value, which carries the name of its type if `type_description` gives one. Throws
/// `invalid_argument` for what nests more than 128 levels deep and for polymorphic types that are not registered with
/// cereal; `to` is unchanged then.
template <class T>
void write_document(std::string& to, const T& value) {
    try {
        document_output_archive archive(to, type_name_of<T>());
        archive(value);
        archive.finish();
    } catch (const cereal::Exception& failure) {
        detail::throw_unwritable(failure.what());
    }
}

/// The document of a value, alone.
template <class T>
[[nodiscard]] std::string to_document(const T& value) {
    std::string document;
    write_document(document, value);
    return document;
}

/// Reads a document into a value that exists: fields that the document lacks keep what they are. Throws `wrong_type`
/// (another type's name, or a field of another kind), `out_of_range` (a number that the field can't hold exactly) or
/// `corrupt` (damaged bytes), naming the field; the value is valid then, but may be changed in part.
template <class T>
void from_document(std::string_view document, T& value) {
    try {
        document_input_archive archive(document);
        constexpr std::string_view asked = type_name_of<T>();
        const std::string_view found = archive.cursor().type_name();
        if (!asked.empty() && !found.empty() && asked != found) {
            detail::throw_other_type(found, asked);
        }
        archive(value);
        archive.finish();
    } catch (const cereal::Exception& failure) {
        detail::throw_unreadable(failure.what());
    }
}

/// The value of a document; fields that the document lacks are as `T{}` has them. Throws as above.
template <class T>
[[nodiscard]] T from_document(std::string_view document) {
    T value{};
    from_document(document, value);
    return value;
}

} // namespace holdfast

#include <holdfast/detail/document_codec.hpp>
