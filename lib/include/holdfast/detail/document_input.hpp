// The cereal archive that reads documents.
//
// Thread and process safety: an archive belongs to one thread.
// Invariants: what a document says is never believed: a number that does not fit, a count that is not there, a
// shared object of another type than its pointer throws holdfast::error.
#pragma once

#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/detail/document_cursor.hpp>
#include <holdfast/detail/document_output.hpp>
#include <holdfast/detail/document_shapes.hpp>

namespace holdfast {

/// Reads one value, with all that it contains, out of a document. Use it as any cereal archive; `from_document` does.
/// Fields are found in any order; one that is missing keeps its value; those that nobody asks for are passed.
class document_input_archive
    : public cereal::InputArchive<document_input_archive, cereal::AllowEmptyClassElision> {
    using base = cereal::InputArchive<document_input_archive, cereal::AllowEmptyClassElision>;

public:
    /// The document's bytes have to outlive the archive.
    explicit document_input_archive(std::string_view document) : base(this), cursor_(document) {}

    template <class... Ts>
    document_input_archive& operator()(Ts&&... values) {
        (read(values), ...);
        return *this;
    }
    template <class T>
    document_input_archive& operator&(T&& value) {
        return (*this)(value);
    }
    template <class T>
    document_input_archive& operator>>(T&& value) {
        return (*this)(value);
    }

    void serializeDeferments() {
        for (auto& read_deferred : std::exchange(deferments_, {})) {
            read_deferred();
        }
    }

    /// cereal keeps shared objects without their types; a document could name one as another.
    void registerSharedPointer(std::uint32_t id, std::shared_ptr<void> pointer) {
        shared_types_[id & ~cereal::detail::msb_32bit] = cursor_.pointer_type();
        base::registerSharedPointer(id, std::move(pointer));
    }
    [[nodiscard]] std::shared_ptr<void> getSharedPointer(std::uint32_t id) {
        const auto known = shared_types_.find(id);
        const std::type_info* const asked = cursor_.pointer_type();
        if (known != shared_types_.end() &&
            (asked == nullptr || known->second == nullptr || *known->second != *asked)) {
            cursor_.throw_damaged("a pointer to an object of another type");
        }
        return base::getSharedPointer(id);
    }

    /// Throws if something of the document was not read.
    void finish() { cursor_.finish(); }

    /// For the functions below, which read one shape each.
    [[nodiscard]] detail::document_cursor& cursor() noexcept { return cursor_; }

    template <class T>
    void read(T& value) {
        if constexpr (detail::is_pair_of_name<T>) {
            cursor_.find(value.name) ? read_here(value.value) : keep(value.value);
        } else if constexpr (detail::is_size_tag<T>) {
            value.size = cursor_.size();
        } else if constexpr (detail::is_deferred<T>) {
            deferments_.emplace_back([this, value]() mutable { read(value.value); });
        } else {
            cursor_.next() ? read_here(value) : keep(value);
        }
    }
    /// The value that the cursor is at.
    template <class T>
    void read_here(T& value) {
        base::operator()(value);
    }

private:
    /// A value that is missing keeps what it is. cereal's own variables are nothing yet: there `find` has thrown,
    /// but the
    /// compiler does not know, and would warn of them in every program; so it is told that they may be written here.
    template <class T>
    static void keep(T& value) noexcept {
        asm volatile("" : : "r"(&value) : "memory");
    }

    detail::document_cursor cursor_;
    std::map<std::uint32_t, const std::type_info*> shared_types_;
    std::vector<std::function<void()>> deferments_;
};

} // namespace holdfast

CEREAL_SETUP_ARCHIVE_TRAITS(holdfast::document_input_archive, holdfast::document_output_archive)

namespace holdfast {

// ---- What cereal calls around each value -------------------------------------------------------------------

namespace detail {

template <class T>
inline constexpr bool is_versioned_input =
    cereal::traits::has_member_versioned_serialize<T, document_input_archive>::value ||
    cereal::traits::has_non_member_versioned_serialize<T, document_input_archive>::value ||
    cereal::traits::has_member_versioned_load<T, document_input_archive>::value ||
    cereal::traits::has_non_member_versioned_load<T, document_input_archive>::value ||
    has_minimal_version<T, document_output_archive> ||
    cereal::traits::has_member_versioned_load_and_construct<T, document_input_archive>::value ||
    cereal::traits::has_non_member_versioned_load_and_construct<T, document_input_archive>::value;

template <class T>
[[nodiscard]] std::uint32_t class_version_of() {
    using read_class = typename class_within<T>::type;
    if constexpr (is_versioned_input<read_class>) {
        return registered_class_version<read_class>;
    } else {
        return 0;
    }
}

} // namespace detail

template <class T>
void prologue(document_input_archive& archive, const T&) {
    if constexpr (detail::is_object<T, document_output_archive>()) {
        constexpr auto missing = detail::needs_all_fields<T> ? detail::missing_fields::are_errors
                                                             : detail::missing_fields::keep_their_value;
        archive.cursor().enter(missing, detail::class_version_of<T>(), detail::pointed_type<T>);
    }
}

template <class T>
void epilogue(document_input_archive& archive, const T&) {
    if constexpr (detail::is_object<T, document_output_archive>()) {
        archive.cursor().leave();
    }
}

/// Comes from within cereal only, for the version of a class. Where the document has none, the class's own counts.
template <class T>
void load(document_input_archive& archive, cereal::NameValuePair<T>& pair) {
    if constexpr (std::is_same_v<T, std::uint32_t&>) {
        if (pair.name == detail::class_version_key) {
            pair.value = archive.cursor().class_version();
        }
    }
    archive.read(pair);
}

template <class T>
void load(document_input_archive& archive, cereal::SizeTag<T>& tag) {
    archive.read(tag);
}

// ---- One function a shape ----------------------------------------------------------------------------------

namespace detail {

/// The float of a number; a float takes the nearest one, a double only what is exact.
template <class T>
[[nodiscard]] T take_float(document_cursor& cursor) {
    const cbor_head found = cursor.take();
    if (found.is_float()) {
        const double number = cbor_float(found);
        if (std::isfinite(number) && std::abs(number) > static_cast<double>(std::numeric_limits<T>::max())) {
            cursor.throw_inexact(found);
        }
        return static_cast<T>(number);
    }
    if (!found.is_integer()) {
        cursor.throw_wrong_kind(found, "a number");
    }
    constexpr std::uint64_t exact_max = std::uint64_t{1} << std::numeric_limits<T>::digits;
    const bool negative = found.major == cbor_major::negative;
    const std::uint64_t size = negative ? found.argument + 1 : found.argument;
    if ((negative && size == 0) || size >> std::countr_zero(size | exact_max) > exact_max) {
        cursor.throw_inexact(found);
    }
    const T number = static_cast<T>(size);
    return negative ? -number : number;
}

template <class T>
[[nodiscard]] T take_integer(document_cursor& cursor) {
    cbor_head found = cursor.take();
    if (!found.is_integer()) {
        found = cursor.integer_of(found);
    }
    if (found.argument > static_cast<std::uint64_t>(std::numeric_limits<T>::max()) ||
        (std::is_unsigned_v<T> && found.major == cbor_major::negative)) {
        cursor.throw_inexact(found);
    }
    const T value = static_cast<T>(found.argument);
    return found.major == cbor_major::negative ? static_cast<T>(~value) : value;
}

} // namespace detail

template <class T>
requires std::is_arithmetic_v<T>
void load(document_input_archive& archive, T& number) {
    detail::document_cursor& cursor = archive.cursor();
    if constexpr (std::is_same_v<T, bool>) {
        const detail::cbor_head found = cursor.take();
        if (!found.is_bool()) {
            cursor.throw_wrong_kind(found, "a bool");
        }
        number = found.info == detail::cbor_head::info_true;
    } else if constexpr (std::is_same_v<T, long double>) {
        number = cursor.take_long_double();
    } else if constexpr (std::is_floating_point_v<T>) {
        number = detail::take_float<T>(cursor);
    } else {
        number = detail::take_integer<T>(cursor);
    }
    cursor.done();
}

inline void load(document_input_archive& archive, std::nullptr_t&) {
    detail::document_cursor& cursor = archive.cursor();
    if (!cursor.take_null()) {
        cursor.throw_wrong_kind(cursor.take(), "null");
    }
}

template <class Traits, class Allocator>
void load(document_input_archive& archive, std::basic_string<char, Traits, Allocator>& text) {
    std::string pieces;
    const std::string_view found = archive.cursor().take_string(pieces, false);
    text.assign(found.data(), found.size());
    archive.cursor().done();
}

namespace detail {

/// Reads an array, element by element, to the end of a container.
template <class Container>
void load_elements(document_input_archive& archive, Container& values) {
    document_cursor& cursor = archive.cursor();
    cursor.enter(missing_fields::keep_their_value, 0, nullptr);
    values.clear();
    for (std::uint64_t left = cursor.size(); left > 0; --left) {
        typename Container::value_type value{};
        archive.read(value);
        values.push_back(value);
    }
    cursor.leave();
}

template <class Range>
void load_array(document_input_archive& archive, Range& values, std::size_t size) {
    archive.cursor().enter_array(size);
    for (auto& each : values) {
        archive.read(each);
    }
    archive.cursor().leave();
}

/// cereal's own form of a map, an array of {key, value}.
template <class Map>
void load_pairs(document_input_archive& archive, Map& map) {
    for (std::uint64_t left = archive.cursor().size(); left > 0; --left) {
        typename Map::key_type key{};
        typename Map::mapped_type value{};
        archive(cereal::make_map_item(key, value));
        if constexpr (requires { map.insert_or_assign(std::move(key), std::move(value)); }) {
            map.insert_or_assign(std::move(key), std::move(value));
        } else {
            map.emplace_hint(map.end(), std::move(key), std::move(value));
        }
    }
}

template <class Map>
void load_map(document_input_archive& archive, Map& map) {
    document_cursor& cursor = archive.cursor();
    map.clear();
    if (cursor.is_array()) {
        cursor.enter(missing_fields::keep_their_value, 0, nullptr);
        load_pairs(archive, map);
    } else {
        cursor.enter_map();
        std::string key;
        while (cursor.next_entry(key)) {
            typename Map::mapped_type value{};
            archive.read_here(value);
            map.insert_or_assign(typename Map::key_type(key.data(), key.size()), std::move(value));
        }
    }
    cursor.leave();
}

} // namespace detail

template <class Character, class Traits, class Allocator>
void load(document_input_archive& archive, std::basic_string<Character, Traits, Allocator>& text) {
    detail::load_elements(archive, text);
}

template <std::size_t Size>
void load(document_input_archive& archive, std::bitset<Size>& bits) {
    std::string text;
    load(archive, text);
    if (text.size() != Size || text.find_first_not_of("01") != std::string::npos) {
        archive.cursor().throw_damaged("a set of bits that is not as many zeros and ones");
    }
    bits = std::bitset<Size>(text);
}

template <class T>
void load(document_input_archive& archive, std::optional<T>& value) {
    detail::document_cursor& cursor = archive.cursor();
    if constexpr (detail::is_nullable<T>) {
        cursor.enter(detail::missing_fields::keep_their_value, 0, nullptr);
        const std::uint64_t size = cursor.size();
        if (size > 1) {
            cursor.throw_wrong_size(size, 1);
        }
        value.reset();
        if (size == 1) {
            archive.read(value.emplace());
        }
        cursor.leave();
    } else if (cursor.take_null()) {
        value.reset();
    } else {
        archive.read_here(value.emplace());
    }
}

template <class T, class Allocator>
requires detail::is_byte<T>
void load(document_input_archive& archive, std::vector<T, Allocator>& bytes) {
    detail::document_cursor& cursor = archive.cursor();
    if (cursor.is_array()) {
        detail::load_elements(archive, bytes);
        return;
    }
    std::string pieces;
    const std::string_view found = cursor.take_string(pieces, true);
    const auto* const first = reinterpret_cast<const T*>(found.data());
    bytes.assign(first, first + found.size());
    cursor.done();
}

template <class T, std::size_t Size>
void load(document_input_archive& archive, std::array<T, Size>& values) {
    if constexpr (detail::is_byte<T>) {
        if (!archive.cursor().is_array()) {
            archive.cursor().take_bytes(values.data(), Size);
            return;
        }
    }
    detail::load_array(archive, values, Size);
}

template <class T, std::size_t Size>
void serialize(document_input_archive& archive, T (&values)[Size]) {
    detail::load_array(archive, values, Size);
}

template <class Key, class T, class Less, class Allocator>
requires detail::is_text<Key>
void load(document_input_archive& archive, std::map<Key, T, Less, Allocator>& map) {
    detail::load_map(archive, map);
}

template <class Key, class T, class Hash, class Equal, class Allocator>
requires detail::is_text<Key>
void load(document_input_archive& archive, std::unordered_map<Key, T, Hash, Equal, Allocator>& map) {
    detail::load_map(archive, map);
}

// cereal's own functions turn the order of equal keys around.

template <class Key, class T, class Less, class Allocator>
void load(document_input_archive& archive, std::multimap<Key, T, Less, Allocator>& map) {
    map.clear();
    detail::load_pairs(archive, map);
}

template <class Key, class Less, class Allocator>
void load(document_input_archive& archive, std::multiset<Key, Less, Allocator>& set) {
    set.clear();
    for (std::uint64_t left = archive.cursor().size(); left > 0; --left) {
        Key key{};
        archive(key);
        set.emplace_hint(set.end(), std::move(key));
    }
}

template <class T>
requires std::is_pointer_v<std::remove_reference_t<T>> || std::is_reference_v<T>
void load(document_input_archive& archive, cereal::BinaryData<T>& data) {
    archive.cursor().take_bytes(data.data, static_cast<std::size_t>(data.size));
}

} // namespace holdfast

CEREAL_REGISTER_ARCHIVE(holdfast::document_output_archive)
CEREAL_REGISTER_ARCHIVE(holdfast::document_input_archive)
