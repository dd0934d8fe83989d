// How C++ types are seen by the document archives: which are one item and which are objects of fields.
//
// Thread and process safety: compile-time only, but for the versions of classes, which are registered before main.
#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <typeindex>
#include <unordered_map>
#include <variant>
#include <vector>

#include <cereal/cereal.hpp>

// What cereal/types/memory.hpp defines, for those who include it.
namespace cereal::memory_detail {
template <class T>
struct PtrWrapper;
}

namespace holdfast::detail {

template <class T>
inline constexpr bool is_byte = std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

template <class T>
inline constexpr bool is_text = false;
template <class Traits, class Allocator>
inline constexpr bool is_text<std::basic_string<char, Traits, Allocator>> = true;

/// Types that we write and read ourselves, as one item.
template <class T>
inline constexpr bool is_direct = std::is_arithmetic_v<T> || std::is_array_v<T>;
template <>
inline constexpr bool is_direct<std::nullptr_t> = true;
template <class Character, class Traits, class Allocator>
inline constexpr bool is_direct<std::basic_string<Character, Traits, Allocator>> = true;
template <std::size_t Size>
inline constexpr bool is_direct<std::bitset<Size>> = true;
template <class T>
inline constexpr bool is_direct<std::optional<T>> = true;
template <class T, class Allocator>
inline constexpr bool is_direct<std::vector<T, Allocator>> = is_byte<T>;
template <class T, std::size_t Size>
inline constexpr bool is_direct<std::array<T, Size>> = true;
template <class Key, class T, class Less, class Allocator>
inline constexpr bool is_direct<std::map<Key, T, Less, Allocator>> = is_text<Key>;
template <class Key, class T, class Hash, class Equal, class Allocator>
inline constexpr bool is_direct<std::unordered_map<Key, T, Hash, Equal, Allocator>> = is_text<Key>;
template <class T>
inline constexpr bool is_direct<cereal::BinaryData<T>> = true;

/// An optional of these can't be told from one that is empty: it is an array of no or one element.
template <class T>
inline constexpr bool is_nullable = std::is_same_v<T, std::nullptr_t>;
template <class T>
inline constexpr bool is_nullable<std::optional<T>> = true;

/// What cereal wraps around a value.
template <class T>
inline constexpr bool is_pair_of_name = false;
template <class T>
inline constexpr bool is_pair_of_name<cereal::NameValuePair<T>> = true;
template <class T>
inline constexpr bool is_size_tag = false;
template <class T>
inline constexpr bool is_size_tag<cereal::SizeTag<T>> = true;
template <class T>
inline constexpr bool is_deferred = false;
template <class T>
inline constexpr bool is_deferred<cereal::DeferredData<T>> = true;
template <class T>
inline constexpr bool is_wrapper = is_pair_of_name<T> || is_size_tag<T> || is_deferred<T>;

/// The class that is written within the object of a T.
template <class T>
struct class_within : std::type_identity<T> {};
template <class T>
struct class_within<cereal::base_class<T>> : std::type_identity<T> {};
template <class T>
struct class_within<cereal::virtual_base_class<T>> : std::type_identity<T> {};
template <class Archive, class T>
struct class_within<cereal::memory_detail::LoadAndConstructLoadWrapper<Archive, T>> : std::type_identity<T> {
};
template <class Archive, class T>
struct class_within<cereal::boost_variant_detail::LoadAndConstructLoadWrapper<Archive, T>>
    : std::type_identity<T> {};

/// Types of cereal and the standard library that cereal reads by way of variables which it does not initialise: a
/// field that is missing there is an error.
template <class T>
inline constexpr bool needs_all_fields = requires(const T& variant) {
    typename T::types; // boost::variant
    variant.which();
};
template <class... Ts>
inline constexpr bool needs_all_fields<std::variant<Ts...>> = true;
template <class T>
inline constexpr bool needs_all_fields<std::complex<T>> = true;
template <class Rep, class Period>
inline constexpr bool needs_all_fields<std::chrono::duration<Rep, Period>> = true;
template <class Clock, class Duration>
inline constexpr bool needs_all_fields<std::chrono::time_point<Clock, Duration>> = true;
template <class T>
inline constexpr bool needs_all_fields<std::atomic<T>> = true;
template <class T>
inline constexpr bool needs_all_fields<std::shared_ptr<T>> = true;
template <class T, class Deleter>
inline constexpr bool needs_all_fields<std::unique_ptr<T, Deleter>> = true;
template <class T>
inline constexpr bool needs_all_fields<cereal::memory_detail::PtrWrapper<T>> = true;
template <class Key, class T>
inline constexpr bool needs_all_fields<cereal::MapItem<Key, T>> = true;

/// The type of object behind a smart pointer, null for all else.
template <class T>
inline constexpr const std::type_info* pointed_type = nullptr;
template <class T>
inline const std::type_info* const
    pointed_type<cereal::memory_detail::PtrWrapper<std::shared_ptr<T>&>> = &typeid(std::remove_const_t<T>);

/// Whether an archive writes, or reads, T with a version of its class.
template <class T, class Archive>
inline constexpr bool has_minimal_version =
    cereal::traits::has_member_versioned_save_minimal<T, Archive>::value ||
    cereal::traits::has_non_member_versioned_save_minimal<T, Archive>::value;
template <class T, class Archive>
inline constexpr bool is_versioned_output =
    cereal::traits::has_member_versioned_serialize<T, Archive>::value ||
    cereal::traits::has_non_member_versioned_serialize<T, Archive>::value ||
    cereal::traits::has_member_versioned_save<T, Archive>::value ||
    cereal::traits::has_non_member_versioned_save<T, Archive>::value || has_minimal_version<T, Archive>;

/// The version that this program gives a class. Registered with cereal before main: its registry is not locked.
template <class T>
std::uint32_t register_class_version() {
    using version = cereal::detail::Version<T>;
    if constexpr (requires { version::registerVersion(); }) {
        return version::registerVersion();
    } else {
        const auto hash = std::type_index(typeid(T)).hash_code();
        return cereal::detail::StaticObject<cereal::detail::Versions>::getInstance().find(hash,
                                                                                          version::version);
    }
}
template <class T>
inline const std::uint32_t registered_class_version = register_class_version<T>();

} // namespace holdfast::detail
