// The cereal archive that writes documents.
//
// Thread and process safety: an archive belongs to one thread.
#pragma once

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/detail/document_cursor.hpp>
#include <holdfast/detail/document_shapes.hpp>

namespace holdfast {

/// Writes one value, with all that it contains, as a document. Use it as any cereal archive; `to_document` does.
/// The string has grown by the document once `finish` was called, and is unchanged if that never happens.
class document_output_archive
    : public cereal::OutputArchive<document_output_archive, cereal::AllowEmptyClassElision> {
    using base = cereal::OutputArchive<document_output_archive, cereal::AllowEmptyClassElision>;

public:
    explicit document_output_archive(std::string& to, std::string_view type_name = {})
        : base(this), builder_(to) {
        if (!type_name.empty()) {
            detail::put_type_name(builder_.out, type_name);
        }
    }

    template <class... Ts>
    document_output_archive& operator()(Ts&&... values) {
        (write(values), ...);
        return *this;
    }
    template <class T>
    document_output_archive& operator&(T&& value) {
        return (*this)(value);
    }
    template <class T>
    document_output_archive& operator<<(T&& value) {
        return (*this)(value);
    }

    void serializeDeferments() {
        for (const auto& write_deferred : std::exchange(deferments_, {})) {
            write_deferred();
        }
    }

    void finish() noexcept { builder_.out.finish(); }

    /// For the functions below, which write one shape each.
    [[nodiscard]] detail::document_builder& builder() noexcept { return builder_; }

    template <class T>
    void write(const T& value) {
        if constexpr (detail::is_pair_of_name<T>) {
            builder_.name_next(value.name);
            base::operator()(value.value);
        } else if constexpr (detail::is_size_tag<T>) {
            builder_.size_tag(static_cast<std::uint64_t>(value.size));
        } else if constexpr (detail::is_deferred<T>) {
            deferments_.emplace_back([this, value] { write(value.value); });
        } else {
            base::operator()(value);
        }
    }

private:
    detail::document_builder builder_;
    std::vector<std::function<void()>> deferments_;
};

// ---- What cereal calls around each value -------------------------------------------------------------------

namespace detail {

/// Types that cereal turns into a number or a text first; with a version that takes an object, too.
template <class T, class Archive>
inline constexpr bool is_minimal = (cereal::traits::has_minimal_output_serialization<T, Archive>::value &&
                                    !has_minimal_version<T, Archive>) ||
                                   cereal::traits::has_minimal_base_class_serialization<
                                       T, cereal::traits::has_minimal_output_serialization, Archive>::value;

template <class T, class Archive>
[[nodiscard]] constexpr bool is_object() {
    if constexpr (is_direct<T> || is_wrapper<T>) {
        return false;
    } else {
        return !is_minimal<T, Archive>;
    }
}

} // namespace detail

template <class T>
void prologue(document_output_archive& archive, const T&) {
    if constexpr (detail::is_object<T, document_output_archive>()) {
        archive.builder().begin_object();
        using written_class = typename detail::class_within<T>::type;
        if constexpr (detail::is_versioned_output<written_class, document_output_archive>) {
            // In each object, not once a document: a program that asks for other fields finds it all the same.
            archive.builder().name_next(detail::class_version_key.data());
            archive.builder().begin_item();
            archive.builder().out.unsigned_integer(detail::registered_class_version<written_class>);
        }
    }
}

template <class T>
void epilogue(document_output_archive& archive, const T&) {
    if constexpr (detail::is_object<T, document_output_archive>()) {
        archive.builder().end();
    }
}

/// Comes from within cereal only, with the version of a class, which was written already.
template <class T>
void save(document_output_archive& archive, const cereal::NameValuePair<T>& pair) {
    if (pair.name != detail::class_version_key) {
        archive.write(pair);
    }
}

template <class T>
void save(document_output_archive& archive, const cereal::SizeTag<T>& tag) {
    archive.write(tag);
}

// ---- One function a shape ----------------------------------------------------------------------------------

template <class T>
requires std::is_arithmetic_v<T>
void save(document_output_archive& archive, const T& number) {
    detail::document_builder& builder = archive.builder();
    builder.begin_item();
    if constexpr (std::is_same_v<T, bool>) {
        builder.out.boolean(number);
    } else if constexpr (std::is_same_v<T, long double>) {
        char digits[64];
        const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::hex);
        builder.out.text({digits, end.ptr});
    } else if constexpr (std::is_floating_point_v<T>) {
        builder.out.floating(number);
    } else if constexpr (std::is_signed_v<T>) {
        builder.out.integer(number);
    } else {
        builder.out.unsigned_integer(number);
    }
}

inline void save(document_output_archive& archive, const std::nullptr_t&) {
    archive.builder().begin_item();
    archive.builder().out.null();
}

template <class Traits, class Allocator>
void save(document_output_archive& archive, const std::basic_string<char, Traits, Allocator>& text) {
    archive.builder().begin_item();
    archive.builder().out.text({text.data(), text.size()});
}

/// Of other characters: an array of their numbers.
template <class Character, class Traits, class Allocator>
void save(document_output_archive& archive, const std::basic_string<Character, Traits, Allocator>& text) {
    archive.builder().begin_array(text.size());
    for (const Character each : text) {
        save(archive, each);
    }
    archive.builder().end();
}

template <std::size_t Size>
void save(document_output_archive& archive, const std::bitset<Size>& bits) {
    save(archive, bits.to_string());
}

template <class T>
void save(document_output_archive& archive, const std::optional<T>& value) {
    if constexpr (detail::is_nullable<T>) {
        archive.builder().begin_array(value ? 1 : 0);
        if (value) {
            archive.write(*value);
        }
        archive.builder().end();
    } else if (value) {
        archive.write(*value);
    } else {
        save(archive, nullptr);
    }
}

namespace detail {

inline void save_bytes(document_output_archive& archive, const void* data, std::size_t size) {
    archive.builder().begin_item();
    archive.builder().out.bytes({static_cast<const char*>(data), size});
}

template <class Range>
void save_array(document_output_archive& archive, const Range& values, std::size_t size) {
    archive.builder().begin_array(size);
    for (const auto& each : values) {
        archive.write(each);
    }
    archive.builder().end();
}

/// An object; but where a key is no text, which JSON could not give back, cereal's own array of {key, value}.
template <class Map>
void save_map(document_output_archive& archive, const Map& map) {
    const bool texts = std::all_of(map.begin(), map.end(), [](const auto& each) {
        const std::string_view key(each.first.data(), each.first.size());
        return is_ascii(key) || is_utf8(key);
    });
    document_builder& builder = archive.builder();
    texts ? builder.begin_map(map.size()) : builder.begin_array(map.size());
    for (const auto& [key, value] : map) {
        if (texts) {
            builder.out.string(cbor_major::text, {key.data(), key.size()});
            archive.write(value);
        } else {
            archive.write(cereal::make_map_item(key, value));
        }
    }
    builder.end();
}

} // namespace detail

template <class T, class Allocator>
requires detail::is_byte<T>
void save(document_output_archive& archive, const std::vector<T, Allocator>& bytes) {
    detail::save_bytes(archive, bytes.data(), bytes.size());
}

template <class T, std::size_t Size>
void save(document_output_archive& archive, const std::array<T, Size>& values) {
    if constexpr (detail::is_byte<T>) {
        detail::save_bytes(archive, values.data(), Size);
    } else {
        detail::save_array(archive, values, Size);
    }
}

template <class T, std::size_t Size>
void serialize(document_output_archive& archive, T (&values)[Size]) {
    detail::save_array(archive, values, Size);
}

template <class Key, class T, class Less, class Allocator>
requires detail::is_text<Key>
void save(document_output_archive& archive, const std::map<Key, T, Less, Allocator>& map) {
    detail::save_map(archive, map);
}

template <class Key, class T, class Hash, class Equal, class Allocator>
requires detail::is_text<Key>
void save(document_output_archive& archive, const std::unordered_map<Key, T, Hash, Equal, Allocator>& map) {
    detail::save_map(archive, map);
}

/// cereal::binary_data(pointer, size). Not of what cereal itself would store so: vectors of numbers stay arrays.
template <class T>
requires std::is_pointer_v<std::remove_reference_t<T>> || std::is_reference_v<T>
void save(document_output_archive& archive, const cereal::BinaryData<T>& data) {
    detail::save_bytes(archive, data.data, static_cast<std::size_t>(data.size));
}

} // namespace holdfast
